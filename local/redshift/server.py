"""The Data API over HTTP: awsJson1.1, one POST to `/` whose X-Amz-Target names the operation."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.aws import AwsError, Caller, json_error
from local.redshift import validation
from local.redshift.service import DataApi, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from starlette.requests import Request

_TARGET: Final = "RedshiftData."
_ACTION: Final = "redshift-data:"
_STARTS: Final = frozenset({"ExecuteStatement", "BatchExecuteStatement"})
_WORKGROUP_IDS: Final = uuid.UUID("6d1a5f0e-8f65-4a53-9c1e-0b7c2f0d7e11")  # any constant: a namespace of UUIDs


class Authorize(Protocol):
    """`local.aws.authorize`, or what a test puts in its place."""

    def __call__(  # noqa: D102 as in local.aws
        self,
        request_headers: Mapping[str, str] | Iterable[tuple[str, str]],
        method: str,
        raw_path_and_query: str,
        body: bytes,
        action: str,
        resource_arn: str,
        /,
    ) -> Caller: ...


@dataclass(frozen=True)
class Place:
    """Where the warehouse stands, for its ARNs; `account` is asked for when it is needed."""

    region: str
    account: Callable[[], str]

    def resources(self, request: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Give the ARN that a call runs on, then the other IAM actions it needs with the ARN of each.

        Documentation: "Authorizing access to the Amazon Redshift Data API". A workgroup's ARN ends in its id, which is
        no name: a policy that writes the name there works neither on AWS nor here.
        """
        cluster, database = request.get("ClusterIdentifier"), request.get("Database", "")
        if cluster:
            start = f"arn:aws:redshift:{self.region}:{self.account()}"
            user = request.get("DbUser")
            credentials = (
                ("redshift:GetClusterCredentials", f"{start}:dbuser:{cluster}/{user}")
                if user
                else ("redshift:GetClusterCredentialsWithIAM", f"{start}:dbname:{cluster}/{database}")
            )
            return [("", f"{start}:cluster:{cluster}"), credentials]
        named = request.get("WorkgroupName", "")
        identity = uuid.uuid5(_WORKGROUP_IDS, named)
        arn = (
            named
            if named.startswith("arn:")
            else (f"arn:aws:redshift-serverless:{self.region}:{self.account()}:workgroup/{identity}")
        )
        return [("", arn), ("redshift-serverless:GetCredentials", arn)]


def application(api: DataApi, authorize: Authorize, place: Place) -> Starlette:
    """Build the endpoint; `GET /_health` answers once it serves."""

    async def call(request: Request) -> Response:
        body = await request.body()
        # Statements wait for each other's locks and callers for statements: neither may hold the event loop.
        return await run_in_threadpool(_answer, api, authorize, place, request, body)

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    return Starlette(routes=[Route("/", call, methods=["POST"]), Route("/_health", health)])


def _answer(api: DataApi, authorize: Authorize, place: Place, request: Request, body: bytes) -> Response:
    request_id = str(uuid.uuid4())
    try:
        operation = _operation(request)
        arguments = _arguments(body)
        caller = _authorized(authorize, place, operation, arguments, request, body)
        validate(operation, arguments)
        result = _OPERATIONS[operation](api, arguments, _owner(caller))
    except AwsError as error:
        return json_error(error, request_id)
    return JSONResponse(result, headers={"x-amzn-requestid": request_id}, media_type="application/x-amz-json-1.1")


_OPERATIONS: Final = {
    "BatchExecuteStatement": DataApi.batch_execute_statement,
    "CancelStatement": DataApi.cancel_statement,
    "DescribeStatement": DataApi.describe_statement,
    "ExecuteStatement": DataApi.execute_statement,
    "GetStatementResult": DataApi.get_statement_result,
    "ListStatements": DataApi.list_statements,
}


def _operation(request: Request) -> str:
    operation = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
    if operation not in validation.OPERATIONS:
        raise AwsError("UnknownOperationException", f"The twin's Redshift Data API has no operation {operation!r}.")
    return operation


def _arguments(body: bytes) -> dict[str, Any]:
    try:
        arguments = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "The body is not JSON.") from error
    if not isinstance(arguments, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    return arguments


def _authorized(
    authorize: Authorize, place: Place, operation: str, arguments: Mapping[str, Any], request: Request, body: bytes
) -> Caller:
    """Ask IAM for every permission of the call. What looks at a statement has no resource: its policy needs `*`."""
    path = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
    needed = [(_ACTION + operation, "*")]
    if operation in _STARTS:
        (_, target), *others = place.resources({k: v for k, v in arguments.items() if isinstance(v, str)})
        needed = [(_ACTION + operation, target), *others]
    headers = [(name, value) for name, value in request.headers.items()]
    callers = [authorize(headers, request.method, path, body, action, arn) for action, arn in needed]
    return callers[0]


def _owner(caller: Caller) -> str:
    """Give who owns a statement: a user, or a role whatever its session (documentation: "Considerations …")."""
    start, middle, rest = caller.arn.partition(":assumed-role/")
    return f"{start}{middle}{rest.partition('/')[0]}" if middle else caller.arn
