"""`pip install graven` for real: a wheel of this checkout in a venv of its own, with the locked versions and pytest."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement

__all__ = ["NotInstallable", "make_light_install"]

ROOT = Path(__file__).parents[2]
_LOCKED = re.compile(r"^([A-Za-z0-9_.-]+)==(?:.*\\\n)*.*$", re.MULTILINE)


class NotInstallable(Exception):
    """The packages cannot be had here."""


def make_light_install(folder: Path) -> Path:
    """Make it below `folder`; gives the folder with `python`, `pip`, `graven` and `pytest`."""
    locked = folder / "light.txt"
    locked.write_text(_locked(_of_graven() | {"pytest"} | _closure("pytest")))
    _run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    (wheel,) = folder.glob("graven-*.whl")
    _run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
    fetched = _run(*pip, "--require-hashes", "-r", locked, check=False)
    if fetched.returncode != 0:
        raise NotInstallable(fetched.stderr[-500:])
    _run(*pip, wheel)
    return python.parent


def _of_graven() -> set[str]:
    """What this checkout needs; what is installed beside it may be older."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    named = {_normal(Requirement(text).name) for text in project["dependencies"]}
    return named.union(*map(_closure, named))


def _closure(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
    """What `name` needs without any extra, all the way down."""
    found: set[str] = set()
    for text in requires(name) or ():
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
            continue
        wanted = _normal(needed.name)
        if wanted not in seen | found:
            found.add(wanted)
            found |= _closure(wanted, seen | found)
    return found


def _locked(names: set[str]) -> str:
    """The pins and hashes of these packages."""
    text = (ROOT / "requirements" / "dev.txt").read_text()
    pins = {_normal(match[1]): match[0] for match in _LOCKED.finditer(text)}
    return "\n".join(pins[name] for name in sorted(names)) + "\n"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _run(*command: object, check: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=300, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{command}: {done.stderr[-2000:]}")
    return done
