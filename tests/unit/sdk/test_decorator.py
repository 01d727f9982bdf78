import asyncio
import inspect

import pytest
from tests.support.sdk_transport import ScriptedTransport, scripted_client

from graven.sdk.context import acting_as
from graven.sdk.decorator import recorded


class Calls:
    """`events` flushes and gives what was recorded so far."""

    def __init__(self, tmp_path):
        self.transport = ScriptedTransport()
        self.client = scripted_client(self.transport, tmp_path)

    @property
    def events(self):
        assert self.client.flush()
        return self.transport.events


@pytest.fixture
def calls(tmp_path):
    calls = Calls(tmp_path)
    yield calls
    calls.client.close()


def test_a_call_is_recorded_with_arguments_and_result(calls):
    @recorded(action="order.create", client=calls.client, labels={"team": "shop"})
    def create(sku, quantity=1, *more, note=None, **rest):
        """Doc."""
        return {"id": 7}

    assert create("LAMP", note="n", x=1) == {"id": 7}
    (event,) = calls.events
    assert event["action"] == "order.create"
    assert event["input"] == {"sku": "LAMP", "note": "n", "rest": {"x": 1}}
    assert event["output"] == {"id": 7}
    assert event["outcome"] == "success"
    assert event["duration_ns"] >= 0
    assert event["labels"] == {"team": "shop"}
    assert (create.__name__, create.__doc__) == ("create", "Doc.")


def test_without_an_action_the_function_names_it(calls):
    @recorded(client=calls.client)
    def work():
        pass

    work()
    assert calls.events[0]["action"].endswith("test_without_an_action_the_function_names_it.<locals>.work")


def test_arguments_are_as_they_were_before_the_call(calls):
    @recorded(client=calls.client)
    def grow(items):
        items.append(2)

    grow([1])
    assert calls.events[0]["input"] == {"items": [1]}


def test_an_exception_is_recorded_with_locals_and_raised_on(calls):
    @recorded(client=calls.client)
    def fail(x):
        local = x * 2
        raise LookupError(f"no {local}")

    with pytest.raises(LookupError, match="no 6"):
        fail(3)
    (event,) = calls.events
    assert event["outcome"] == "error"
    assert event["error"]["type"] == "LookupError"
    assert event["error"]["stack"][-1]["locals"] == {"x": 3, "local": 6}


def test_wrong_arguments_raise_what_they_would_have_raised(calls):
    @recorded(client=calls.client)
    def one(x):
        pass

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        one()
    assert calls.events[0]["outcome"] == "error"


def test_a_coroutine_function_stays_one(calls):
    @recorded(client=calls.client)
    async def work(x):
        await asyncio.sleep(0)
        return x + 1

    assert inspect.iscoroutinefunction(work)
    assert asyncio.run(work(1)) == 2
    (event,) = calls.events
    assert (event["input"], event["output"]) == ({"x": 1}, 2)


def test_a_cancelled_coroutine_is_recorded(calls):
    @recorded(client=calls.client)
    async def work():
        await asyncio.Event().wait()

    async def main():
        async with asyncio.timeout(0):
            await work()

    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert calls.events[0]["error"]["type"] == "asyncio.exceptions.CancelledError"


def test_a_generator_behaves_as_without_recording(calls):
    def plain():
        received = yield 1
        try:
            yield received
        except KeyError:
            yield "caught"
        return "done"

    def drive(generator):
        return [next(generator), generator.send("sent"), generator.throw(KeyError)], _result(generator)

    assert drive(recorded(client=calls.client)(plain)()) == drive(plain())
    (event,) = calls.events
    assert event["output"] == {"yielded": 3, "first": [1, "sent", "caught"], "returned": "done"}


def _result(generator):
    with pytest.raises(StopIteration) as stopped:
        next(generator)
    return stopped.value.value


def test_a_generator_that_is_left_early_says_so(calls):
    @recorded(client=calls.client)
    def numbers():
        yield from range(100)

    for n in numbers():
        if n == 20:
            break
    (event,) = calls.events
    assert event["output"]["closed_early"] is True
    assert event["output"]["yielded"] == 21
    assert event["output"]["first"] == list(range(16))
    assert event["outcome"] == "success"


def test_a_generator_that_fails_is_recorded(calls):
    @recorded(client=calls.client)
    def numbers():
        yield 1
        raise ValueError("two")

    with pytest.raises(ValueError, match="two"):
        list(numbers())
    assert calls.events[0]["error"]["message"] == "two"


def test_an_async_generator_is_recorded_when_it_ends(calls):
    @recorded(client=calls.client)
    async def numbers(n):
        for at in range(n):
            yield at

    async def collect():
        return [n async for n in numbers(3)]

    assert inspect.isasyncgenfunction(numbers)
    assert asyncio.run(collect()) == [0, 1, 2]
    assert calls.events[0]["output"] == {"yielded": 3, "first": [0, 1, 2]}


def test_calls_inside_name_the_call_that_caused_them(calls):
    @recorded(client=calls.client)
    def inner():
        pass

    @recorded(client=calls.client)
    def outer():
        inner()

    with acting_as("alice"):
        outer()
    inner_event, outer_event = calls.events
    assert inner_event["causation_id"] == outer_event["id"]
    assert "causation_id" not in outer_event
    assert {event["actor"]["id"] for event in calls.events} == {"alice"}


def test_a_method_shows_no_self(calls):
    class Shop:
        @recorded(client=calls.client)
        def sell(self, sku):
            return sku

    Shop().sell("LAMP")
    assert calls.events[0]["input"] == {"sku": "LAMP"}


def test_arguments_and_result_can_be_left_out(calls):
    @recorded(client=calls.client, arguments=False, result=False)
    def work(x):
        return x

    work(1)
    assert not {"input", "output"} & calls.events[0].keys()


def test_the_bare_decorator_works_without_a_configured_server(monkeypatch):
    monkeypatch.setattr("graven.sdk.decorator.default_client", lambda: None)

    @recorded
    def work(x):
        return x

    assert work(5) == 5


def test_secrets_in_arguments_locals_and_messages_are_not_recorded(calls):
    @recorded(client=calls.client)
    def login(user, password):
        copy = f"user={user} pw={password}"
        raise PermissionError(copy)

    with pytest.raises(PermissionError):
        login("alice", "correct horse battery")
    assert calls.events
    assert all("correct horse" not in event.decode() for batch in calls.transport.accepted for event in batch.events())
