"""Calls of chosen packages, by the means of the interpreter that runs the tests (tracing or monitoring)."""

import asyncio
import gc
import sys
import threading
import types
from textwrap import dedent

import pytest

from graven.pytest_plugin import calls
from graven.pytest_plugin.calls import tree

SHOP = """
    import asyncio

    def add(a, b=2, *more, c=3, **rest):
        return a + b

    def price(items):
        items.append("changed later")
        return total(len(items))

    def total(count):
        return count * 2

    def fails(reason):
        raise KeyError(reason)

    def catches():
        try:
            return {}["x"]
        except KeyError:
            return None

    def passes_on():
        return fails("deep")

    def reraises():
        try:
            fails("outer")
        finally:
            try:
                fails("inner")
            except KeyError:
                pass

    def cleans_up():
        try:
            fails("only")
        finally:
            add(1)

    def numbers(n):
        for i in range(n):
            yield i
        return "done"

    def stubborn():
        while True:
            try:
                yield
            except ValueError:
                pass

    def delegates():
        yield from numbers(2)

    async def waits(name):
        await asyncio.sleep(0)
        return await inner(name)

    async def inner(name):
        await asyncio.sleep(0)
        return name

    async def streams():
        for i in range(2):
            await asyncio.sleep(0)
            yield i

    def recurses(n):
        return 0 if n == 0 else 1 + recurses(n - 1)

    def forever(n):
        return forever(n + 1)

    class Cart:
        def __init__(self, owner):
            self.owner = owner

        def size(self):
            return len([x for x in "ab"])

        @staticmethod
        def make(owner):
            return Cart(owner)

    class Hostile:
        def __repr__(self):
            raise SystemExit(3)

    def takes(value):
        return value
"""


@pytest.fixture
def shop():
    module = types.ModuleType("shop.cart")
    exec(compile(dedent(SHOP), "shop/cart.py", "exec"), module.__dict__)
    return module


@pytest.fixture
def recorded():
    found = []
    before = sys.gettrace()
    calls.install(["shop"], found.append, lambda: ("a" * 32, "b" * 16, "run-7"))
    calls.begin()
    yield found
    calls.end()
    assert calls.failures() == 0
    calls.uninstall()
    assert sys.gettrace() is before


def named(recorded, name):
    (event,) = (e for e in recorded if e["method"]["operation"] == f"shop.cart.{name}")
    return event


def test_a_call_is_recorded_with_arguments_and_result(recorded, shop):
    assert shop.add(1, 5, 6, c=4, d=7) == 6
    (event,) = recorded
    assert event["action"] == "function.call"
    assert event["method"]["protocol"] == "python"
    assert event["method"]["operation"] == "shop.cart.add"
    assert event["method"]["uri"].startswith("shop/cart.py:")
    assert event["input"] == {"arguments": {"a": 1, "b": 5, "more": [6], "c": 4, "rest": {"d": 7}}}
    assert event["output"] == {"result": 6}
    assert event["duration_ns"] > 0


def test_nested_calls_are_children(recorded, shop):
    shop.price([])
    assert named(recorded, "total")["trace"]["parent_span_id"] == named(recorded, "price")["trace"]["span_id"]
    assert "parent_span_id" not in named(recorded, "price")["trace"]


def test_arguments_are_those_of_the_entry(recorded, shop):
    shop.price(["one"])
    assert named(recorded, "price")["input"] == {"arguments": {"items": ["one"]}}


def test_an_exception_is_recorded_in_each_call_that_it_ended(recorded, shop):
    with pytest.raises(KeyError):
        shop.passes_on()
    for name in ("fails", "passes_on"):
        assert named(recorded, name)["error"] == {"type": "builtins.KeyError", "message": "'deep'"}
        assert named(recorded, name)["outcome"] == "error"


def test_an_exception_that_was_caught_is_no_error(recorded, shop):
    assert shop.catches() is None
    assert named(recorded, "catches")["outcome"] == "success"
    assert named(recorded, "catches")["output"] == {"result": None}


def test_an_exception_is_the_one_that_left_a_finally(recorded, shop):
    with pytest.raises(KeyError):
        shop.cleans_up()
    assert named(recorded, "cleans_up")["error"]["message"] == "'only'"


def test_where_it_is_not_known_which_exception_left_none_is_named(recorded, shop):
    with pytest.raises(KeyError, match="outer"):
        shop.reraises()
    error = named(recorded, "reraises")["error"]
    known = {"type": "builtins.KeyError", "message": "'outer'"}
    guess = {"type": "builtins.BaseException", "message": "(one of those raised: builtins.KeyError)"}
    assert error == (known if sys.version_info >= (3, 12) else guess)


def test_a_generator_is_one_call_with_its_yields_counted(recorded, shop):
    assert list(shop.numbers(3)) == [0, 1, 2]
    (event,) = recorded
    assert event["output"] == {"result": "done", "yields": 3}


def test_a_generator_that_is_closed_early_says_so(recorded, shop):
    numbers = shop.numbers(3)
    next(numbers)
    numbers.close()
    calls.flush()
    # from Python 3.13 the interpreter does not tell that it was closed
    how = "unfinished" if sys.version_info >= (3, 13) else "closed"
    assert named(recorded, "numbers")["output"] == {"yields": 1, how: True}
    assert "error" not in named(recorded, "numbers")


def test_an_exception_thrown_into_a_generator_ends_it_or_is_caught(recorded, shop):
    stubborn = shop.stubborn()
    next(stubborn)
    stubborn.throw(ValueError)
    stubborn.throw(ValueError)
    assert recorded == []
    with pytest.raises(TypeError):
        stubborn.throw(TypeError("no"))
    assert named(recorded, "stubborn")["error"] == {"type": "builtins.TypeError", "message": "no"}


def test_a_delegated_generator_is_a_child(recorded, shop):
    list(shop.delegates())
    assert named(recorded, "numbers")["trace"]["parent_span_id"] == named(recorded, "delegates")["trace"]["span_id"]
    assert named(recorded, "delegates")["output"]["yields"] == 2


def test_generators_taken_in_turn_are_siblings(recorded, shop):
    list(zip(shop.numbers(2), shop.stubborn(), strict=False))
    calls.flush()
    assert all("parent_span_id" not in event["trace"] for event in recorded)


def test_a_coroutine_is_one_call_and_its_awaits_are_no_yields(recorded, shop):
    assert asyncio.run(shop.waits("a")) == "a"
    assert len(recorded) == 2
    assert named(recorded, "waits")["output"] == {"result": "a"}
    assert named(recorded, "inner")["trace"]["parent_span_id"] == named(recorded, "waits")["trace"]["span_id"]


def test_tasks_that_run_in_turn_do_not_mix(recorded, shop):
    async def use():
        await asyncio.gather(*(shop.waits(name) for name in "abc"))

    asyncio.run(use())
    spans = {e["input"]["arguments"]["name"]: e["trace"]["span_id"] for e in recorded if "waits" in str(e["method"])}
    inners = [e for e in recorded if "inner" in str(e["method"])]
    assert len(inners) == 3
    for event in inners:
        assert event["trace"]["parent_span_id"] == spans[event["input"]["arguments"]["name"]]


def test_an_asynchronous_generator_counts_what_it_yields(recorded, shop):
    async def use():
        return [i async for i in shop.streams()]

    assert asyncio.run(use()) == [0, 1]
    assert named(recorded, "streams")["output"] == {"result": None, "yields": 2}


def test_a_call_that_is_still_open_is_recorded_at_the_end_of_the_test(recorded, shop):
    numbers = shop.numbers(3)
    next(numbers)
    calls.flush()
    assert named(recorded, "numbers")["output"] == {"unfinished": True, "yields": 1}
    assert named(recorded, "numbers")["outcome"] == "unknown"
    list(numbers)
    assert len(recorded) == 1


def test_methods_have_their_class_in_the_name_and_comprehensions_are_no_calls(recorded, shop):
    shop.Cart.make("me").size()
    assert [e["method"]["operation"] for e in recorded] == [
        "shop.cart.Cart.__init__", "shop.cart.Cart.make", "shop.cart.Cart.size",
    ]  # fmt: skip


def test_recursion_is_recorded_to_a_depth_and_the_rest_is_counted(recorded, shop):
    assert shop.recurses(tree.MOST_DEPTH + 9) == tree.MOST_DEPTH + 9
    calls.flush()
    assert len(recorded) == tree.MOST_DEPTH + 1
    assert recorded[-1]["method"]["operation"] == "more"
    assert recorded[-1]["output"] == {"left_out": 10}


def test_endless_recursion_ends_as_without_the_recorder(recorded, shop):
    with pytest.raises(RecursionError):
        shop.forever(0)
    calls.begin()
    assert shop.total(1) == 2
    assert named(recorded, "total")["output"] == {"result": 2}


def test_calls_are_bounded_for_each_test(recorded, shop):
    for _ in range(tree.MOST_CALLS + 5):
        shop.total(1)
    calls.flush()
    assert len(recorded) == tree.MOST_CALLS + 1
    assert recorded[-1]["output"] == {"left_out": 5}
    shop.total(1)
    assert recorded[-1]["output"] == {"result": 2}


def test_a_hostile_argument_is_recorded_as_unreadable_and_breaks_nothing(recorded, shop):
    value = shop.Hostile()
    assert shop.takes(value) is value
    event = named(recorded, "takes")
    assert event["input"]["arguments"]["value"] == {"$unreadable": {"type": "shop.cart.Hostile", "error": "SystemExit"}}


def test_functions_of_other_packages_are_not_recorded(recorded, shop):
    module = types.ModuleType("shopping")
    exec("def f(): return 1", module.__dict__)
    assert module.f() == 1
    assert dedent("  x") == "x"
    assert recorded == []


def test_threads_that_the_test_starts_are_recorded(recorded, shop):
    thread = threading.Thread(target=shop.total, args=(4,))
    thread.start()
    thread.join()
    assert named(recorded, "total")["output"] == {"result": 8}


def test_values_are_not_kept_alive(recorded, shop):
    class Big:
        pass

    alive = []
    big = Big()
    import weakref

    weakref.finalize(big, alive.append, "gone")
    shop.takes(big)
    del big
    gc.collect()
    assert alive == ["gone"]


def test_a_debugger_before_us_sees_what_it_would_have_seen(shop):
    def watched():
        seen = []

        def tracer(frame, event, arg):
            if frame.f_globals.get("__name__") == "shop.cart":
                seen.append((event, frame.f_code.co_name, frame.f_lineno - frame.f_code.co_firstlineno))
            return tracer

        return seen, tracer

    def run():
        shop.price([])
        list(shop.numbers(2))
        shop.catches()

    before = sys.gettrace()
    alone, tracer = watched()
    sys.settrace(tracer)
    run()
    sys.settrace(before)
    together, tracer = watched()
    found = []
    calls.install(["shop"], found.append, lambda: ("a" * 32, "b" * 16, "run-7"))
    sys.settrace(tracer)
    calls.begin()
    run()
    calls.end()
    assert sys.gettrace() is tracer
    sys.settrace(before)
    calls.uninstall()
    assert together == alone
    assert len(found) == 4
