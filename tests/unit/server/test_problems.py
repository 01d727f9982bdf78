"""The error shape and the status of every error class."""

import json

import pytest
from litestar.exceptions import HTTPException, MethodNotAllowedException

from graven import errors
from graven.server.problems import code_of, problem_of, status_of

STATUS = {
    "Busy": 429,
    "Conflict": 409,
    "CouldNotCheck": 502,
    "Forbidden": 403,
    "GravenError": 500,
    "InvalidEvent": 422,
    "InvalidInput": 400,
    "NotFound": 404,
    "RefusedToStart": 503,
    "StorageFailed": 503,
    "Tampered": 500,
    "TimedOut": 504,
    "TooLarge": 413,
    "Unauthenticated": 401,
    "Unavailable": 503,
    "UnsupportedMediaType": 415,
    "UsageError": 400,
}


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_class_has_its_status(name: str) -> None:
    assert status_of(getattr(errors, name)("x")) == STATUS[name]


def test_the_shape_is_pinned() -> None:
    error = errors.InvalidInput("no", why="because", hint="try", code="c", details={"at": 3})
    assert json.loads(problem_of(error).body) == {
        "error": {"code": "c", "message": "no: because", "hint": "try", "details": {"at": 3}}
    }


def test_busy_says_when_to_come_back() -> None:
    assert problem_of(errors.Busy("b", retry_after_s=7)).headers == (("retry-after", "7"),)


def test_unauthenticated_names_the_scheme() -> None:
    assert problem_of(errors.Unauthenticated("u")).headers == (("www-authenticate", "Bearer"),)


def test_an_unexpected_exception_shows_nothing_of_itself() -> None:
    problem = problem_of(ValueError("secret of the inside"))
    assert problem.status == 500
    assert b"secret" not in problem.body
    assert json.loads(problem.body)["error"]["code"] == "internal"


def test_a_framework_error_keeps_its_status_and_gets_the_shape() -> None:
    problem = problem_of(MethodNotAllowedException())
    assert problem.status == 405
    error = json.loads(problem.body)["error"]
    assert (error["code"], error["message"]) == ("method_not_allowed", "this path does not take that method")


def test_an_abbreviation_at_the_beginning_stays_one() -> None:
    assert b'"JSON is malformed"' in problem_of(HTTPException("JSON is malformed", status_code=400)).body


def test_a_framework_error_of_the_server_shows_no_detail() -> None:
    assert b"inside" not in problem_of(HTTPException("inside", status_code=500)).body


def test_refusals_are_counted_by_code() -> None:
    assert (code_of(errors.NotFound("n")), code_of(ValueError())) == ("not_found", "internal")
