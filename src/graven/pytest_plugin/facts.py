"""What a run depends on, gathered once per session: the commit, what is installed, the environment."""

import getpass
import hashlib
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["allowed_environment", "environment_name", "git_facts", "machine", "packages", "secret_candidates"]

_ALLOWED = (
    "CI", "BUILD_NUMBER", "BUILD_URL", "GITHUB_", "GITLAB_", "CI_", "JENKINS_", "RUNNER_", "PYTHON", "PYTEST_", "TOX_",
    "VIRTUAL_ENV", "LANG", "LC_", "TZ", "HOSTNAME", "GRAVEN_RUN", "GRAVEN_SHARD", "GRAVEN_ENVIRONMENT",
    "DJANGO_SETTINGS_MODULE",
)  # fmt: skip
"""A name, or the beginning of one when it ends in an underscore or is PYTHON."""
_SECRET = re.compile(
    r"(?:PASS(?:WORD|WD|PHRASE)?|PWD|SECRETS?|TOKEN|KEY|CREDENTIALS?|COOKIE|JWT|AUTH|AUTHORIZATION)(?:_?V?\d+)?\Z",
    re.IGNORECASE,
)
"""The end of the name of a variable that holds a secret."""
_GIT_TIMEOUT_S = 5.0
_MOST_FILES = 500
_USER_INFO = re.compile(r"://[^/@]*@")


def allowed_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that explain a run; everything else is left out, whatever its value."""
    allowed = {}
    for name, value in sorted(environ.items()):
        if _SECRET.search(name):
            continue
        for entry in _ALLOWED:
            if name == entry or (name.startswith(entry) and (entry.endswith("_") or entry == "PYTHON")):
                allowed[name] = value
                break
    allowed.pop("PYTEST_CURRENT_TEST", None)
    return allowed


def secret_candidates(environ: Mapping[str, str]) -> dict[str, Any]:
    """Variables in which redaction looks for secrets, and as passwords those that are named as secrets are
    (`CI_JOB_TOKEN`). Not `PWD` and others whose names sound like it but hold paths: a path taken for a secret would
    be cut out of every stack."""
    kept = {name: value for name, value in environ.items() if not Path(value[:4096]).exists()}
    return {**kept, "named": [{"password": value} for name, value in kept.items() if _SECRET.search(name)]}


def environment_name(environ: Mapping[str, str]) -> str:
    """`qa.environment`: GRAVEN_ENVIRONMENT, else interpreter and system (`cpython3.11-linux`)."""
    python = f"{sys.implementation.name}{sys.version_info[0]}.{sys.version_info[1]}"
    return environ.get("GRAVEN_ENVIRONMENT") or f"{python}-{sys.platform}"


def machine() -> dict[str, Any]:
    """Interpreter, system and user."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = ""
    return {"python": platform.python_version(), "system": platform.platform(), "cpus": os.cpu_count(), "user": user}


def packages() -> dict[str, str]:
    """Name → version of everything installed for this interpreter."""
    from importlib.metadata import distributions

    found: dict[str, str] = {}
    for distribution in distributions():
        try:
            name, version = distribution.metadata["Name"], distribution.version
        except Exception:  # noqa: BLE001, S112 - a half-removed package has no metadata
            continue
        if name and name not in found:
            found[str(name)] = str(version)
    return dict(sorted(found.items()))


def git_facts(folder: Path) -> dict[str, Any]:
    """`commit`, `parents`, `author`, `committed`, `tree`, `branch`, `changed` (files of the commit), `repository`,
    and of an unclean work tree `dirty`: its files and the SHA-256 of the diff. Empty outside of a repository."""
    shown = _git(folder, "log", "-1", "--format=%H%n%P%n%T%n%an <%ae>%n%cI", "--name-only", "HEAD")
    if shown is None:
        return {}
    commit, parents, tree, author, committed, *files = shown.decode("utf-8", "replace").split("\n")
    changed = [name for name in files if name]
    facts: dict[str, Any] = {
        "commit": commit,
        "parents": parents.split(),
        "tree": tree,
        "author": author,
        "committed": committed,
        "changed": changed[:_MOST_FILES],
    }
    for name, arguments in (
        ("branch", ("symbolic-ref", "--short", "-q", "HEAD")),
        ("repository", ("config", "--get", "remote.origin.url")),
    ):
        answer = _git(folder, *arguments)
        if answer and (text := answer.decode("utf-8", "replace").strip()):
            facts[name] = _USER_INFO.sub("://", text)
    status = _git(folder, "status", "--porcelain", "--untracked-files=normal")
    if status and (lines := status.decode("utf-8", "replace").splitlines()):
        diff = _git(folder, "diff", "HEAD", "--binary") or b""
        facts["dirty"] = {"files": lines[:_MOST_FILES], "diff": f"sha256:{hashlib.sha256(diff).hexdigest()}"}
    return facts


def _git(folder: Path, *arguments: str) -> bytes | None:
    environ = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}  # a recorder must not write to the repository
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=folder, capture_output=True, timeout=_GIT_TIMEOUT_S, check=False, env=environ
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout if done.returncode == 0 else None
