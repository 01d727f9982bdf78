"""What is remembered stays ended once somebody ended it, whoever was reading meanwhile."""

from collections.abc import Callable

import pytest

from graven.server.remembered import Remembered


def counted(values: list[str]) -> Callable[[], str | None]:
    """Each call gives the next of them, then None."""
    return lambda: values.pop(0) if values else None


def test_a_value_is_loaded_once() -> None:
    kept: Remembered[str, str] = Remembered(2)
    load = counted(["one", "two"])
    assert [kept.get("a", load) for _ in range(3)] == ["one"] * 3


def test_what_is_not_there_is_asked_for_again() -> None:
    kept: Remembered[str, str] = Remembered(2)
    assert kept.get("a", counted([])) is None
    assert kept.get("a", counted(["now"])) == "now"


@pytest.mark.parametrize("end", [Remembered.clear, lambda kept: kept.forget("a")], ids=["clear", "forget"])
def test_what_was_loaded_before_an_end_is_not_kept_after_it(end: Callable[[Remembered[str, str]], None]) -> None:
    kept: Remembered[str, str] = Remembered(2)

    def load() -> str:
        end(kept)
        return "ended"

    assert kept.get("a", load) == "ended"
    assert kept.get("a", counted([])) is None


@pytest.mark.parametrize("end", [Remembered.clear, lambda kept: kept.forget("a")], ids=["clear", "forget"])
def test_an_end_forgets_what_was_kept(end: Callable[[Remembered[str, str]], None]) -> None:
    kept: Remembered[str, str] = Remembered(2)
    kept.get("a", counted(["one"]))
    end(kept)
    assert kept.get("a", counted([])) is None


def test_no_more_than_so_many_are_kept() -> None:
    kept: Remembered[int, str] = Remembered(2)
    for key in range(3):
        kept.get(key, counted(["first"]))
    assert [kept.get(key, counted(["again"])) for key in (2, 0)] == ["first", "again"]
