import pytest

from graven.sdk.failure import describe_failure


def failing(value, depth=0):
    local = {"value": value}
    if depth:
        return failing(value, depth - 1)
    raise ValueError(f"bad {local}")


def caught(function, *args):
    with pytest.raises(Exception) as info:  # noqa: PT011 - any
        function(*args)
    return describe_failure(info.value)


def test_frames_come_outermost_first_with_their_locals():
    failure = caught(failing, 3, 1)
    assert failure["type"] == "ValueError"
    assert failure["message"] == "bad {'value': 3}"
    assert [frame["function"] for frame in failure["stack"]][-2:] == ["failing", "failing"]
    assert failure["stack"][-1]["locals"] == {"value": 3, "depth": 0, "local": {"value": 3}}
    assert failure["stack"][-1]["file"] == __file__
    assert failure["stack"][-1]["line"] > 0


def test_of_a_long_stack_the_ends_are_kept():
    stack = caught(failing, 3, 500)["stack"]
    assert len(stack) == 32
    assert stack[-1]["locals"]["depth"] == 0


def test_causes_are_told():
    def outer():
        try:
            failing(1)
        except ValueError as error:
            raise KeyError("k") from error

    assert caught(outer)["message"] == "'k'; caused by ValueError: bad {'value': 1}"


def test_a_suppressed_context_is_not_told():
    def outer():
        try:
            failing(1)
        except ValueError:
            raise KeyError("k") from None

    assert caught(outer)["message"] == "'k'"


def test_causes_that_form_a_circle_end():
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert describe_failure(one)["message"] == "one; caused by ValueError: two"


def test_an_exception_whose_str_raises_is_still_described():
    class BrokenError(Exception):
        def __str__(self):
            raise RuntimeError

    assert describe_failure(BrokenError())["message"] == "(its str() raises)"


def test_locals_can_be_left_out():
    with pytest.raises(ValueError, match="bad") as info:
        failing(1)
    assert all("locals" not in frame for frame in describe_failure(info.value, with_locals=False)["stack"])
