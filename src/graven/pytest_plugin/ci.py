"""Which run a CI job belongs to, from the variables that GitHub Actions and GitLab CI set. Pure.

Jobs join one run only when they say that they are parts of one (GRAVEN_SHARD, or GitLab's `parallel: N`): two jobs
that run the same tests against different databases must not pass for two attempts of the same test, where the
second hides the failure of the first. A re-run is a run of its own, so that its green does not replace the red.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CiJob", "job_of"]

_PART = re.compile(r"(?:: \[.*\]| \d+/\d+)\Z", re.DOTALL)
"""What is appended to the name of a job of `parallel`: `: [3.11, linux]` of a matrix, ` 2/3` of a number, which
gitlab-ci-local spells `: [2/3]`."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_MOST_CHARS = 100


@dataclass(frozen=True, slots=True)
class CiJob:
    """Texts are "" where the environment says nothing. `run` is whole when `is_shared`; else it still needs what
    makes it unique."""

    run: str = ""
    is_shared: bool = False
    shard: str = ""
    build: str = ""
    commit: str = ""
    branch: str = ""


def job_of(environ: Mapping[str, str]) -> CiJob:
    """The job that this environment describes."""
    if environ.get("GITHUB_ACTIONS") == "true" and environ.get("GITHUB_RUN_ID"):
        return _github(environ)
    if environ.get("GITLAB_CI") and environ.get("CI_PIPELINE_ID"):
        return _gitlab(environ)
    return CiJob(shard=environ.get("GRAVEN_SHARD", ""), build=environ.get("BUILD_NUMBER", ""))


def _github(environ: Mapping[str, str]) -> CiJob:
    # "re-run failed jobs" keeps the id and counts the attempt
    parts = ("github", environ["GITHUB_RUN_ID"], environ.get("GITHUB_RUN_ATTEMPT", "1"), environ.get("GITHUB_JOB", ""))
    shard = environ.get("GRAVEN_SHARD", "")
    of_branch = environ.get("GITHUB_REF_TYPE") == "branch"
    return CiJob(
        run=_name(*parts),
        is_shared=bool(shard),  # the jobs of a matrix have one GITHUB_JOB and no variable that tells them apart
        shard=shard,
        build=environ["GITHUB_RUN_ID"],
        commit=environ.get("GITHUB_SHA", ""),
        branch=environ.get("GITHUB_HEAD_REF") or (environ.get("GITHUB_REF_NAME", "") if of_branch else ""),
    )


def _gitlab(environ: Mapping[str, str]) -> CiJob:
    pipeline, job = environ["CI_PIPELINE_ID"], environ.get("CI_JOB_NAME", "")
    index, total = environ.get("CI_NODE_INDEX", ""), environ.get("CI_NODE_TOTAL", "1")
    shard = environ.get("GRAVEN_SHARD", "")
    part = f"{index}/{total}"
    if not shard and index and job.endswith((f" {part}", f"[{part}]")):  # of a number; a matrix names its values
        shard = part
    return CiJob(
        run=_name("gitlab", pipeline, _PART.sub("", job)),
        is_shared=bool(shard),
        shard=shard,
        build=pipeline,
        commit=environ.get("CI_COMMIT_SHA", ""),
        branch=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or environ.get("CI_COMMIT_BRANCH", ""),
    )


def _name(*parts: str) -> str:
    return "-".join(filter(None, (_UNSAFE.sub("-", part).strip("-") for part in parts)))[:_MOST_CHARS]
