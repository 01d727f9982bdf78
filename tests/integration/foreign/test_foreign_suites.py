"""Other people's test suites, unmodified, give with the recorder what they give without, and the record has all of it.

Each suite runs twice with the witness beside it (`suites/graven_witness.py`), which knows nothing of Graven; what the
witness saw in a test has to be in the record of that test, no more and no less (`witnessed.py` says what counts).
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.integration.foreign.witnessed import compare_requests, compare_statements

from graven.log import open_log
from graven.pytest_plugin import datadir

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
RUN = "foreign"
_SAVEPOINT = re.compile(r"s\d{9,}_x\d+")  # Django names them after the thread


class Suite(NamedTuple):
    """`tests`, `requests` and `statements`: the least that must pass and be seen, or the comparison proves nothing.
    `varying`: tests whose threads send more or less from run to run."""

    sdist: str
    tests: int
    requests: int
    statements: int
    plugins: tuple[str, ...] = ()
    environ: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    varying: tuple[str, ...] = ()


SUITES = [
    Suite(
        "starlette-1.10.0",
        tests=700,
        requests=700,
        statements=0,
        plugins=("anyio.pytest_plugin",),
        arguments=("-k", "not trio"),
    ),
    Suite("flask-3.1.3", tests=480, requests=440, statements=0),
    Suite(
        "dataset-2.0.0",
        tests=60,
        requests=0,
        statements=3800,
        varying=("test/test_database.py::test_thread_connections_released",),
    ),
    Suite(
        "django_filter-26.2",
        tests=500,
        requests=8,
        statements=3000,
        plugins=("pytest_django.plugin",),
        environ=(("DJANGO_SETTINGS_MODULE", "tests.settings"),),
        arguments=("tests",),
    ),
    # nobody's but ours, in `plugins/`: one use of each widespread plugin, with all of them loaded
    Suite("plugins", tests=15, requests=3, statements=100, arguments=("--randomly-seed=7",)),
]


class Ran(NamedTuple):
    seen: dict[str, Any]
    said: str


class Outcome(NamedTuple):
    suite: Suite
    plain: Ran
    graven: Ran
    events: list[dict[str, Any]]

    def test_of(self, event: dict[str, Any]) -> str:
        """The node id. A name that would hold a secret (a cookie that is a parameter, say) is recorded with the
        places of its parameters."""
        name = str(event["qa"]["test"])
        places = self.graven.seen["places"]
        return name if name in places else next((test for test, place in places.items() if place == name), name)


def _run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, check=False, **more)


@pytest.fixture(scope="session")
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The interpreter that has the packages and this checkout, and the folder of sdists. The packages are kept
    between sessions, under the digest of their versions; the checkout is installed anew."""
    locks = [HERE / "suites-requirements.txt", HERE / "suites-sdists.txt"]
    digest = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks) + sys.version.encode()).hexdigest()
    cache = getattr(request.config, "cache", None)
    home = (cache.mkdir("foreign-suites") if cache is not None else tmp_path_factory.mktemp("suites")) / digest[:16]
    python, sdists, complete = home / "bin/python", home / "sdists", home / "complete"
    pip = (python, "-m", "pip", "--disable-pip-version-check")
    if not complete.exists():
        shutil.rmtree(home, ignore_errors=True)
        _run(sys.executable, "-m", "venv", home)
        given = _run(*pip, "install", "-q", "--require-hashes", "-r", locks[0])
        if given.returncode == 0:
            given = _run(
                *pip, "download", "-q", "--require-hashes", "--no-deps", "--no-binary", ":all:",
                "--no-build-isolation", "-d", sdists, "-r", locks[1],
                env={**os.environ, "PATH": f"{home / 'bin'}{os.pathsep}{os.environ['PATH']}"},
            )  # fmt: skip
        if given.returncode != 0:
            pytest.skip(f"the suites cannot be had here: {given.stderr.strip()[-300:]}")
        complete.touch()
    made = _run(*pip, "install", "-q", "--no-deps", "--no-build-isolation", "--force-reinstall", ROOT)
    assert made.returncode == 0, made.stderr
    return python, sdists


@pytest.fixture(scope="module", params=SUITES, ids=lambda suite: suite.sdist)
def outcome(
    request: pytest.FixtureRequest, installed: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Outcome:
    suite: Suite = request.param
    python, sdists = installed
    folder = tmp_path_factory.mktemp("suite") / suite.sdist
    if (own := HERE / suite.sdist).is_dir():
        shutil.copytree(own, folder)
    else:
        with tarfile.open(sdists / f"{suite.sdist}.tar.gz") as archive:
            archive.extractall(folder.parent, filter="data")
    plain, graven = _pytest(suite, python, folder), _pytest(suite, python, folder, "--graven")
    state = folder / "state"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(state))
        datadir.merge(folder / ".graven", RUN)  # what a light install could not merge waits in the spool
        events = _events(folder / ".graven", state / "graven")
    return Outcome(suite, plain, graven, events)


def _pytest(suite: Suite, python: Path, folder: Path, *flags: str) -> Ran:
    witness = folder / "witness.json"
    environ = {
        **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}},
        **dict(suite.environ),
        "GRAVEN_RUN": RUN,
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": str(HERE / "suites"),
        "WITNESS": str(witness),
        "XDG_STATE_HOME": str(folder / "state"),
    }
    named = ["graven_witness"]
    if suite.sdist != "plugins":  # a suite gets the plugins that it asks for, and not those of the others
        environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        named += ["graven.pytest_plugin.entry", *suite.plugins]
    plugins = [word for name in named for word in ("-p", name)]
    done = _run(
        python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *plugins, *suite.arguments, *flags,
        cwd=folder, env=environ,
    )  # fmt: skip
    said = done.stdout[-3000:] + done.stderr[-3000:]
    assert witness.exists(), said
    seen = json.loads(witness.read_bytes())
    witness.unlink()
    return Ran(seen, said)


def _events(data: Path, state: Path) -> list[dict[str, Any]]:
    log = open_log(data, "default", state_dir=state)
    try:
        found = []
        for raw in log.entries(0, log.size):
            entry = json.loads(raw)
            if "blob" in entry:
                entry["data"] = json.loads(log.blobs.get(entry["blob"]["digest"]))
            found.append(entry["data"])
        return found
    finally:
        log.close()


def _by_test(outcome: Outcome, kind: str, action: str) -> dict[str, tuple[list[Any], list[dict[str, Any]]]]:
    both: dict[str, tuple[list[Any], list[dict[str, Any]]]] = defaultdict(lambda: ([], []))
    for test, *rest in outcome.graven.seen[kind]:
        both[test][0].append(rest)
    for event in outcome.events:
        if event["action"] == action:
            both[outcome.test_of(event)][1].append(event)
    return both


def test_the_suite_passes_without_the_recorder(outcome: Outcome) -> None:
    assert outcome.plain.seen["status"] in {0, 1}, outcome.plain.said  # some tests fail where root runs them
    reports = outcome.plain.seen["reports"]
    assert (
        len({test for test, when, status, _ in reports if (when, status) == ("call", "passed")}) >= outcome.suite.tests
    )


def test_every_phase_of_every_test_has_the_same_outcome(outcome: Outcome) -> None:
    assert outcome.graven.seen["reports"] == outcome.plain.seen["reports"], outcome.graven.said
    assert outcome.graven.seen["status"] == outcome.plain.seen["status"]


def test_the_same_warnings_are_given(outcome: Outcome) -> None:
    assert outcome.graven.seen["warnings"] == outcome.plain.seen["warnings"]


def test_the_same_requests_and_statements_pass(outcome: Outcome) -> None:
    for kind in ("requests", "statements"):
        passed = [
            Counter(
                _SAVEPOINT.sub("s", json.dumps(row)) for row in ran.seen[kind] if row[0] not in outcome.suite.varying
            )
            for ran in (outcome.plain, outcome.graven)
        ]
        assert passed[0] == passed[1], kind


def test_every_test_is_in_the_record_once(outcome: Outcome) -> None:
    recorded = Counter(outcome.test_of(event) for event in outcome.events if event["action"] == "test.case.finish")
    assert recorded == Counter({report[0]: 1 for report in outcome.plain.seen["reports"]})


def test_nothing_could_not_be_recorded(outcome: Outcome) -> None:
    (finish,) = [event for event in outcome.events if event["action"] == "test.run.finish"]
    assert "recording_failures" not in finish["attributes"]


def test_every_request_that_reached_an_application_is_recorded_once(outcome: Outcome) -> None:
    matched = 0
    for test, (seen, events) in _by_test(outcome, "requests", "http.request").items():
        difference = compare_requests(seen, events)
        assert not difference, (test, difference)
        matched += difference.matched
    assert matched >= outcome.suite.requests


def test_every_statement_that_reached_sqlite_is_recorded_once(outcome: Outcome) -> None:
    matched = 0
    for test, (seen, events) in _by_test(outcome, "statements", "sql.statement").items():
        difference = compare_statements(seen, events)
        assert not difference, (test, difference)
        matched += difference.matched
    assert matched >= outcome.suite.statements
