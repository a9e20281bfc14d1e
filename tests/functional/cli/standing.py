"""A stack whose functions run in this process: what the commands that ask a stack find."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from tests.functional.sweep.swept import HOUR, NOON, World, key_of

if TYPE_CHECKING:
    from types import ModuleType

    from suimon.drops.drop import DropRecord
    from tests.functional.conftest import LambdaContext

DAY = "2026-11-20"
FOLDER = f"sales/{DAY}/run/"


@dataclass
class Functions:
    """Lambda, with the stack's functions in this process."""

    apps: dict[str, ModuleType]
    context: LambdaContext
    moto: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.moto, name)

    def invoke(self, **request: Any) -> dict[str, Any]:
        name, _, _alias = request["FunctionName"].partition(":")
        context = replace(self.context, invoked_function_arn=f"arn:{request['FunctionName']}")
        answer = self.apps[name].handler(json.loads(request["Payload"]), context)
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


@dataclass
class CloudFormation:
    """The outputs of the stack."""

    outputs: dict[str, str]

    def describe_stacks(self, **request: Any) -> dict[str, Any]:
        assert request == {"StackName": "prod"}
        outputs = [{"OutputKey": name, "OutputValue": value} for name, value in self.outputs.items()]
        stack = {"StackStatus": "UPDATE_COMPLETE", "Outputs": outputs}
        return {"Stacks": [stack], "ResponseMetadata": {"HTTPHeaders": {}}}


def validating(world: World, number: int) -> DropRecord:
    record = world.receive(world.put(key_of(DAY), body=f"{number}"), f"0{number}")
    return world.ledger.claim(record, NOON - HOUR, owner="a", lease=timedelta(minutes=16), attempt=1)
