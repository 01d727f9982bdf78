from typing import Any

import pytest

from graven.qa.failure import Comparison, SourceLine, failure_of

PLACE = {"file": "tests/test_shop.py", "line": 7}


def failed(*frames: tuple[str, int], **attributes: Any) -> dict[str, Any]:
    stack = [{"file": file, "line": line} for file, line in frames]
    return {"error": {"type": "E", "message": "m", "stack": stack}, "attributes": {"place": PLACE, **attributes}}


def test_the_place_is_the_line_of_the_test_that_failed():
    failure = failure_of(failed(("/home/me/shop/tests/test_shop.py", 8)))
    assert [place.text for place in failure.places] == ["tests/test_shop.py:8"]


def test_what_the_tested_code_raised_is_shown_under_the_same_root():
    failure = failure_of(failed(("/home/me/shop/tests/test_shop.py", 8), ("/home/me/shop/shop.py", 6)))
    assert failure.places == [SourceLine("tests/test_shop.py", 8), SourceLine("shop.py", 6)]


def test_what_lies_elsewhere_keeps_its_whole_path():
    failure = failure_of(failed(("/home/me/shop/tests/test_shop.py", 8), ("/usr/lib/json/decoder.py", 6)))
    assert failure.places[1].file == "/usr/lib/json/decoder.py"


def test_a_file_whose_name_only_ends_alike_is_not_that_of_the_test():
    failure = failure_of(failed(("/home/me/other_tests/test_shop.py", 8)))
    assert failure.places == [SourceLine("/home/me/other_tests/test_shop.py", 8)]


def test_a_path_of_windows_is_recognised():
    event = failed(("C:\\shop\\tests\\test_shop.py", 8))
    event["attributes"]["place"] = {"file": "tests\\test_shop.py", "line": 7}
    assert failure_of(event).places == [SourceLine("tests/test_shop.py", 8)]


def test_without_frames_the_place_is_where_the_test_begins():
    assert failure_of(failed()).places == [SourceLine("tests/test_shop.py", 7)]


def test_both_sides_of_the_comparison_are_kept():
    failure = failure_of(failed(assertion={"op": "==", "left": [1], "right": None, "diff": []}))
    assert failure.compared == Comparison("==", [1], None)


def test_parameters_are_kept():
    assert failure_of({"input": {"params": {"n": 3}}}).params == {"n": 3}


def test_a_strict_xpass_has_its_reason_for_a_message():
    assert failure_of({"reason": "[XPASS(strict)] known"}).message == "[XPASS(strict)] known"


@pytest.mark.parametrize(
    "data",
    [
        None,
        [],
        "text",
        {"error": "text", "attributes": [], "input": 3},
        {"error": {"type": {"$redacted": {}}, "message": 5, "stack": "line 1\nline 2"}},
        {"error": {"stack": [None, 3, {"file": {"$redacted": {}}}, {"file": "a.py", "line": True}]}},
        {"attributes": {"assertion": {"op": 1, "left": 2, "right": 3}, "place": {"file": None, "line": "x"}}},
        {"input": {"params": {"$redacted": {}}}},
    ],
)
def test_whatever_an_event_holds_it_is_read_without_an_error(data):
    failure = failure_of(data)
    assert isinstance(failure.message, str)
    assert failure.compared is None
