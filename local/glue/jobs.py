"""The deployed job as CloudFormation left it in the twin's AWS."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

from local.endpoints import AwsError

DEFAULT_CONCURRENT_RUNS: Final = 1  # CloudFormation's, where a job does not say


@dataclass(frozen=True)
class Job:
    """A job definition; `timeout` in minutes, `definition` as GetJob answers it."""

    name: str
    role: str
    kind: str
    script_location: str
    arguments: Mapping[str, str]
    fixed_arguments: Mapping[str, str]
    timeout: int
    max_concurrent_runs: int
    glue_version: str
    definition: Mapping[str, Any]


def deployed_job(root: boto3.Session, endpoint: str, name: str) -> Job:
    """Look a job up.

    Args:
        root: a session that may read jobs and stacks.
        endpoint: the twin's AWS (not this Glue).
        name: the job's name.

    Raises:
        AwsError: EntityNotFoundException when no such job is deployed.

    """
    try:
        found: dict[str, Any] = dict(root.client("glue", endpoint_url=endpoint).get_job(JobName=name)["Job"])
    except ClientError as error:
        if error.response["Error"]["Code"] == "EntityNotFoundException":
            raise AwsError("EntityNotFoundException", f"Job with name: [{name}] not found.") from error
        raise
    # MiniStack forgets how many runs the template allows at once, so the deployed template is asked.
    properties = next(_deployed_properties(root, endpoint, name), {})
    limit = properties.get("ExecutionProperty", {}).get("MaxConcurrentRuns", DEFAULT_CONCURRENT_RUNS)
    # A parameter stays text in MiniStack where CloudFormation makes a number of it.
    numbers: dict[str, Any] = {one: int(found[one]) for one in ("NumberOfWorkers", "Timeout") if one in found}
    return job_of({**found, **numbers, "ExecutionProperty": {"MaxConcurrentRuns": int(limit)}})


def job_of(definition: Mapping[str, Any]) -> Job:
    """Read a definition as GetJob gives it."""
    command = definition["Command"]
    return Job(
        name=definition["Name"],
        role=definition["Role"],
        kind=command.get("Name", ""),
        script_location=command.get("ScriptLocation", ""),
        arguments=definition.get("DefaultArguments", {}),
        fixed_arguments=definition.get("NonOverridableArguments", {}),
        timeout=definition.get("Timeout", 480),
        max_concurrent_runs=definition["ExecutionProperty"]["MaxConcurrentRuns"],
        glue_version=definition.get("GlueVersion", ""),
        definition={key: _json(value) for key, value in definition.items() if value not in (None, "", {})},
    )


def _deployed_properties(root: boto3.Session, endpoint: str, name: str) -> Iterator[Mapping[str, Any]]:
    cloudformation = root.client("cloudformation", endpoint_url=endpoint)
    for page in cloudformation.get_paginator("describe_stacks").paginate():
        for stack in (stack["StackName"] for stack in page["Stacks"]):
            for resource in cloudformation.describe_stack_resources(StackName=stack)["StackResources"]:
                if (resource["ResourceType"], resource.get("PhysicalResourceId")) == ("AWS::Glue::Job", name):
                    template = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
                    body = json.loads(template) if isinstance(template, str) else template
                    yield body["Resources"][resource["LogicalResourceId"]]["Properties"]


def _json(value: Any) -> Any:
    return value.timestamp() if isinstance(value, datetime) else value
