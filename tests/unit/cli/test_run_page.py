from pathlib import Path
from typing import Any

from tests.support.run_events import case, feed_all, finish, start

from graven.cli.log_state import LogState
from graven.cli.pasted import Pasted
from graven.cli.run_page import MOST_BYTES, MOST_DETAILED, run_page
from graven.qa.failure import Comparison, Failure, SourceLine
from graven.qa.run import RunView

GOLDEN = Path(__file__).parent / "golden" / "run_page.md"
LOG = LogState("default", 7, "q83vEjRWeJA=")
PASTED = Pasted("graven", " --data .graven", ".graven")
LAMP = {"amount": 12, "items": [1, 2]}


def page_of(*events: dict[str, Any], failures: dict[int, Failure] | None = None) -> str:
    view = feed_all(RunView(None), list(events))
    summary = view.summary()
    assert summary is not None
    return run_page(summary, view.tests(), failures or {}, LOG, PASTED)


def failing(failure: Failure, test: str = "total") -> str:
    return page_of(start("r"), case("r", test, "failed"), finish("r", "failed"), failures={1: failure})


def test_the_page_of_a_run_with_a_failing_and_a_flaky_test():
    failure = Failure(
        "AssertionError",
        "assert 12 == 9",
        [SourceLine("tests/test_shop.py", 8), SourceLine("shop.py", 6)],
        Comparison("==", LAMP, {**LAMP, "amount": 9}),
        {"currency": "usd"},
    )
    page = page_of(
        start("ci-1", commit="c0ffee0123456789", branch="main", environment="py3"),
        case("ci-1", "total", "failed", environment="py3", duration_ns=20_000_000),
        case("ci-1", "stock", "failed", environment="py3", error={"type": "Timeout", "message": "5 s"}),
        case("ci-1", "stock", environment="py3", attempt=2, duration_ns=1_500_000_000),
        case("ci-1", "cart", environment="py3", duration_ns=1_000_000),
        finish("ci-1", "failed", duration_ns=2_000_000_000),
        failures={1: failure},
    )
    assert page == GOLDEN.read_text(encoding="utf-8")


def test_a_run_where_nothing_failed_has_no_such_section():
    page = page_of(start("r"), case("r", "total"), finish("r"))
    assert page.startswith("## ✅ passed: 1 passed\n")
    assert "What failed" not in page
    assert "Flaky" not in page


def test_an_open_run_is_not_called_passed():
    assert page_of(start("r"), case("r", "total")).startswith("## ❔ unknown: 1 passed\n")


def test_a_failure_of_which_nothing_was_read_has_what_the_run_knows():
    error = {"type": "KeyError", "message": "'gbp'"}
    page = page_of(start("r"), case("r", "total", "failed", error=error))
    assert "<code>KeyError</code>" in page
    assert "\n'gbp'\n" in page


def test_texts_with_lines_are_compared_by_line():
    page = failing(Failure(compared=Comparison("==", "a\nb", "a\nc")))
    assert "```diff\n--- left\n+++ right\n a\n-b\n+c\n```" in page


def test_another_comparison_shows_both_sides_and_the_operator():
    assert "```text\n5\n<\n3\n```" in failing(Failure(compared=Comparison("<", 5, 3)))


def test_sides_that_read_alike_are_said_to():
    page = failing(Failure(compared=Comparison("==", {"$type": "Cart"}, {"$type": "Cart"})))
    assert "Compared, and both read:" in page


def test_a_hostile_name_opens_and_closes_nothing():
    page = failing(Failure(message="```\n</details>"), test="</code></summary><b>|`")
    assert page.count("</summary>") == 1
    assert "<b>" not in page
    assert "````text\n```\n</details>\n````" in page


def test_beyond_a_number_failures_are_listed_by_name():
    many = [case("r", f"t{number:04}", "failed") for number in range(MOST_DETAILED + 250)]
    page = page_of(start("r"), *many)
    assert page.count("<details") == MOST_DETAILED
    assert "250 more failed:" in page
    assert "- … and 50 more\n" in page


def test_however_much_fails_the_page_stays_within_its_bound_and_keeps_the_record():
    big = {f"k{number}": "`é<" * 2000 for number in range(500)}
    failure = Failure("E" * 9000, "\u202e" * 90_000, [SourceLine("ü" * 9000, 1)] * 2, Comparison("==", big, {}), big)
    many = [case("r", f"{number}{'é' * 5000}", "failed", duration_ns=1) for number in range(1, 500)]
    page = page_of(start("r"), *many, failures=dict.fromkeys(range(500), failure))
    assert len(page.encode()) <= MOST_BYTES
    assert "graven verify .graven" in page


def test_a_page_that_has_no_room_for_everything_says_so(monkeypatch):
    monkeypatch.setattr("graven.cli.run_page.MOST_BYTES", 1500)
    page = page_of(start("r"), *[case("r", f"t{number}", "failed") for number in range(20)])
    assert "more sections, for which there is no room here." in page
    assert len(page.encode()) <= 1500
