"""What one run leaves in the log: start, cases with their values, finish."""

import json
import subprocess
import sys

TWO = """
    import pytest

    @pytest.fixture
    def cart():
        return {"items": [1, 2]}

    def test_good(cart):
        print("two items")

    def test_bad(cart):
        cart["items"].append(3)
        limit = 2
        assert cart == {"items": [1, limit]}
"""


def test_a_run_is_start_cases_and_finish_in_this_order(project):
    project.write(test_shop=TWO)
    assert project.run().returncode == 1
    assert [event["action"] for event in project.events()] == [
        "test.run.start",
        "test.case.finish",
        "test.case.finish",
        "test.run.finish",
    ]
    assert len({event["qa"]["run"] for event in project.events()}) == 1
    start, finish = project.events("test.run.start")[0], project.events("test.run.finish")[0]
    assert start["input"]["selected"] == ["test_shop.py::test_good", "test_shop.py::test_bad"]
    assert start["attributes"]["identity"] == "1"
    assert start["attributes"]["packages"]["pytest"]
    assert start["attributes"]["shard"] == finish["attributes"]["shard"]
    assert finish["output"] == {"failed": 1, "passed": 1}
    assert finish["qa"]["status"] == "failed"


def test_a_failure_keeps_both_objects_their_difference_and_the_locals(project):
    project.write(test_shop=TWO)
    project.run()
    bad = project.cases()["test_bad"]
    assert bad["outcome"] == "failure"
    assert bad["attributes"]["assertion"] == {
        "op": "==",
        "left": {"items": [1, 2, 3]},
        "right": {"items": [1, 2]},
        "diff": [{"op": "remove", "path": "/items/2", "was": 3}],
    }
    assert bad["error"]["type"] == "AssertionError"
    (frame,) = bad["error"]["stack"]
    assert frame["function"] == "test_bad"
    assert frame["locals"]["limit"] == 2


def test_a_fixture_is_kept_as_it_was_set_up_and_as_it_ended_when_that_differs(project):
    project.write(test_shop=TWO)
    project.run()
    assert project.cases()["test_good"]["input"]["fixtures"]["cart"] == {
        "scope": "function",
        "setup": {"items": [1, 2]},
    }
    assert project.cases()["test_bad"]["input"]["fixtures"]["cart"]["end"] == {"items": [1, 2, 3]}


def test_the_terminal_names_the_entry_of_a_failure_and_the_command_shows_it(project):
    project.write(test_shop=TWO)
    said = project.run().stdout
    (line,) = (line for line in said.splitlines() if line.startswith("entry "))
    assert line == "entry 2: graven test show test_shop.py::test_bad --data .graven"
    assert "4 events · log default has 4, root " in said
    shown = subprocess.run(
        [sys.executable, "-m", *line.removeprefix("entry 2: ").split(), "--json"],
        cwd=project.folder, env=project.environ(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(shown.stdout)["index"] == 2


def test_the_command_that_is_printed_verifies_the_log(project):
    project.write(test_shop=TWO)
    said = project.run().stdout
    command = next(line for line in said.splitlines() if "graven verify" in line).rpartition("· graven ")[2]
    checked = subprocess.run(
        [sys.executable, "-m", "graven", *command.split()],
        cwd=project.folder, env=project.environ(), capture_output=True, check=False, timeout=60,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr


def test_the_statuses_are_those_of_pytest(project):
    project.write(
        test_all="""
        import pytest, unittest

        @pytest.fixture
        def broken():
            raise RuntimeError("set-up")

        @pytest.fixture
        def breaks_later():
            yield 1
            raise RuntimeError("tear-down")

        def test_error(broken): pass
        def test_error_later(breaks_later): pass
        @pytest.mark.skip(reason="not today")
        def test_skip(): pass
        @pytest.mark.xfail(reason="known")
        def test_xfail(): assert 0
        @pytest.mark.xfail
        def test_xpass(): pass
        @pytest.mark.xfail(strict=True)
        def test_strict(): pass

        class TestOld(unittest.TestCase):
            def test_unittest(self): self.assertEqual(1, 1)
            def test_unittest_fails(self): self.assertEqual(1, 2)
        """
    )
    said = project.run()
    assert "could not be recorded" not in said.stdout
    assert project.statuses() == {
        "test_error": "error",
        "test_error_later": "error",
        "test_skip": "skipped",
        "test_xfail": "xfailed",
        "test_xpass": "xpassed",
        "test_strict": "xpassed",
        "test_unittest": "passed",
        "test_unittest_fails": "failed",
    }
    cases = project.cases()
    assert cases["test_strict"]["outcome"] == "failure"
    assert cases["test_xfail"]["outcome"] == "success"
    assert cases["test_skip"]["reason"] == "not today"
    assert cases["test_xfail"]["reason"] == "known"


def test_output_logs_warnings_parameters_and_markers_are_kept(project):
    project.write(
        test_loud="""
        import logging, sys, warnings
        import pytest

        @pytest.mark.parametrize("currency", ["eur", "usd"])
        @pytest.mark.filterwarnings("default")
        def test_loud(currency):
            print("on stdout")
            print("on stderr", file=sys.stderr)
            logging.getLogger("shop").warning("stock of %s is low", "lamp")
            warnings.warn("old call", DeprecationWarning)
        """
    )
    project.run()
    case = project.cases()["test_loud[eur]"]
    assert case["input"]["params"] == {"currency": "eur"}
    assert case["output"]["stdout"] == {"call": "on stdout\n"}
    assert case["output"]["stderr"] == {"call": "on stderr\n"}
    (logged,) = case["output"]["log"]
    assert (logged["level"], logged["logger"], logged["message"]) == ("WARNING", "shop", "stock of lamp is low")
    assert [warning["message"] for warning in case["attributes"]["warnings"]] == ["old call"]
    assert [marker["name"] for marker in case["attributes"]["markers"]] == ["filterwarnings"]


def test_generator_and_async_fixtures_show_the_value_that_the_test_got(project):
    project.write(
        test_kinds="""
        import pytest

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        def opened():
            yield {"kind": "generator"}

        @pytest.fixture
        async def awaited():
            return {"kind": "coroutine"}

        @pytest.fixture
        async def streamed():
            yield {"kind": "async generator"}

        @pytest.mark.anyio
        async def test_kinds(opened, awaited, streamed):
            assert opened is None
        """
    )
    project.run(plugins=("anyio.pytest_plugin",))
    fixtures = project.cases()["test_kinds"]["input"]["fixtures"]
    assert {name: fixtures[name]["setup"]["kind"] for name in ("opened", "awaited", "streamed")} == {
        "opened": "generator",
        "awaited": "coroutine",
        "streamed": "async generator",
    }


def test_deselected_tests_are_named_and_are_not_missing(project):
    project.write(test_shop=TWO)
    project.run("-k", "good")
    start = project.events("test.run.start")[0]
    assert start["input"]["deselected"] == ["test_shop.py::test_bad"]
    assert list(project.cases()) == ["test_good"]


def test_the_start_says_what_made_the_run_smaller_than_the_suite(project):
    project.write(test_shop=TWO)
    project.run()
    project.run("--lf", "test_shop.py")
    first, second = project.events("test.run.start")
    assert first["input"]["narrowed"] == {}
    assert second["input"]["narrowed"] == {"lf": True, "paths": ["test_shop.py"]}
    assert second["input"]["selected"] == ["test_shop.py::test_bad"]


def test_maxfail_says_why_the_run_stopped(project):
    project.write(test_many="def test_a(): assert 0\ndef test_b(): pass\n")
    project.run("--maxfail=1")
    finish = project.events("test.run.finish")[0]
    assert finish["qa"]["status"] == "failed"
    assert finish["attributes"]["stopped"] == "stopping after 1 failures"
    assert project.statuses() == {"test_a": "failed"}


def test_a_keyboard_interrupt_leaves_an_aborted_run_with_what_ran(project):
    project.write(test_many="def test_a(): pass\ndef test_b(): raise KeyboardInterrupt\ndef test_c(): pass\n")
    assert project.run().returncode == 2
    assert project.events("test.run.finish")[0]["qa"]["status"] == "interrupted"
    assert project.statuses()["test_a"] == "passed"
    assert "test_c" not in project.statuses()


def test_each_attempt_of_a_rerun_is_recorded(project):
    project.write(
        test_flaky="""
        tries = []
        def test_flaky():
            tries.append(1)
            assert len(tries) == 3
        """
    )
    project.run("--reruns", "3", plugins=("pytest_rerunfailures",))
    attempts = [(event["qa"]["attempt"], event["qa"]["status"]) for event in project.events("test.case.finish")]
    assert attempts == [(1, "failed"), (2, "failed"), (3, "passed")]
    assert project.events("test.run.finish")[0]["output"] == {"passed": 1}


def test_a_doctest_is_a_test(project):
    project.write(shop='def total():\n    """\n    >>> total()\n    3\n    """\n    return 3\n')
    project.run("--doctest-modules")
    assert project.statuses() == {"shop.total": "passed"}


def test_a_file_that_cannot_be_collected_is_an_error_of_the_run(project):
    project.write(test_broken="import nothing_of_that_name\n")
    assert project.run().returncode == 2
    (event,) = project.events("test.case.finish")
    assert event["qa"]["status"] == "error"
    assert "nothing_of_that_name" in event["error"]["message"]
    assert project.events("test.run.finish")[0]["qa"]["status"] == "interrupted"


def test_without_the_flag_nothing_of_graven_is_imported_and_no_directory_made(project):
    project.write(
        test_off="""
        import sys
        def test_off(request):
            loaded = {name for name in sys.modules if name.partition(".")[0] == "graven"}
            assert loaded == {"graven", "graven.pytest_plugin", "graven.pytest_plugin.entry"}
            assert not any("graven" in name for name, _ in request.config.pluginmanager.list_name_plugin()
                           if name != "graven.pytest_plugin.entry")
        """
    )
    assert project.run(flag="").returncode == 0
    assert project.run("--graven-level=off").returncode == 0
    assert not project.data.exists()


def test_the_ini_file_turns_recording_on_and_sets_the_level(project):
    project.write(test_shop=TWO)
    (project.folder / "pytest.ini").write_text("[pytest]\ngraven = true\ngraven_level = outcomes\n")
    project.run(flag="")
    case = project.cases()["test_bad"]
    assert "input" not in case
    assert "output" not in case
    assert "locals" not in case["error"]["stack"][0]


def test_graven_is_kept_out_of_version_control(project):
    project.write(test_shop=TWO)
    project.run()
    assert (project.data / ".gitignore").read_text() == "*\n"


def test_the_start_says_which_commit_with_which_changes_was_tested(project):
    project.write(test_shop=TWO)

    def git(*arguments):
        subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@shop.example", *arguments],
                       cwd=project.folder, check=True, capture_output=True)  # fmt: skip

    git("init", "-b", "main")
    git("add", ".")
    git("commit", "-m", "first")
    git("remote", "add", "origin", "https://me:hidden-word@git.shop.example/shop.git")
    project.write(test_shop=TWO + "\n")
    project.run()
    start = project.events("test.run.start")[0]
    repository = start["attributes"]["repository"]
    assert len(start["qa"]["commit"]) == 40
    assert start["qa"]["branch"] == "main"
    assert "test_shop.py" in repository["changed"]
    assert repository["author"] == "A <a@shop.example>"
    assert repository["dirty"]["diff"].startswith("sha256:")
    assert repository["repository"] == "https://git.shop.example/shop.git"


def test_a_call_seen_during_a_test_is_recorded_under_its_span(project):
    project.write(
        test_call="""
        import threading
        from graven.pytest_plugin import current, record_call

        def test_call():
            call = {"action": "queue.publish", "input": {"topic": "orders"}}
            threads = [threading.Thread(target=record_call, args=(call,)) for _ in range(2)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            assert current.get().phase == "call"
        """
    )
    project.run()
    (case,) = project.events("test.case.finish")
    first, second = project.events("queue.publish")
    assert case["qa"]["status"] == "passed"
    assert first["trace"]["parent_span_id"] == second["trace"]["parent_span_id"] == case["trace"]["span_id"]
    assert first["trace"]["trace_id"] == case["trace"]["trace_id"]
    assert first["trace"]["span_id"] != second["trace"]["span_id"]
    assert (first["qa"]["test"], first["qa"]["phase"]) == ("test_call.py::test_call", "call")


def test_jobs_of_ci_that_name_their_shard_join_one_run_and_others_do_not(project):
    project.write(test_shop=TWO)
    told = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "118", "GITHUB_JOB": "unit", "GITHUB_RUN_ATTEMPT": "1"}
    for shard in ({"GRAVEN_SHARD": "0"}, {"GRAVEN_SHARD": "1"}, {}, {}):
        project.run(**told, **shard)
    runs = [event["qa"]["run"] for event in project.events("test.run.start")]
    assert runs[:2] == ["github-118-1-unit"] * 2
    assert len(set(runs)) == 3
    assert all(run.startswith("github-118-1-unit-") for run in runs[2:])


def test_without_a_repository_the_commit_and_branch_are_those_of_the_ci_job(project):
    project.write(test_shop=TWO)
    project.run(GITLAB_CI="true", CI_PIPELINE_ID="77", CI_COMMIT_SHA="c0ffee", CI_COMMIT_BRANCH="main")
    qa = project.events("test.run.start")[0]["qa"]
    assert (qa["commit"], qa["branch"], qa["build"]) == ("c0ffee", "main", "77")


def test_the_commands_at_the_end_work_where_another_log_is_the_default_of_the_shell(project):
    project.write(test_shop=TWO)
    said = project.run(GRAVEN_LOG="ci").stdout
    failing = next(line for line in said.splitlines() if line.startswith("entry "))
    last = next(line for line in said.splitlines() if line.startswith("run "))
    commands = [failing.partition(": ")[2], *last.split(" · ")[2:]]
    assert [command.split()[1] for command in commands] == ["test", "open", "verify"]
    for command in commands:
        ran = subprocess.run(
            ["bash", "-c", command], cwd=project.folder, env=project.environ(GRAVEN_LOG="ci"),
            capture_output=True, check=False, timeout=60,
        )  # fmt: skip
        assert ran.returncode == 0, (command, ran.stderr)


def test_the_commands_at_the_end_are_for_the_folder_in_which_pytest_was_started(project):
    (project.folder / "deep").mkdir()
    project.write(**{"deep/test_shop": TWO})
    said = subprocess.run(
        project.command("test_shop.py"), cwd=project.folder / "deep", env=project.environ(),
        capture_output=True, text=True, timeout=120, check=False,
    ).stdout  # fmt: skip
    command = next(line for line in said.splitlines() if line.startswith("run ")).split(" · ")[2]
    opened = subprocess.run(
        ["bash", "-c", command], cwd=project.folder / "deep", env=project.environ(),
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "test_bad" in opened.stdout, opened.stderr


def test_what_a_log_record_says_was_raised_is_kept_with_its_traceback(project):
    project.write(
        test_logs="""
import logging
def test_logs():
    try:
        {}["sku"]
    except KeyError:
        logging.getLogger("shop").exception("Exception on /orders")
    assert False
"""
    )
    project.run()
    (record,) = project.cases()["test_logs"]["output"]["log"]
    assert record["exception"]["type"] == "KeyError"
    assert record["exception"]["traceback"].splitlines()[-1] == "KeyError: 'sku'"
