"""The Data API over HTTP: awsJson1.1, one POST to `/` whose X-Amz-Target names the operation."""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.endpoints import AwsError, Caller, json_error
from local.redshift import validation
from local.redshift.service import DataApi, validate
from local.same_machine import only_from_this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping

    from starlette.requests import Request

    from local.redshift.targets import Names

logger = logging.getLogger(__name__)

_TARGET: Final = "RedshiftData."
_ACTION: Final = "redshift-data:"
# A call with WaitTimeSeconds holds a thread for up to 30 s; anyio's own limit is 40.
_WAITING_CALLS: Final = 256
_STARTS: Final = frozenset({"ExecuteStatement", "BatchExecuteStatement"})


class Authorize(Protocol):
    """`local.endpoints.authorize`, or what a test puts in its place."""

    def __call__(  # noqa: D102 as in local.endpoints
        self,
        request_headers: Mapping[str, str] | Iterable[tuple[str, str]],
        method: str,
        raw_path_and_query: str,
        body: bytes,
        action: str,
        resource_arn: str,
        context: Mapping[str, str],
        /,
    ) -> Caller: ...


@dataclass(frozen=True)
class Place:
    """Where the warehouse stands, for its ARNs; `account` is asked for when it is needed."""

    region: str
    account: Callable[[], str]

    def permissions(self, request: Mapping[str, str], names: Names) -> list[tuple[str, str]]:
        """Give the ARN that a call runs on, under "", then the other IAM actions it needs with the ARN of each.

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
    """Build the endpoint; `GET /_health` answers once it serves."""

    async def call(request: Request) -> Response:
        body = await request.body()
        # Statements wait for each other's locks and callers for statements: neither may hold the event loop.
        return await run_in_threadpool(_answer, api, authorize, place, request, body)

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    @asynccontextmanager
    async def many_waiting(_app: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = _WAITING_CALLS
        yield

    routes = [Route("/", call, methods=["POST"]), Route("/_health", health)]
    return Starlette(routes=routes, lifespan=many_waiting, middleware=[Middleware(only_from_this_machine)])


def _answer(api: DataApi, authorize: Authorize, place: Place, request: Request, body: bytes) -> Response:
    request_id = str(uuid.uuid4())
    try:
        operation = _operation(request)
        arguments = _arguments(body)
        caller = _authorized(api, authorize, place, operation, arguments, request, body)
        validate(operation, arguments)
        result = _OPERATIONS[operation](api, arguments, caller)
    except AwsError as error:
        return json_error(error, request_id)
    except Exception:
        logger.exception("request %s failed", request_id)
        message = "The twin's Redshift failed; its log says where."
        return json_error(AwsError("InternalServerException", message, 500), request_id)
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
    api: DataApi,
    authorize: Authorize,
    place: Place,
    operation: str,
    arguments: Mapping[str, Any],
    request: Request,
    body: bytes,
) -> Caller:
    """Give who calls, once IAM has allowed each thing that the call needs.

    What looks at a statement has no resource, so its policy says `*`, and may ask who made the statement.
    """

    def ask(action: str, arn: str, context: Mapping[str, str]) -> Caller:
        path = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
        return authorize(list(request.headers.items()), request.method, path, body, action, arn, context)

    caller = ask("sts:GetCallerIdentity", "*", {})  # which nobody can be denied
    if operation in _STARTS:
        texts = {name: value for name, value in arguments.items() if isinstance(value, str)}
        (_, target), *others = place.permissions(texts, api.names)
        for action, arn in [(_ACTION + operation, target), *others]:
            ask(action, arn, {})
        return caller
    creator = api.history.creator(str(arguments.get("Id", "")))
    ask(_ACTION + operation, "*", {_ACTION + "statement-owner-iam-userid": creator or caller.user_id})
    return caller
