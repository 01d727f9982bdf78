import json

import pytest

from graven import errors
from graven.cli.problems import BUG, EXIT_CODES, exit_code, problem_json, problem_text

CLASSES = [getattr(errors, name) for name in errors.__all__ if name != "GravenError"]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_error_class_has_an_exit_code_of_its_own_choice(cls):
    assert cls in EXIT_CODES


def test_only_tampered_shares_the_exit_code_that_means_tampered():
    assert [cls for cls in CLASSES if exit_code(cls("x")) == 1] == [errors.Tampered]


def test_could_not_check_is_never_fine_or_tampered():
    assert exit_code(errors.CouldNotCheck("x")) == 3


def test_a_bug_has_no_exit_code_that_an_error_has():
    assert BUG not in {*EXIT_CODES.values(), 0, 1}


def test_an_error_is_told_as_error_why_try():
    error = errors.Tampered("the log was cut", why="it was longer", hint="graven verify --explain")
    assert problem_text(error) == ("error: the log was cut\n  why: it was longer\n  try: graven verify --explain")


def test_an_error_without_why_and_hint_is_one_line():
    assert problem_text(errors.NotFound("nothing there")) == "error: nothing there"


def test_continuation_lines_stand_under_the_text():
    assert problem_text(errors.NotFound("one\ntwo")) == "error: one\n       two"


def test_refused_items_are_listed_with_field_reason_and_suggestion():
    details = {"errors": [{"item": 3, "field": "actr", "reason": "unknown field", "suggestion": 'use "actor"'}]}
    text = problem_text(errors.InvalidEvent("refused", details=details))
    assert '  why: item 3, field actr: unknown field (use "actor")' in text


def test_at_most_ten_refused_items_are_listed():
    details = {"errors": [{"item": n, "reason": "bad"} for n in range(25)]}
    text = problem_text(errors.InvalidEvent("refused", details=details))
    assert "item 9: bad" in text
    assert "item 10: bad" not in text
    assert "… and 15 more" in text


def test_the_json_form_is_the_shape_of_the_http_api():
    value = json.loads(problem_json(errors.Conflict("known", hint="h", details={"index": 4})))
    assert value == {"error": {"code": "conflict", "message": "known", "hint": "h", "details": {"index": 4}}}
