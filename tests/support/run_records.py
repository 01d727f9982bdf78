"""A small test run as a recorder would send it: one failing test with everything around it, one flaky, one passing."""

from typing import Any

import httpx
from tests.support.server_requests import append

__all__ = ["FAILING", "record_run"]

FAILING = "test_orders.py::test_discount"
_SUITE = "test_orders.py"


def _finish(run: str, test: str, status: str, attempt: int = 1, **fields: Any) -> dict[str, Any]:
    qa = {"run": run, "suite": _SUITE, "test": test, "status": status, "attempt": attempt, "environment": "py3"}
    outcome = "failure" if status == "failed" else "success"
    base = {"action": "test.case.finish", "actor": {"type": "test", "id": "pytest"}, "outcome": outcome, "qa": qa}
    return {**base, "source": "ci", "duration_ns": 12_000_000, **fields}


def _failure(run: str) -> list[dict[str, Any]]:
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    assertion = {"op": "==", "left": {"total": 12900}, "right": {"total": 11610}}
    difference = [{"op": "replace", "path": "/total", "value": 11610, "was": 12900}]
    frame = {"file": "test_orders.py", "line": 29, "function": "test_discount", "locals": {"placed": {"total": 12900}}}
    statement = {
        "action": "sql.statement",
        "actor": {"id": "shop"},
        "source": "shop",
        "method": {"protocol": "sqlite3", "statement": "select percent from discounts where from_quantity < ?"},
        "input": {"parameters": [10]},
        "output": {"rows": []},
        "qa": {"run": run, "test": FAILING},
        "trace": {"trace_id": trace, "span_id": "00f067aa0ba902b7", "parent_span_id": span},
    }
    finish = _finish(
        run,
        FAILING,
        "failed",
        error={"type": "AssertionError", "message": "assert 12900 == 11610", "stack": [frame]},
        input={"params": {"quantity": 10}, "fixtures": {"shop": {"setup": {"address": "http://127.0.0.1:1"}}}},
        output={"stdout": {"call": "placed order 5\n"}},
        attributes={"assertion": {**assertion, "diff": difference}, "phases": {"setup": 1_000_000, "call": 9_000_000}},
        trace={"trace_id": trace, "span_id": span},
    )
    return [statement, finish]


def record_run(client: httpx.Client, run: str, *, failing: bool) -> None:
    """Record it into `default`, published when this returns."""
    qa = {"run": run, "branch": "main", "commit": "4f2a9c1d" * 5}
    start = {"action": "test.run.start", "actor": {"type": "ci", "id": "ci"}, "source": "ci", "qa": qa}
    end = {**start, "action": "test.run.finish", "outcome": "failure" if failing else "success"}
    tests = [
        _finish(run, "test_orders.py::test_open", "passed"),
        _finish(run, "test_orders.py::test_retry", "failed", 1),
        _finish(run, "test_orders.py::test_retry", "passed", 2),
        *(_failure(run) if failing else [_finish(run, FAILING, "passed")]),
    ]
    append(client, start, *tests, end, params={"wait": "published"}).raise_for_status()
