"""Allure results into native events: one `test.case.finish` for each `*-result.json`.

A directory of Allure results is one report: results, containers (the fixtures around tests) and attachments,
each a small file. Steps become `attributes.steps`, the fixtures of the containers `attributes.fixtures`.
This module sees bytes only; whoever reads the files stores the attachments and says what they became.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from graven.event.mappers.jsonlines import decoded
from graven.event.mappers.report import OUTCOMES, Attach, Refused, Report, instant, nanoseconds, short_name, text_of

__all__ = ["MAX_STEPS", "MAX_STEP_DEPTH", "Order", "case_of_result", "fixtures_of_container", "order_of"]

MAX_STEP_DEPTH: Final = 20
MAX_STEPS: Final = 10_000
"""Steps of one test, nested ones included; those beyond are counted in `attributes.steps_left_out`."""

_STATUS: Final = {"passed": "passed", "failed": "failed", "broken": "error", "skipped": "skipped"}
_SUITE_LABELS: Final = ("parentSuite", "suite", "subSuite")
_HIDDEN: Final = frozenset({"masked", "hidden"})


class Order(NamedTuple):
    """What orders the attempts of one test: results of equal `history`, by `start` (ms since 1970)."""

    history: str
    start: float


def order_of(content: bytes) -> Order | Refused:
    """History and start of a `*-result.json`; Refused when it is no such file."""
    result = decoded(content, 1)
    if isinstance(result, Refused):
        return result
    if not isinstance(result.get("name"), str):
        return Refused(1, "no Allure result: it has no name")
    start = result.get("start")
    history = result.get("historyId")
    name = history if isinstance(history, str) and history else f"{_suite(result)}\x00{_test(result)}"
    return Order(name, start if isinstance(start, int | float) else 0)


def fixtures_of_container(content: bytes) -> tuple[Sequence[str], list[dict[str, Any]]] | Refused:
    """(uuids of the tests, fixtures that ran before and after them) of a `*-container.json`."""
    container = decoded(content, 1)
    if isinstance(container, Refused):
        return container
    children = container.get("children")
    budget = _Budget(None)
    fixtures = [
        {"when": when, **budget.step(fixture, 1)}
        for when, member in (("before", "befores"), ("after", "afters"))
        for fixture in _objects(container.get(member))
    ]
    return [child for child in children if isinstance(child, str)] if isinstance(children, list) else [], fixtures


def case_of_result(
    content: bytes, report: Report, *, ordinal: int, fixtures: Mapping[str, list[dict[str, Any]]], attach: Attach
) -> dict[str, Any] | Refused:
    """The event of one result; `ordinal` counts the attempts of the test before it, `fixtures` are by uuid."""
    result = decoded(content, 1)
    if isinstance(result, Refused):
        return result
    suite, test = _suite(result), _test(result)
    said = result.get("status")
    details = result.get("statusDetails")
    details = details if isinstance(details, dict) else {}
    message, trace = text_of(details.get("message")), text_of(details.get("trace"))
    status = _STATUS.get(said, "error") if isinstance(said, str) else "error"
    if status == "skipped" and message.startswith("XFAIL"):  # words of allure-pytest
        status = "xfailed"
    elif status in {"passed", "failed"} and message.startswith(("XPASS", "[XPASS")):
        status = "xpassed"
    qa: dict[str, Any] = {"suite": suite, "test": test, "status": status}
    if ordinal:
        qa["attempt"] = ordinal + 1
    event = report.event("test.case.finish", "failure" if said == "failed" else OUTCOMES[status], qa)
    event["targets"] = [{"type": "test", "id": test, "name": short_name(text_of(result.get("name")))}]
    _put_times(event, result)
    if status != "passed" and (message or trace):
        event["error"] = {"message": "\n".join(filter(None, (message, trace)))}
    params = _parameters(result)
    if params:
        event["input"] = {"params": params}
    budget = _Budget(attach)
    budget.attachments(result)
    attributes = _attributes(result, budget)
    uuid = result.get("uuid")
    around = fixtures.get(uuid) if isinstance(uuid, str) else None
    if around:
        attributes["fixtures"] = around
    if budget.left_out:
        attributes["steps_left_out"] = budget.left_out
    if attributes:
        event["attributes"] = attributes
    if budget.attached:
        event["attachments"] = budget.attached
    return report.identified(event, suite, test, str(ordinal), text_of(uuid))


def _objects(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _labels(result: dict[str, Any]) -> dict[str, list[str]]:
    labels: dict[str, list[str]] = {}
    for label in _objects(result.get("labels")):
        labels.setdefault(short_name(text_of(label.get("name"))), []).append(short_name(text_of(label.get("value"))))
    return labels


def _suite(result: dict[str, Any]) -> str:
    labels = _labels(result)
    return short_name("/".join(labels[name][0] for name in _SUITE_LABELS if name in labels))


def _test(result: dict[str, Any]) -> str:
    """The full name, with the parameters: they are part of a test's identity."""
    name, full = text_of(result.get("name")), text_of(result.get("fullName"))
    if not full:
        return short_name(name)
    head, sharp, method = full.rpartition("#")
    if name.startswith(f"{method}["):  # pytest has spelt them already
        return short_name(f"{head}{sharp}{name}")
    values = [
        "*" if parameter.get("mode") in _HIDDEN else text_of(parameter.get("value"))
        for parameter in _objects(result.get("parameters"))
        if not parameter.get("excluded")
    ]
    return short_name(f"{full}[{'-'.join(values)}]" if values else full)


def _parameters(result: dict[str, Any]) -> dict[str, str]:
    return {
        short_name(text_of(parameter.get("name"))): (
            "******" if parameter.get("mode") in _HIDDEN else text_of(parameter.get("value"))
        )
        for parameter in _objects(result.get("parameters"))
    }


def _put_times(event: dict[str, Any], result: dict[str, Any]) -> None:
    start, stop = result.get("start"), result.get("stop")
    time = instant(stop) or instant(start)
    if time is not None:
        event["time"] = time
    if isinstance(start, int | float) and isinstance(stop, int | float):
        duration = nanoseconds(stop - start, 1_000_000)
        if duration is not None:
            event["duration_ns"] = duration


def _attributes(result: dict[str, Any], budget: "_Budget") -> dict[str, Any]:
    attributes: dict[str, Any] = {}
    labels = _labels(result)
    if labels:
        attributes["labels"] = labels
    links = [
        {name: short_name(text_of(link[name])) for name in ("type", "name", "url") if link.get(name)}
        for link in _objects(result.get("links"))
    ]
    if links:
        attributes["links"] = links
    for name in ("description", "historyId", "testCaseId"):
        if text := text_of(result.get(name)):
            attributes[name] = text
    details = result.get("statusDetails")
    marks = [mark for mark in ("flaky", "known", "muted") if isinstance(details, dict) and details.get(mark) is True]
    if marks:
        attributes["marks"] = marks
    steps = [budget.step(step, 1) for step in _objects(result.get("steps")) if budget.room()]
    if steps:
        attributes["steps"] = steps
    return attributes


class _Budget:
    """Turns steps into plain ones, a bounded number of them, and collects their attachments."""

    def __init__(self, attach: Attach | None) -> None:
        self._attach = attach
        self._taken = 0
        self.left_out = 0
        self.attached: list[dict[str, Any]] = []

    def room(self) -> bool:
        if self._taken < MAX_STEPS:
            self._taken += 1
            return True
        self.left_out += 1
        return False

    def step(self, step: dict[str, Any], depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {"name": short_name(text_of(step.get("name")))}
        said = step.get("status")
        if isinstance(said, str):
            plain["status"] = _STATUS.get(said, "error")
        start, stop = step.get("start"), step.get("stop")
        if isinstance(start, int | float) and isinstance(stop, int | float):
            duration = nanoseconds(stop - start, 1_000_000)
            if duration is not None:
                plain["duration_ns"] = duration
        details = step.get("statusDetails")
        if isinstance(details, dict) and (text := text_of(details.get("message"))):
            plain["message"] = text
        params = _parameters(step)
        if params:
            plain["params"] = params
        files = self.attachments(step)
        if files:
            plain["attachments"] = files
        inner = _objects(step.get("steps"))
        if depth < MAX_STEP_DEPTH:
            steps = [self.step(one, depth + 1) for one in inner if self.room()]
            if steps:
                plain["steps"] = steps
        else:
            self.left_out += len(inner)
        return plain

    def attachments(self, holder: dict[str, Any]) -> list[str]:
        """Attach the files of a test or step; gives the digests of those that are there."""
        digests = []
        for file in _objects(holder.get("attachments")):
            source = file.get("source")
            if self._attach is None or not isinstance(source, str):
                continue
            found = self._attach(source, short_name(text_of(file.get("name"))), short_name(text_of(file.get("type"))))
            if found is not None:
                self.attached.append(found)
                digests.append(found["digest"])
        return digests
