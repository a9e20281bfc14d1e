"""What the Glue endpoint answers: runs, limits, pages, refusals, rights."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from tests.twin.glue_server import (
    JOB,
    WAITING_SCRIPT,
    Twin,
    ended,
    run_of,
    twin,
)
from tests.waiting import eventually

__all__ = ["twin"]


def test_a_run_answers_what_the_job_and_the_call_asked_for(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = b""
    glue = twin.start()

    run_id = glue.start_job_run(JobName=JOB, Timeout=9, NumberOfWorkers=4)["JobRunId"]
    run = ended(glue, run_id)

    assert run_id.startswith("jr_")
    assert len(run_id) == 3 + 64
    expected = {"Id": run_id, "JobName": JOB, "Timeout": 9, "NumberOfWorkers": 4, "WorkerType": "G.1X",
                "GlueVersion": "5.0", "JobRunState": "SUCCEEDED", "LogGroupName": "/aws-glue/jobs", "MaxCapacity": 4.0,
                "ExecutionClass": "STANDARD"}  # fmt: skip
    assert expected.items() <= run.items()


def test_a_run_that_still_waits_for_its_turn_can_be_stopped(twin: Twin) -> None:
    twin.definition["ExecutionProperty"] = {"MaxConcurrentRuns": 10}
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()
    busy = [glue.start_job_run(JobName=JOB)["JobRunId"] for _ in range(2)]
    eventually(lambda: all(run_of(glue, run_id)["JobRunState"] == "RUNNING" for run_id in busy))
    waiting = glue.start_job_run(JobName=JOB)["JobRunId"]

    glue.batch_stop_job_run(JobName=JOB, JobRunIds=[waiting])

    assert run_of(glue, waiting)["JobRunState"] == "STOPPED"


def test_more_runs_at_once_than_the_job_allows_are_refused(twin: Twin) -> None:
    twin.s3.objects["s3://artifacts/job.py"] = WAITING_SCRIPT.encode()
    glue = twin.start()
    for _ in range(2):
        glue.start_job_run(JobName=JOB)

    with pytest.raises(glue.exceptions.ConcurrentRunsExceededException, match=f"Concurrent runs exceeded for {JOB}"):
        glue.start_job_run(JobName=JOB)


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"MaxCapacity": 2.0, "WorkerType": "G.1X"}, "InvalidInputException", "Max Capacity"),
        ({"JobRunQueuingEnabled": True}, "InvalidInputException", "does not do JobRunQueuingEnabled"),
        (
            {"WorkerType": "G.1X", "NumberOfWorkers": 1},
            "InvalidInputException",
            "minimum allowed value of Number of Wo",
        ),
        ({"NumberOfWorkers": 1}, "InvalidInputException", "minimum allowed value of Number of Workers is 2"),
        ({"WorkerType": "G.99X", "NumberOfWorkers": 2}, "ValidationException", "must satisfy enum value set"),
        ({"WorkerType": "G.1X"}, "InvalidInputException", "set both Worker Type and Number of Workers"),
        ({"Timeout": 10081}, "InvalidInputException", "at most 10080 minutes"),
    ],
)
def test_a_start_that_cannot_be_is_refused_and_leaves_no_run(
    twin: Twin, asked: dict[str, Any], code: str, told: str
) -> None:
    glue = twin.start()

    with pytest.raises(ClientError, match=told) as refused:
        glue.start_job_run(JobName=JOB, **asked)

    assert refused.value.response["Error"]["Code"] == code
    assert glue.get_job_runs(JobName=JOB)["JobRuns"] == []


def test_unknown_jobs_and_runs_are_entity_not_found(twin: Twin) -> None:
    glue = twin.start()

    for call in (
        lambda: glue.get_job(JobName="none"),
        lambda: glue.start_job_run(JobName="none"),
        lambda: glue.get_job_runs(JobName="none"),
        lambda: glue.get_job_run(JobName=JOB, RunId="jr_none"),
    ):
        with pytest.raises(glue.exceptions.EntityNotFoundException):
            call()


def test_the_deployed_definition_is_answered_as_it_is(twin: Twin) -> None:
    job = twin.start().get_job(JobName=JOB)["Job"]

    assert job["Command"]["ScriptLocation"] == "s3://artifacts/job.py"
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 2}


def test_runs_are_listed_from_the_newest_and_page_by_page(twin: Twin) -> None:
    twin.definition["ExecutionProperty"] = {"MaxConcurrentRuns": 10}
    twin.s3.objects["s3://artifacts/job.py"] = b""
    glue = twin.start()
    started = [glue.start_job_run(JobName=JOB)["JobRunId"] for _ in range(5)]

    pages = list(glue.get_paginator("get_job_runs").paginate(JobName=JOB, PaginationConfig={"PageSize": 2}))

    assert [len(page["JobRuns"]) for page in pages] == [2, 2, 1]
    assert [run["Id"] for page in pages for run in page["JobRuns"]] == started[::-1]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"Command": {"Name": "pythonshell", "ScriptLocation": "s3://artifacts/job.py"}}, "pythonshell"),
        ({"GlueVersion": "4.0"}, "Glue 4.0"),
        ({"DefaultArguments": {"--extra-py-files": "s3://artifacts/more.zip"}}, "--extra-py-files"),
        ({"DefaultArguments": {"--job-bookmark-option": "job-bookmark-enable"}}, "--job-bookmark-option"),
        ({"DefaultArguments": {"--enable-glue-datacatalog": "true"}}, "--enable-glue-datacatalog"),
        ({"DefaultArguments": {"--datalake-formats": "iceberg"}}, "--datalake-formats"),
        ({"MaxRetries": 1}, "MaxRetries"),
    ],
)
def test_what_this_twin_could_only_pretend_to_run_is_refused(twin: Twin, change: dict[str, Any], told: str) -> None:
    twin.definition.update(change)
    glue = twin.start()

    with pytest.raises(glue.exceptions.InvalidInputException, match=told):
        glue.start_job_run(JobName=JOB)


def test_other_operations_of_glue_are_refused_by_name(twin: Twin) -> None:
    glue = twin.start()

    with pytest.raises(ClientError, match="does not do CreateJob") as refused:
        glue.create_job(Name="x", Role="r", Command={})
    assert refused.value.response["Error"]["Code"] == "UnknownOperationException"


def test_the_callers_policies_decide(twin: Twin) -> None:
    arn = f"arn:aws:glue:ap-northeast-1:000000000000:job/{JOB}"
    twin.allowed = lambda action, resource: (action, resource) == ("glue:GetJob", arn)
    glue = twin.start()

    assert glue.get_job(JobName=JOB)["Job"]["Name"] == JOB
    with pytest.raises(ClientError, match="glue:StartJobRun") as refused:
        glue.start_job_run(JobName=JOB)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


def test_health_needs_no_signature(twin: Twin) -> None:
    twin.start()

    assert httpx.get(f"{twin.url}/_health", trust_env=False).text == "ok"
