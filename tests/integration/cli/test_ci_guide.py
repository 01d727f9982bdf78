"""The workflows of docs/guide/ci.md, taken out of the page and run on a small suite of which one test fails.

`uses:` steps (checkout, Python, artefact) are left out: they cannot be fetched here. graven is installed as the page
says, from a wheel made of this tree; what it depends on is in the environment already.
"""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml
from tests.support.ci_workflow import Job, blocks_of, matrix_of
from tests.support.server_process import running_server

from graven.cli.lazy import COMMANDS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "guide" / "ci.md"
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.7"
GITLAB_CI_LOCAL = "gitlab-ci-local@4.60.0"
SINGLE, SHARDED = (yaml.safe_load(block) for block in blocks_of(PAGE, "github"))
SHOP = {
    "tests/test_cart.py": """
import pytest
@pytest.mark.parametrize("currency", ["eur", "usd"])
def test_total(currency):
    assert {"amount": 6, "currency": currency} == {"amount": 6, "currency": "eur"}
""",
    "tests/test_stock.py": "def test_stock(): assert True\n",
}
needs_push = pytest.mark.skipif("push" not in COMMANDS, reason="this tree has no graven push")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    made = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(made)]
    subprocess.run([*pip, str(ROOT)], check=True, timeout=280)
    (path,) = made.iterdir()
    return path


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The `bin` of a fresh environment that has everything this one has, but neither graven nor plugins of pytest."""
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, with_pip=True)
    site = next((folder / "lib").glob("python*/site-packages"))
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        left_out = "graven" in path.name or path.name.startswith(("pytest_", "allure"))
        if not left_out and not (site / path.name).exists():
            (site / path.name).symlink_to(path)
    script = folder / "bin" / "pytest"  # pip writes none for what is there already
    script.write_text(f"#!{folder}/bin/python\nimport sys, pytest\nsys.exit(pytest.main())\n")
    script.chmod(0o755)
    return folder / "bin"


@pytest.fixture
def checkout(tmp_path, wheel):
    folder = tmp_path / "shop"
    for name, text in SHOP.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "vendor").mkdir()
    shutil.copy(wheel, folder / "vendor")
    return folder


@pytest.fixture
def environ(python, tmp_path):
    kept = {name: value for name, value in os.environ.items() if name in {"LANG", "TMPDIR"}}
    return {
        **kept,
        "HOME": str(tmp_path),  # a shell that reads its script from a socket, as Node makes, reads ~/.bashrc first
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INDEX": "1",  # everything but graven is there
        "PYTEST_ADDOPTS": "-p no:cacheprovider",
    }


def graven(folder, environ, *words):
    ran = subprocess.run(
        ["graven", *words], cwd=folder, env=environ, capture_output=True, text=True, timeout=120, check=False
    )
    assert ran.returncode == 0, (words, ran.stderr)
    return ran.stdout


def runs_of(folder, environ):
    return json.loads(graven(folder, environ, "runs", "--data", ".graven", "--json"))


def test_the_workflows_are_valid(tmp_path):
    linter = shutil.which("actionlint")
    if linter is None:
        if shutil.which("go") is None:
            pytest.skip("neither actionlint nor Go is installed")
        told = {**os.environ, "GOBIN": str(tmp_path)}
        built = subprocess.run(
            ["go", "install", ACTIONLINT], env=told, capture_output=True, text=True, timeout=900, check=False
        )
        if built.returncode != 0:
            pytest.skip(f"actionlint cannot be had here: {built.stderr.strip()[-300:]}")
        linter = str(tmp_path / "actionlint")
    blocks = blocks_of(PAGE, "github")
    assert len(blocks) == 2
    for block in blocks:
        linted = subprocess.run([linter, "-no-color", "-"], input=block, capture_output=True, text=True, check=False)
        assert (linted.returncode, linted.stdout) == (0, "")


def test_a_job_with_a_failing_test_is_red_and_still_has_its_summary_and_its_record(checkout, environ):
    job = Job(checkout, environ)
    ran = job.run("tests", SINGLE["jobs"]["tests"])
    assert [(step.name, step.code) for step in ran] == [("Install", 0), ("Test", 1), ("Summary", 0)], ran
    assert job.summary.startswith("## ❌ failed: 2 passed, 1 failed\n")
    assert '-  "currency": "usd"' in job.summary
    assert '+  "currency": "eur"' in job.summary
    assert [run["run"].rpartition("-")[0] for run in runs_of(checkout, environ)] == ["github-118-1-tests"]
    assert "actions/upload-artifact@v4" in job.skipped


@needs_push
def test_with_the_secret_the_record_is_on_the_server_after_the_job(checkout, environ, tmp_path):
    with running_server(tmp_path / "server") as server:
        job = Job(checkout, environ, secrets={"GRAVEN_TOKEN": server.token}, variables={"GRAVEN_SERVER": server.url})
        ran = job.run("tests", SINGLE["jobs"]["tests"])
        assert [(step.name, step.code) for step in ran][-1] == ("Push", 0), ran
        told = {**environ, "GRAVEN_SERVER": server.url, "GRAVEN_TOKEN": server.token}
        assert graven(tmp_path, told, "show", "last")


def test_the_jobs_of_a_matrix_with_shards_record_one_run(checkout, environ):
    (job,) = SHARDED["jobs"].values()
    for matrix in matrix_of(job):
        Job(checkout, environ, matrix=matrix).run("tests", job)
    (run,) = runs_of(checkout, environ)
    assert (run["run"], run["shards"], run["state"]) == ("github-118-1-tests", ["0", "1"], "complete")
    assert run["counts"] == {"passed": 2, "failed": 1}


def test_a_re_run_is_a_run_of_its_own(checkout, environ):
    (job,) = SHARDED["jobs"].values()
    for attempt in ("1", "2"):
        Job(checkout, environ, matrix={"shard": 0}).run("tests", job, GITHUB_RUN_ATTEMPT=attempt)
    assert [run["run"] for run in runs_of(checkout, environ)] == ["github-118-2-tests", "github-118-1-tests"]


@pytest.fixture(scope="module")
def gitlab_ci_local(tmp_path_factory):
    if shutil.which("rsync") is None:
        pytest.skip("rsync is not installed: gitlab-ci-local copies the files of a job with it")
    found = shutil.which("gitlab-ci-local")
    if found is not None:
        return found
    if shutil.which("npm") is None:
        pytest.skip("neither gitlab-ci-local nor npm is installed")
    folder = tmp_path_factory.mktemp("gitlab-ci-local")
    npm = ["npm", "install", "--no-fund", "--no-audit", "--prefix", str(folder), GITLAB_CI_LOCAL]
    try:
        installed = subprocess.run(npm, capture_output=True, text=True, timeout=900, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm did not install gitlab-ci-local within 15 minutes")
    if installed.returncode != 0:
        pytest.skip(f"gitlab-ci-local cannot be had here: {installed.stderr.strip()[-300:]}")
    return str(folder / "node_modules" / ".bin" / "gitlab-ci-local")


@pytest.mark.timeout(2400)
def test_parallel_jobs_of_gitlab_record_one_run_and_keep_it_though_one_is_red(checkout, environ, gitlab_ci_local):
    """One after the other: gitlab-ci-local runs both in one folder, and the second adds to `.graven` of the first."""
    (block,) = blocks_of(PAGE, "gitlab")
    (checkout / ".gitlab-ci.yml").write_text(block)
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@shop.example"]
    for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "first"],
                  ["remote", "add", "origin", "git@gitlab.example:team/shop.git"]):  # fmt: skip
        subprocess.run([*git, *words], cwd=checkout, check=True, timeout=60)
    ran = subprocess.run(
        [gitlab_ci_local, "--force-shell-executor", "--concurrency", "1", "--no-color"],
        cwd=checkout, env=environ, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1, said
    kept = sorted((checkout / ".gitlab-ci-local" / "artifacts").glob("*/.graven"))
    assert len(kept) == 2, said
    # read as on another machine, which knows nothing of a log that has grown since
    found = [runs_of(path.parent, {**environ, "XDG_STATE_HOME": str(path.parent / "state")}) for path in kept]
    (run,) = max(found, key=lambda runs: len(runs[0]["shards"]))
    assert (run["run"].startswith("gitlab-"), run["shards"]) == (True, ["1/2", "2/2"])
    assert (run["state"], run["verdict"]) == ("complete", "failed")
    assert run["counts"] == {"passed": 2, "failed": 1}
    assert (run["commit"], run["branch"]) != ("", "")
    assert any("❌" in (path.parent / "graven.md").read_text() for path in kept)
