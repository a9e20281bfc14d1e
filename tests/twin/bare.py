"""A stack without what its functions do: the template deployed into the shared cloud with empty code."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

from local.template_check.reading import of_type
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.twin import Twin

CODE: Final = "suimon-bare-code"  # the bucket with the template and the empty code
NEEDED: Final = {
    "AlertEmail": "data-alerts@suimon.test",
    "MwaaEnvironment": "suimon-local",
    "RedshiftWorkgroup": "suimon-local",
    "RedshiftWorkgroupId": "6f1d2c8e-3a47-4b0e-9c55-8e2f7d90b1a4",
}
Outputs = dict[str, str]


def deploy(
    cloud: Twin, template: Mapping[str, Any], stack: str, parameters: Mapping[str, str], *, over: bool = False
) -> Outputs:
    """Create or update the stack with functions that log what they get and answer by which name they were called."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr(
            "app.py", "def handler(event, context):\n    print(event)\n    return context.invoked_function_arn\n"
        )
    machine = (cloud.root / "statemachine" / "replay.asl.json").read_bytes()
    s3 = cloud.session().client("s3")
    if CODE not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        s3.create_bucket(Bucket=CODE, CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    whole: dict[str, Any] = json.loads(json.dumps(template))
    for _, function in of_type(whole, "AWS::Serverless::Function"):
        function["Properties"]["CodeUri"] = {"Bucket": CODE, "Key": "code.zip"}
        function.pop("Metadata")
    for _, one in of_type(whole, "AWS::Serverless::StateMachine"):
        one["Properties"]["DefinitionUri"] = {"Bucket": CODE, "Key": "replay.asl.json"}
    for key, body in (
        ("code.zip", archive.getvalue()),
        ("replay.asl.json", machine),
        ("t", json.dumps(whole).encode()),
    ):
        s3.put_object(Bucket=CODE, Key=key, Body=body)
    client = cloud.session().client("cloudformation")
    make = client.update_stack if over else client.create_stack
    make(
        StackName=stack,
        TemplateURL=f"{cloud.endpoint()}/{CODE}/t",
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )

    def described() -> dict[str, Any] | None:
        [found] = client.describe_stacks(StackName=stack)["Stacks"]
        return dict(found) if not found["StackStatus"].endswith("IN_PROGRESS") else None

    found = eventually(described, "the stack's creation")
    assert found["StackStatus"] == ("UPDATE_COMPLETE" if over else "CREATE_COMPLETE"), found.get("StackStatusReason")
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
