"""What a stack that is gone has left: its buckets and its ledger, taken into a new stack of the same name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import WaiterError

from local.rollout.stacks import DeployError

if TYPE_CHECKING:
    from collections.abc import Mapping

# What outlives its stack, and the property by which CloudFormation finds one that is there.
NAMED_BY: Final = {"AWS::S3::Bucket": "BucketName", "AWS::DynamoDB::Table": "TableName"}
CHANGE_SET: Final = "bring-back"


def import_of(template: Mapping[str, Any], parameters: Mapping[str, str]) -> dict[str, Any]:
    """Return a template of just what outlives a stack: CloudFormation imports what stands alone in one."""
    own_bucket = parameters.get("OwnRawBucket", "")
    kept = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] in NAMED_BY and not (name == "RawBucket" and own_bucket)
    }
    parts = ("AWSTemplateFormatVersion", "Parameters", "Conditions")
    return {part: template[part] for part in parts} | {"Resources": kept}


def bring_back(
    cloudformation: Any, account: str, stack: str, template: Mapping[str, Any], parameters: Mapping[str, str]
) -> list[str]:
    """Make the stack `stack` of what the one before it has left; return the names.

    DeployError when one of them is not there, or belongs to another stack.
    """
    small = import_of(template, parameters)
    named = {
        name: resource["Properties"][NAMED_BY[resource["Type"]]]["Fn::Sub"]
        .replace("${AWS::StackName}", stack)
        .replace("${AWS::AccountId}", account)
        for name, resource in small["Resources"].items()
    }
    known = parameters.keys() & template["Parameters"].keys()
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName=CHANGE_SET,
        ChangeSetType="IMPORT",
        TemplateBody=json.dumps(small),
        Parameters=[{"ParameterKey": name, "ParameterValue": parameters[name]} for name in sorted(known)],
        ResourcesToImport=[
            {
                "ResourceType": resource["Type"],
                "LogicalResourceId": name,
                "ResourceIdentifier": {NAMED_BY[resource["Type"]]: named[name]},
            }
            for name, resource in small["Resources"].items()
        ],
    )
    try:
        named_so = {"StackName": stack, "ChangeSetName": CHANGE_SET}
        cloudformation.get_waiter("change_set_create_complete").wait(**named_so, WaiterConfig={"Delay": 2})
        cloudformation.execute_change_set(**named_so)
        cloudformation.get_waiter("stack_import_complete").wait(StackName=stack, WaiterConfig={"Delay": 2})
    except WaiterError as error:
        raise DeployError(
            f"{stack}: {', '.join(named.values())} could not be taken into a new stack. Nothing of them was changed; "
            f"what is wrong: aws cloudformation describe-change-set --stack-name {stack} --change-set-name "
            f"{CHANGE_SET} ({error}). Then: aws cloudformation delete-stack --stack-name {stack}, and again"
        ) from error
    return sorted(named.values())
