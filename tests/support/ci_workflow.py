"""A job of a GitHub workflow on this machine: its `run:` steps with bash, in order, in one folder.

What GitHub does for a job and our guide relies on: the environment of workflow, job and step, the contexts `vars`,
`secrets`, `env` and `matrix`, `always()`, steps left out after a failure, `bash -e`. Steps with `uses:` cannot be
fetched here and are left out. An expression that is not known here fails the test.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

__all__ = ["Job", "StepRan", "blocks_of", "matrix_of"]

_BLOCK = re.compile(r"^```yaml (\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_VALUE = re.compile(r"(\w+)\.([\w-]+)")
_COMPARED = re.compile(r"(\w+\.[\w-]+) (==|!=) '(.*)'")


def blocks_of(page: Path, kind: str) -> list[str]:
    """The YAML blocks of a page that are marked with this kind."""
    return [body for found, body in _BLOCK.findall(page.read_text()) if found == kind]


def matrix_of(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Each combination of the job's matrix; one empty one without."""
    axes = job.get("strategy", {}).get("matrix", {})
    for values in product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


@dataclass
class StepRan:
    """A step that was run."""

    name: str
    code: int
    output: str


@dataclass
class Job:
    """`environ` is the runner's own; `summary` is what the steps wrote for the job's page."""

    folder: Path
    environ: dict[str, str]
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    matrix: dict[str, Any] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    summary: str = ""

    def run(self, name: str, job: Mapping[str, Any], **github: str) -> list[StepRan]:
        """The steps of the job that were run, in order."""
        page = self.folder.parent / f"summary-{len(list(self.folder.parent.iterdir()))}.md"
        page.touch()
        own = {
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_JOB": name,
            "GITHUB_RUN_ID": "118",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_STEP_SUMMARY": str(page),
            **github,
        }
        job_env = {**self.environ, **own, **self._filled(job.get("env", {}), {})}
        ran: list[StepRan] = []
        failed = False
        for step in job["steps"]:
            env = {**job_env, **self._filled(step.get("env", {}), job_env)}
            if "uses" in step:
                self.skipped.append(step["uses"])
            elif self._wanted(step.get("if", ""), env, failed=failed):
                done = subprocess.run(
                    ["bash", "-e", "-c", self._text(step["run"], env)],
                    cwd=self.folder,
                    env=env,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=280,
                    check=False,
                )
                failed = failed or done.returncode != 0
                ran.append(StepRan(step["name"], done.returncode, done.stdout))
        self.summary = page.read_text()
        return ran

    def _filled(self, given: Mapping[str, Any], env: Mapping[str, str]) -> dict[str, str]:
        return {name: self._text(str(value), env) for name, value in given.items()}

    def _text(self, text: str, env: Mapping[str, str]) -> str:
        return _EXPRESSION.sub(lambda found: self._value(found[1], env), text)

    def _wanted(self, condition: str, env: Mapping[str, str], *, failed: bool) -> bool:
        terms = condition.split(" && ") if condition else []
        if "always()" not in terms and failed:
            return False
        return all(term == "always()" or self._value(term, env) == "true" for term in terms)

    def _value(self, expression: str, env: Mapping[str, str]) -> str:
        if compared := _COMPARED.fullmatch(expression):
            name, operator, text = compared.groups()
            return str((self._value(name, env) == text) == (operator == "==")).lower()
        found = _VALUE.fullmatch(expression)
        assert found, f"not known here: {expression}"
        contexts: dict[str, Mapping[str, Any]] = {
            "env": env,
            "matrix": self.matrix,
            "secrets": self.secrets,
            "vars": self.variables,
        }
        return str(contexts[found[1]].get(found[2], ""))
