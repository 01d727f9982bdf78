import asyncio
import contextvars

import pytest

from graven.sdk.context import acting_as, current_scope


def test_what_is_not_given_is_inherited():
    with acting_as("alice", session_id="s1"), acting_as(correlation_id="c1"):
        scope = current_scope()
        assert (scope.actor, scope.session_id, scope.correlation_id) == ("alice", "s1", "c1")


def test_the_scope_ends_with_the_block_also_by_an_exception():
    with pytest.raises(KeyError), acting_as("alice"):
        raise KeyError
    assert current_scope().actor is None


def test_secrets_add_up():
    with acting_as(secrets=frozenset({"one"})), acting_as(secrets=frozenset({"two"})):
        assert current_scope().secrets == {"one", "two"}


def test_tasks_do_not_see_each_other():
    async def act(name, barrier):
        with acting_as(name):
            await barrier.wait()
            return current_scope().actor

    async def main():
        barrier = asyncio.Barrier(2)
        return await asyncio.gather(act("alice", barrier), act("bob", barrier))

    assert asyncio.run(main()) == ["alice", "bob"]


def test_a_scope_that_ends_in_another_context_breaks_nothing():
    scope = acting_as("alice")
    contextvars.copy_context().run(scope.__enter__)
    scope.__exit__(None, None, None)
    assert current_scope().actor is None
