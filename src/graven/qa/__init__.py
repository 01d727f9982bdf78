"""Test runs as the log tells them: pure folds over entries, no I/O (docs/design/2026-11-27-runs.md)."""

from graven.index.near import near_names
from graven.qa.events import RunEvent, RunEvents
from graven.qa.find_test import FindTest
from graven.qa.history import Appearance, TestHistory
from graven.qa.run import Attempt, RunView, TestResult
from graven.qa.runs import RunsView
from graven.qa.shown import ShownTest, show_found, show_test
from graven.qa.summary import RunSummary
from graven.qa.timeline import TimelineItem, timeline

__all__ = [
    "Appearance",
    "Attempt",
    "FindTest",
    "RunEvent",
    "RunEvents",
    "RunSummary",
    "RunView",
    "RunsView",
    "ShownTest",
    "TestHistory",
    "TestResult",
    "TimelineItem",
    "near_names",
    "show_found",
    "show_test",
    "timeline",
]
