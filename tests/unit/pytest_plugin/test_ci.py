import pytest

from graven.pytest_plugin.ci import CiJob, job_of

GITHUB = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_RUN_ID": "118",
    "GITHUB_RUN_ATTEMPT": "1",
    "GITHUB_JOB": "unit",
    "GITHUB_SHA": "c0ffee",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REF_NAME": "main",
}
GITLAB = {
    "GITLAB_CI": "true",
    "CI_PIPELINE_ID": "77",
    "CI_JOB_ID": "901",
    "CI_JOB_NAME": "unit",
    "CI_NODE_TOTAL": "1",
    "CI_COMMIT_SHA": "c0ffee",
    "CI_COMMIT_BRANCH": "main",
}


def test_outside_of_ci_nothing_is_known():
    assert job_of({"HOME": "/home/me"}) == CiJob()


def test_a_build_number_and_a_shard_are_taken_from_any_ci():
    assert job_of({"BUILD_NUMBER": "12", "GRAVEN_SHARD": "a"}) == CiJob(build="12", shard="a")


def test_shards_of_a_github_job_join_one_run():
    first, second = (job_of({**GITHUB, "GRAVEN_SHARD": shard}) for shard in ("0", "1"))
    assert first.is_shared
    assert first.run == second.run == "github-118-1-unit"
    assert (first.shard, second.shard) == ("0", "1")


def test_jobs_of_a_github_matrix_that_name_no_shard_do_not_join():
    assert not job_of(GITHUB).is_shared


@pytest.mark.parametrize("change", [{"GITHUB_RUN_ATTEMPT": "2"}, {"GITHUB_JOB": "e2e"}, {"GITHUB_RUN_ID": "119"}])
def test_another_attempt_job_or_workflow_run_is_another_run(change):
    shard = {"GRAVEN_SHARD": "0"}
    assert job_of({**GITHUB, **shard}).run != job_of({**GITHUB, **shard, **change}).run


def test_github_names_commit_branch_and_build():
    job = job_of(GITHUB)
    assert (job.commit, job.branch, job.build) == ("c0ffee", "main", "118")


def test_the_branch_of_a_pull_request_is_its_own_and_not_the_merge():
    job = job_of({**GITHUB, "GITHUB_HEAD_REF": "topic", "GITHUB_REF_NAME": "5/merge"})
    assert job.branch == "topic"


def test_a_tag_is_no_branch():
    assert job_of({**GITHUB, "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1"}).branch == ""


@pytest.mark.parametrize("name", ["unit {}/2", "unit: [{}/2]"])
def test_parallel_jobs_of_gitlab_join_one_run_by_themselves(name):
    first, second = (
        job_of({**GITLAB, "CI_JOB_NAME": name.format(n), "CI_NODE_INDEX": str(n), "CI_NODE_TOTAL": "2"}) for n in (1, 2)
    )
    assert first.is_shared
    assert first.run == second.run == "gitlab-77-unit"
    assert (first.shard, second.shard) == ("1/2", "2/2")


def test_jobs_of_a_gitlab_matrix_do_not_join_unless_they_name_their_shard():
    matrix = {**GITLAB, "CI_JOB_NAME": "unit: [3.11, pg15]", "CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}
    assert not job_of(matrix).is_shared
    named = job_of({**matrix, "GRAVEN_SHARD": "pg15"})
    assert (named.run, named.is_shared) == ("gitlab-77-unit", True)


def test_a_gitlab_job_that_is_not_parallel_is_a_run_of_its_own():
    assert not job_of(GITLAB).is_shared


def test_the_branch_of_a_merge_request_is_its_source():
    change = {"CI_COMMIT_BRANCH": "", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "topic"}
    assert job_of({**GITLAB, **change}).branch == "topic"


def test_a_job_name_cannot_put_anything_odd_into_the_name_of_a_run():
    run = job_of({**GITLAB, "CI_JOB_NAME": "deploy/../\n tests: é" + "x" * 500}).run
    assert run.startswith("gitlab-77-deploy-..-tests-x")
    assert len(run) == 100
