"""A run as a page of Markdown, for the summary of a CI job. Pure: everything it says is passed in.

GitHub refuses a summary above 1 MiB whole, so the page stops early and says so; the head and the record are
always there.
"""

import difflib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from graven.cli.log_state import LogState
from graven.cli.markdown import block, code, cut, row
from graven.cli.pasted import Pasted
from graven.cli.run_reading import counts_text, duration_text
from graven.qa.failure import Comparison, Failure
from graven.qa.identity import full_name
from graven.qa.run import TestResult
from graven.qa.summary import RunSummary

__all__ = ["MOST_BYTES", "MOST_DETAILED", "run_page"]

MOST_BYTES = 512 * 1024
"""Half of what GitHub takes for one step, so that a second page fits behind the first."""
MOST_DETAILED = 30
"""So many failures are shown with their values; the others by name, up to `_MOST_NAMED`."""
_MOST_NAMED = 200
_OPENED = 5
_SLOWEST = 5
_MOST_FLAKY = 30
_MOST_PARAMS = 20
_DIFF_LINES = 400
_MARKS = {"passed": "✅", "failed": "❌", "error": "❌", "interrupted": "⚠️"}


def run_page(
    run: RunSummary, tests: Sequence[TestResult], failures: Mapping[int, Failure], log: LogState, pasted: Pasted
) -> str:
    """The page. `tests` as `RunView.tests` orders them; `failures` by log index, of as many as were read."""
    head, tail = _head(run, log), _record(run, log, pasted)
    left = MOST_BYTES - sum(len(part.encode()) + 2 for part in (*head, *tail)) - 200
    parts = []
    sections = [*_failing(run.run, tests, failures, pasted), *_flaky(tests), *_slowest(tests)]
    for number, part in enumerate(sections):
        left -= len(part.encode()) + 2
        if left < 0:
            parts.append(f"… and {len(sections) - number} more sections, for which there is no room here.")
            break
        parts.append(part)
    return "\n\n".join([*head, *parts, *tail]) + "\n"


def _head(run: RunSummary, log: LogState) -> list[str]:
    facts = {
        "run": code(run.run),
        "commit": code(run.commit[:12]) if run.commit else "",
        "branch": code(run.branch) if run.branch else "",
        "environment": code(", ".join(run.environments)) if run.environments else "",
        "state": run.state,
        "took": duration_text(run.duration_ns),
        "log": f"{log.size:,} entries",
    }
    told = {name: value for name, value in facts.items() if value}
    return [
        f"## {_MARKS.get(run.verdict, '❔')} {run.verdict}: {counts_text(run.counts, exact=run.exact)}",
        "\n".join([row(*told), row(*["---"] * len(told)), row(*told.values())]),
    ]


def _failing(run: str, tests: Sequence[TestResult], failures: Mapping[int, Failure], pasted: Pasted) -> list[str]:
    failing = [test for test in tests if test.failing]
    if not failing:
        return []
    parts = ["### What failed"]
    for number, test in enumerate(failing[:MOST_DETAILED]):
        parts.append(_failure(run, test, failures.get(test.attempts[-1].index), pasted, is_open=number < _OPENED))
    if others := failing[MOST_DETAILED:]:
        names = [f"- {code(full_name(test.suite, test.test))}" for test in others[:_MOST_NAMED]]
        if len(others) > _MOST_NAMED:
            names.append(f"- … and {len(others) - _MOST_NAMED:,} more")
        parts += [f"{len(others):,} more failed:", "\n".join(names)]
    return parts


def _failure(run: str, test: TestResult, failure: Failure | None, pasted: Pasted, *, is_open: bool) -> str:
    last = test.attempts[-1]
    name = full_name(test.suite, test.test)
    failure = failure or Failure(last.error_type, last.error_message)
    facts = [code(place.text) for place in failure.places]
    facts += [test.status, duration_text(last.duration_ns), code(test.environment) if test.environment else ""]
    facts += [f"attempt {last.attempt} of {len(test.attempts)}" if len(test.attempts) > 1 else ""]
    kind = f" · {code(failure.error_type, chars=100)}" if failure.error_type else ""
    parts = [
        f"<details{' open' if is_open else ''}><summary>{code(name)}{kind}</summary>",
        " · ".join(filter(None, facts)),
    ]
    if failure.params:
        parts.append("Parameters: " + _params(failure.params))
    if failure.message:
        parts.append(block(failure.message, chars=2000, lines=30))
    if failure.compared is not None:
        parts.append(_compared(failure.compared))
    parts += [f"Shown whole by {code(pasted.test(name, run), chars=1000)}", "</details>"]
    return "\n\n".join(parts)


def _params(params: Mapping[str, Any]) -> str:
    shown = [code(f"{name} = {_spelled(value)}", chars=200) for name, value in list(params.items())[:_MOST_PARAMS]]
    if len(params) > _MOST_PARAMS:
        shown.append(f"… and {len(params) - _MOST_PARAMS} more")
    return ", ".join(shown)


def _compared(compared: Comparison) -> str:
    sides = (compared.left, compared.right)
    is_text = all(isinstance(side, str) for side in sides) and any("\n" in side for side in sides)
    left, right = ([cut(line, 500) for line in (side if is_text else _pretty(side)).split("\n")] for side in sides)
    if compared.op != "==":
        return "Compared:\n\n" + block("\n".join([*left, compared.op, *right]))
    # as a differ matches lines it may compare each with each
    differing = difflib.unified_diff(left[:_DIFF_LINES], right[:_DIFF_LINES], "left", "right", n=3, lineterm="")
    text = "\n".join(line for line in differing if not line.startswith("@@"))
    if not text:  # they differ in what their JSON does not show, or behind what is compared here
        return "Compared, and both read:\n\n" + block("\n".join(left), "json")
    return "Compared, left to right:\n\n" + block(text, "diff")


def _pretty(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _spelled(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _flaky(tests: Sequence[TestResult]) -> list[str]:
    flaky = [test for test in tests if test.flaky and not test.failing]
    if not flaky:
        return []
    rows = [row("test", "attempts", "first said"), row("---", "---", "---")]
    for test in flaky[:_MOST_FLAKY]:
        first = next((one for one in test.attempts if one.failing), test.attempts[0])
        said = f"{first.error_type}: {first.error_message}" if first.error_type else first.status
        statuses = ", ".join(one.status for one in test.attempts[:10])
        rows.append(row(code(full_name(test.suite, test.test)), statuses, code(said, chars=200)))
    parts = ["### Flaky: another attempt went differently", "\n".join(rows)]
    if len(flaky) > _MOST_FLAKY:
        parts.append(f"… and {len(flaky) - _MOST_FLAKY:,} more.")
    return parts


def _slowest(tests: Sequence[TestResult]) -> list[str]:
    timed = [(test.duration_ns, test) for test in tests if test.duration_ns]
    slowest = sorted(timed, key=lambda pair: -pair[0])[:_SLOWEST]
    if not slowest:
        return []
    rows = [row("test", "took", "status"), row("---", "---:", "---")]
    for duration_ns, test in slowest:
        rows.append(row(code(full_name(test.suite, test.test)), duration_text(duration_ns), test.status))
    return ["### Slowest", "\n".join(rows)]


def _record(run: RunSummary, log: LogState, pasted: Pasted) -> list[str]:
    where = (
        f"Entries {run.first_index:,} to {run.last_index:,} of the log {code(log.name)}, which has {log.size:,} and "
        f"the root {code(log.root)}. Keep the size and the root: they convict whoever rewrites it."
    )
    return ["### The record", where, block(f"{pasted.open(run.run)}\n{pasted.verify()}", "sh")]
