"""The status of a test from pytest's reports of its phases: one place, for the events and for the counts."""

from typing import Any

__all__ = ["OUTCOMES", "phase_status", "worse"]

OUTCOMES = {
    "passed": "success",
    "xfailed": "success",
    "failed": "failure",
    "xpassed": "unknown",
    "error": "error",
    "skipped": "unknown",
}
"""Status → `outcome` of event/1; a strict xpass is a failure."""

_RANK = ("passed", "xfailed", "xpassed", "skipped", "failed", "error")


def phase_status(report: Any) -> str:
    """One of the six statuses for one phase; "" for one that another attempt replaces (rerunfailures)."""
    if report.outcome == "rerun":
        return ""
    if report.outcome == "failed":
        if report.when == "call":
            return "xpassed" if is_strict_xpass(report) else "failed"
        return "error"
    expected = hasattr(report, "wasxfail")
    if report.outcome == "skipped":
        return "xfailed" if expected else "skipped"
    return "xpassed" if expected and report.when == "call" else "passed"


def is_strict_xpass(report: Any) -> bool:
    """Whether the phase failed because the test passed though it was marked `xfail(strict=True)`."""
    return type(report.longrepr) is str and report.longrepr.startswith("[XPASS(strict)]")


def worse(before: str, now: str) -> str:
    """The status of both phases together."""
    return now if not before or _RANK.index(now) > _RANK.index(before) else before
