"""Runs over HTTP."""

import httpx
import pytest
from tests.support.run_events import case, finish, start
from tests.support.server_requests import append, make_token, problem


@pytest.fixture(scope="module")
def told(server):
    with server.client() as client:
        client.post("/v1/logs", json={"name": "ci"})
        events = [
            start("q"),
            case("q", "a", "failed"),
            finish("q", "failed"),
            case("r", "a"),
            case("r", "a", suite="api"),
        ]
        append(client, *events, log="ci").raise_for_status()
        yield client


def test_runs_come_newest_first_and_page_by_page(told: httpx.Client) -> None:
    first = told.get("/v1/logs/ci/runs", params={"limit": 1}).json()
    assert ([run["run"] for run in first["runs"]], first["next"]) == (["r"], 3)
    second = told.get("/v1/logs/ci/runs", params={"limit": 1, "before": 3}).json()
    assert ([run["run"] for run in second["runs"]], second["next"]) == (["q"], None)


def test_a_second_request_sees_what_was_recorded_since(told: httpx.Client) -> None:
    told.post("/v1/logs", json={"name": "grows"})
    for name in ("one", "two"):
        append(told, start(name), log="grows").raise_for_status()
        assert told.get("/v1/logs/grows/runs").json()["runs"][0]["run"] == name


def test_a_run_has_its_tests_with_the_index_of_each_attempt(told: httpx.Client) -> None:
    answer = told.get("/v1/logs/ci/runs/q").json()
    assert (answer["run"]["verdict"], answer["tests"][0]["attempts"][0]["index"]) == ("failed", 1)


def test_a_history_goes_by_suite_and_name(told: httpx.Client) -> None:
    rows = told.get("/v1/logs/ci/tests/history?test=shop::a").json()["history"]
    assert [(row["run"], row["result"]["status"]) for row in rows] == [("r", "passed"), ("q", "failed")]


def test_a_test_is_shown_with_its_timeline(told: httpx.Client) -> None:
    answer = told.get("/v1/logs/ci/tests/show?test=shop::a&run=q").json()
    assert (answer["run"], answer["index"], answer["attempt"]["status"]) == ("q", 1, "failed")
    assert [item["index"] for item in answer["timeline"]] == [1]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/logs/ci/tests/show?test=a", 409, "ambiguous_test"),
        ("/v1/logs/ci/tests/show?test=a&run=nope", 404, "unknown_run"),
        ("/v1/logs/ci/tests/show?test=shop::a&attempt=7", 404, "unknown_attempt"),
        ("/v1/logs/ci/tests/show?test=shop::a&attempt=x", 400, "invalid_input"),
        ("/v1/logs/ci/runs/qq", 404, "unknown_run"),
        ("/v1/logs/ci/tests/history?test=a", 409, "ambiguous_test"),
        ("/v1/logs/ci/tests/history?test=tests/zzz.py::test_z", 404, "unknown_test"),
        ("/v1/logs/nope/runs", 404, "unknown_log"),
        ("/v1/logs/ci/runs?limit=x", 400, "invalid_input"),
        ("/v1/logs/ci/runs?limit=1001", 400, "invalid_input"),
        ("/v1/logs/ci/runs?limit=0", 400, "invalid_input"),
        ("/v1/logs/ci/runs?before=-1", 400, "invalid_input"),
    ],
)
def test_errors_have_the_one_shape(told: httpx.Client, path: str, status: int, code: str) -> None:
    answer = told.get(path)
    assert (answer.status_code, problem(answer)["code"]) == (status, code)


@pytest.mark.parametrize("path", ["runs", "runs/q", "tests/history?test=a", "tests/show?test=shop::a"])
def test_a_recorder_may_not_read_runs(told: httpx.Client, path: str) -> None:
    assert told.get(f"/v1/logs/ci/{path}", headers=make_token(told, "recorder")).status_code == 403


def test_each_request_is_recorded_once_in_system(told: httpx.Client) -> None:
    def recorded() -> int:
        (system,) = [log for log in told.get("/v1/logs").json()["logs"] if log["name"] == "system"]
        return int(system["size"])

    for path, action in (("runs/q", "run.read"), ("tests/show?test=shop::a", "test.read")):
        before = recorded()
        told.get(f"/v1/logs/ci/{path}").raise_for_status()
        assert recorded() == before + 1
        assert told.get(f"/v1/logs/system/events/{before}").json()["data"]["action"] == action


def test_a_run_that_is_not_there_gets_near_names(told: httpx.Client) -> None:
    told.post("/v1/logs", json={"name": "near"})
    append(told, start("nightly-12"), start("x" * 300), log="near").raise_for_status()
    refused = told.get("/v1/logs/near/runs/nightly-13")
    assert (refused.status_code, problem(refused)["details"]) == (404, {"close": ["nightly-12"]})
