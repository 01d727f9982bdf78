"""A log recorded here is accepted by software that is not ours, and a tampered copy of it is refused.

Judges: Go's x/mod/sumdb packages (a small program beside this file), tessera's fsck, and aics-tlog. All read
over HTTP from a server started with --public-log, as any stranger would.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import httpx
import pytest
from tests.support.server_process import running_server
from tests.support.tampering import change_byte_of_bundle, change_byte_of_hash_tile

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

HERE = Path(__file__).parent
ENTRIES = 70_400


class Verdict(NamedTuple):
    accepted: bool
    output: str


class Judge(Protocol):
    def __call__(self, url: str, vkey: str) -> Verdict: ...


def _run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="session")
def go_tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `foreign` (our sumdb program) and `fsck` (tessera's), built from the pinned modules."""
    if shutil.which("go") is None:
        pytest.skip("Go is not installed: the Go verifiers cannot be built")
    out = tmp_path_factory.mktemp("go-tools")
    environment = {**os.environ, "GOFLAGS": "-mod=readonly"}
    fetched = subprocess.run(
        ["go", "mod", "download"], cwd=HERE / "go", env=environment, capture_output=True, text=True, check=False
    )
    if fetched.returncode != 0:
        pytest.skip(f"the Go modules cannot be had here: {fetched.stderr.strip()[-300:]}")
    subprocess.run(
        ["go", "build", "-o", f"{out}/", ".", "github.com/transparency-dev/tessera/cmd/fsck"],
        cwd=HERE / "go",
        env=environment,
        check=True,
    )
    return out


def _newer_python() -> str | None:
    candidates = [shutil.which(f"python3.{minor}") for minor in range(15, 11, -1)]
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates += [str(p) for p in sorted(pyenv.glob("3.1[2-9]*/bin/python"))]
    if sys.version_info >= (3, 12):
        candidates.insert(0, sys.executable)
    for candidate in candidates:
        if (
            candidate
            and _run(candidate, "-c", "import sys, venv; sys.exit(sys.version_info < (3, 12))").returncode == 0
        ):
            return candidate
    return None


@pytest.fixture(scope="session")
def aics_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with aics-tlog, in an environment of its own."""
    python = _newer_python()
    if python is None:
        pytest.skip("no Python 3.12 or newer found: aics-tlog cannot be installed")
    home = tmp_path_factory.mktemp("aics")
    _run(python, "-m", "venv", home)
    installed = _run(
        home / "bin/python", "-m", "pip", "install", "-q", "--require-hashes", "-r", HERE / "aics-requirements.txt"
    )
    if installed.returncode != 0:
        pytest.skip(f"aics-tlog cannot be had here: {installed.stderr.strip()[-300:]}")
    return home / "bin/python"


@pytest.fixture(params=["sumdb", "fsck", "aics-tlog"])
def judge(request: pytest.FixtureRequest, tmp_path: Path) -> Judge:
    """One of the three verifiers, as a function of URL and verifier key."""

    def sumdb(url: str, vkey: str) -> Verdict:
        done = _run(request.getfixturevalue("go_tools") / "foreign", url, vkey)
        return Verdict(done.returncode == 0 and f"ok {ENTRIES}" in done.stdout, done.stdout + done.stderr)

    def fsck(url: str, vkey: str) -> Verdict:
        key = tmp_path / "log.vkey"
        key.write_text(vkey + "\n")
        tool = request.getfixturevalue("go_tools") / "fsck"
        # With -N 1 it hangs on some corruptions; its exit status is 0 whatever it finds.
        done = _run("timeout", "120", tool, "-ui=false", "-N", "8", "-storage_url", url + "/", "-public_key", key)
        accepted = "Successfully fsck'd log with size" in done.stderr and "fsck failed" not in done.stderr
        return Verdict(accepted, done.stderr)

    def aics(url: str, vkey: str) -> Verdict:
        done = _run(request.getfixturevalue("aics_python"), HERE / "aics_audit.py", url, vkey)
        return Verdict(done.returncode == 0 and f"ok {ENTRIES}" in done.stdout, done.stdout + done.stderr)

    return {"sumdb": sumdb, "fsck": fsck, "aics-tlog": aics}[request.param]


class Recorded(NamedTuple):
    data: Path
    vkey: str


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """A stopped data directory whose log `default` holds ENTRIES entries appended over HTTP."""
    data = tmp_path_factory.mktemp("recorded") / "data"
    with running_server(data) as server:
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/x-ndjson"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as client:
            for start in range(0, ENTRIES, 1600):
                lines = [
                    f'{{"id":"event-{i}","action":"order.create","actor":{{"id":"u{i % 97}"}},"input":{{"n":{i}}}}}'
                    for i in range(start, start + 1600)
                ]
                wait = {"wait": "published"} if start + 1600 == ENTRIES else {}
                answer = client.post("/v1/logs/default/events", content="\n".join(lines), params=wait)
                assert answer.status_code in {200, 202}, answer.text
    return Recorded(data, (data / "logs/default/log.vkey").read_text().strip())


@pytest.fixture
def copy(recorded: Recorded, tmp_path: Path) -> Iterator[Path]:
    target = tmp_path / "copy"
    shutil.copytree(recorded.data, target)
    yield target
    shutil.rmtree(target)


def _judge_served(data: Path, vkey: str, judge: Judge) -> Verdict:
    with running_server(data, "--public-log", "default") as server:
        return judge(f"{server.url}/logs/default", vkey)


def test_a_good_log_is_accepted(recorded: Recorded, copy: Path, judge: Judge) -> None:
    verdict = _judge_served(copy, recorded.vkey, judge)
    assert verdict.accepted, verdict.output


def test_a_changed_entry_is_refused(recorded: Recorded, copy: Path, judge: Judge) -> None:
    change_byte_of_bundle(copy / "logs/default/tile/entries/100", entry=17)
    verdict = _judge_served(copy, recorded.vkey, judge)
    assert not verdict.accepted, verdict.output


def test_a_changed_hash_tile_is_refused(recorded: Recorded, copy: Path, judge: Judge) -> None:
    change_byte_of_hash_tile(copy / "logs/default/tile/0/100")
    verdict = _judge_served(copy, recorded.vkey, judge)
    assert not verdict.accepted, verdict.output


def test_another_key_is_refused(copy: Path, judge: Judge) -> None:
    stranger = "graven.local/stranger+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"
    verdict = _judge_served(copy, stranger, judge)
    assert not verdict.accepted, verdict.output
