"""The Data API over HTTP, each call with the rights that it needs on AWS."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local import json_api
from local.endpoints import Caller
from local.redshift.service import DataApi
from local.request_model import validate

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from local.json_api import Call
    from local.redshift.targets import Names

_ACTION: Final = "redshift-data:"
# A call with WaitTimeSeconds holds a thread for up to 30 s.
_WAITING_CALLS: Final = 256
_STARTS: Final = frozenset({"ExecuteStatement", "BatchExecuteStatement"})


# `local.endpoints.authorize`, or what a test puts in its place.
Authorize = Callable[[Iterable[tuple[str, str]], str, str, bytes, str, str, Mapping[str, str]], Caller]


@dataclass(frozen=True)
class Place:
    """Where the warehouse stands, for its ARNs; `account` is asked for when it is needed."""

    region: str
    account: Callable[[], str]

    def permissions(self, request: Mapping[str, str], names: Names) -> list[tuple[str, str]]:
        """Return the ARN that a call runs on, under "", then the other IAM actions it needs with the ARN of each.

        Documentation: "Authorizing access to the Amazon Redshift Data API". A workgroup's ARN ends in its id, which is
        no name: a policy that writes the name there works neither on AWS nor here.
        """
        if secret := request.get("SecretArn"):
            region = f"arn:aws:secretsmanager:{self.region}:{self.account()}"
            # The six letters that AWS puts behind a name are for policies to leave open.
            reading = ("secretsmanager:GetSecretValue", secret if ":" in secret else f"{region}:secret:{secret}-AAAAAA")
            return [*self.permissions({**request, "SecretArn": "", "DbUser": ""}, names)[:1], reading]
        if cluster := request.get("ClusterIdentifier"):
            start = f"arn:aws:redshift:{self.region}:{self.account()}"
            if user := request.get("DbUser"):
                credentials = ("redshift:GetClusterCredentials", f"{start}:dbuser:{cluster}/{user}")
            else:
                database = f"{start}:dbname:{cluster}/{request.get('Database', '')}"
                credentials = ("redshift:GetClusterCredentialsWithIAM", database)
            return [("", f"{start}:cluster:{cluster}"), credentials]
        named = request.get("WorkgroupName", "")
        if not named.startswith("arn:"):
            # One that does not exist has no id; any other than ours will do.
            identity = names.workgroup_id if named == names.workgroup else uuid.uuid5(uuid.NAMESPACE_URL, named)
            named = f"arn:aws:redshift-serverless:{self.region}:{self.account()}:workgroup/{identity}"
        return [("", named), ("redshift-serverless:GetCredentials", named)]


def application(api: DataApi, authorize: Authorize, place: Place) -> Starlette:
    """Return the endpoint."""

    def answer(call: Call) -> dict[str, Any]:
        caller = _authorized(api, authorize, place, call)
        validate("redshift-data", call.operation, call.arguments)
        return _OPERATIONS[call.operation](api, call.arguments, caller)

    return json_api.application("RedshiftData.", _OPERATIONS, answer, threads=_WAITING_CALLS)


_OPERATIONS: Final = {
    "BatchExecuteStatement": DataApi.batch_execute_statement,
    "CancelStatement": DataApi.cancel_statement,
    "DescribeStatement": DataApi.describe_statement,
    "ExecuteStatement": DataApi.execute_statement,
    "GetStatementResult": DataApi.get_statement_result,
}


def _authorized(api: DataApi, authorize: Authorize, place: Place, call: Call) -> Caller:
    """Return who calls, once IAM has allowed each thing that the call needs.

    What looks at a statement has no resource, so its policy says `*`, and may ask who made the statement.
    """

    def ask(action: str, arn: str, context: Mapping[str, str]) -> Caller:
        return authorize(list(call.headers.items()), call.method, call.target, call.body, action, arn, context)

    caller = ask("sts:GetCallerIdentity", "*", {})  # which nobody can be denied
    if call.operation in _STARTS:
        texts = {name: value for name, value in call.arguments.items() if isinstance(value, str)}
        (_, target), *others = place.permissions(texts, api.names)
        for action, arn in [(_ACTION + call.operation, target), *others]:
            ask(action, arn, {})
        return caller
    creator = api.history.creator(str(call.arguments.get("Id", "")))
    ask(_ACTION + call.operation, "*", {_ACTION + "statement-owner-iam-userid": creator or caller.user_id})
    return caller
