"""MWAA's API for one environment: `InvokeRestApi` and `GetEnvironment` with AWS's checks, limits and errors.

Where AWS's documents are silent, the choice made here stands beside it in a comment.
"""

import contextlib
import json
import logging
import os
import re
import signal
import threading
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.endpoints import AccessDenied, AwsError, Caller, CloudUnreachableError, json_error
from local.mwaa.webserver import AIRFLOW_ROLES, RestCall, WebServer, WebServerError
from local.same_machine import only_from_this_machine

REQUESTS_PER_SECOND: Final = 10
MAX_PATH: Final = 64
METHODS: Final = ("GET", "PUT", "POST", "PATCH", "DELETE")
# A status other than AVAILABLE can be written here, below the runtime folder, to see how callers take it.
STATUS_FILE: Final = "mwaa_status"
_AVAILABLE: Final = "AVAILABLE"

logger = logging.getLogger(__name__)

# headers, method, raw path and query, body, action, resource ARN: local.endpoints.authorize
Authorize = Callable[[Mapping[str, str], str, str, bytes, str, str], Caller]


@dataclass(frozen=True)
class Environment:
    """The one environment there is; `account` is asked for when it is first needed."""

    name: str
    region: str
    account: Callable[[], str]
    airflow_version: str
    airflow_url: str
    dag_bucket: str
    runtime: Path

    def arn(self, kind: str, name: str) -> str:
        """Return an ARN: `environment` of a name, or `role` of a `name/Role`."""
        return f"arn:aws:airflow:{self.region}:{self.account()}:{kind}/{name}"

    def status(self) -> str:
        """Return the environment's status, AVAILABLE unless STATUS_FILE says otherwise."""
        try:
            return (self.runtime / STATUS_FILE).read_text().strip() or _AVAILABLE
        except FileNotFoundError:
            return _AVAILABLE


class RequestRate:
    """A token bucket: `per_second` requests a second, and as many at once; `clock` returns seconds that only grow."""

    def __init__(self, per_second: float, clock: Callable[[], float]) -> None:
        self._per_second = per_second
        self._clock = clock
        self._tokens = per_second
        self._filled = clock()

    def admits(self) -> bool:
        """Take a token, or say that there is none."""
        now = self._clock()
        self._tokens = min(self._per_second, self._tokens + (now - self._filled) * self._per_second)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def create_app(
    environment: Environment,
    web_server: WebServer,
    authorize: Authorize,
    rate: RequestRate,
    background: Callable[[], None] | None = None,
) -> Starlette:
    """Make the endpoint; `background` runs in a thread beside it, and its failure ends the process."""
    endpoint = _Endpoint(environment, web_server, authorize, rate)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        if background is not None:
            _start(background)
        yield
        await web_server.close()

    return Starlette(
        middleware=[Middleware(only_from_this_machine)],
        routes=[
            Route("/_health", _health),
            Route("/restapi/{name}", endpoint.invoke_rest_api, methods=["POST"]),
            Route("/environments/{name}", endpoint.get_environment, methods=["GET"]),
            Route("/{path:path}", _unknown, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
        ],
        exception_handlers={AwsError: _refusal, CloudUnreachableError: _cloud_is_gone},
        lifespan=lifespan,
    )


def _start(background: Callable[[], None]) -> None:
    def run() -> None:
        try:
            background()
        except BaseException:
            # A part that is half alive would be worse than one that the supervisor names as dead.
            logger.critical("the background task ended; so does this process", exc_info=True)
            os.kill(os.getpid(), signal.SIGTERM)
            raise

    threading.Thread(target=run, name="background", daemon=True).start()


class _Endpoint:
    def __init__(
        self, environment: Environment, web_server: WebServer, authorize: Authorize, rate: RequestRate
    ) -> None:
        self._environment = environment
        self._web_server = web_server
        self._authorize = authorize
        self._rate = rate

    async def invoke_rest_api(self, request: Request) -> Response:
        if not self._rate.admits():
            raise AwsError("ThrottlingException", "Rate exceeded", 429)
        body = await request.body()
        name = request.path_params["name"]
        role, caller = await run_in_threadpool(self._role_of_caller, request, body, name)
        rest = _rest_call(body)
        self._must_exist(name)
        if self._environment.status() != _AVAILABLE:
            # AWS: such an environment "might be unavailable"; how it then answers is not documented.
            raise AwsError("InternalServerException", f"The environment is {self._environment.status()}.", 500)
        try:
            answer = await self._web_server.call(rest, role, caller.arn.rsplit(":", 1)[-1])
        except WebServerError as error:
            raise AwsError("InternalServerException", str(error), 500) from error
        logger.info("%s %s as %s: %d", rest.method, rest.path, role, answer.status)
        fields = {"RestApiStatusCode": answer.status, "RestApiResponse": answer.content}
        if answer.status >= 400:  # noqa: PLR2004 HTTP's own border
            # Airflow's 4xx and 5xx differ only in the error's name: AWS sends both with HTTP 400, and no message.
            raise AwsError(
                "RestApiClientException" if answer.status < 500 else "RestApiServerException",  # noqa: PLR2004 as above
                "",
                400,
                **fields,
            )
        return _json(fields)

    async def get_environment(self, request: Request) -> Response:
        name = request.path_params["name"]
        body = await request.body()
        await run_in_threadpool(self._allowed, request, body, "airflow:GetEnvironment", "environment", name)
        self._must_exist(name)
        environment = self._environment
        return _json(
            {
                "Environment": {
                    "Name": environment.name,
                    "Arn": await run_in_threadpool(environment.arn, "environment", environment.name),
                    "Status": environment.status(),
                    "AirflowVersion": environment.airflow_version,
                    "WebserverUrl": urlsplit(environment.airflow_url).netloc,
                    "WebserverAccessMode": "PUBLIC_ONLY",
                    "SourceBucketArn": f"arn:aws:s3:::{environment.dag_bucket}",
                    "DagS3Path": "dags",
                }
            }
        )

    def _role_of_caller(self, request: Request, body: bytes, name: str) -> tuple[str, Caller]:
        """The strongest Airflow role that the caller's policies allow; a policy may name several or a wildcard."""
        refusal: AccessDenied | None = None
        for role in AIRFLOW_ROLES:
            try:
                return role, self._allowed(request, body, "airflow:InvokeRestApi", "role", f"{name}/{role}")
            except AccessDenied as denied:
                if denied.code != "AccessDeniedException":  # a bad signature stays bad
                    raise
                refusal = refusal or denied
        assert refusal is not None  # noqa: S101 there is at least one role
        raise refusal

    def _allowed(self, request: Request, body: bytes, action: str, kind: str, resource: str) -> Caller:
        # Signed as sent: the path still percent-encoded.
        target = request.scope["raw_path"].decode("ascii") + (f"?{request.url.query}" if request.url.query else "")
        arn = self._environment.arn(kind, resource)
        return self._authorize(request.headers, request.method, target, body, action, arn)

    def _must_exist(self, name: str) -> None:
        if name != self._environment.name:
            raise AwsError("ResourceNotFoundException", f"Environment {name} was not found.", 404)


def _rest_call(body: bytes) -> RestCall:
    """Read the request, or refuse it as AWS's model does; Airflow never sees a refused one."""
    try:
        sent = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", f"The request is not JSON: {error}") from error
    if not isinstance(sent, dict):
        raise AwsError("SerializationException", "The request is not a JSON object.")
    method, path, query = sent.get("Method"), sent.get("Path"), sent.get("QueryParameters") or {}
    wrong = [
        *_violation("method", method, method in METHODS, f"satisfy enum value set: [{', '.join(METHODS)}]"),
        *_violation("path", path, isinstance(path, str) and path != "", "have length greater than or equal to 1"),
        *_violation(
            "path",
            path,
            not isinstance(path, str) or len(path) <= MAX_PATH,
            f"have length less than or equal to {MAX_PATH}",
        ),
        *_violation("path", path, not isinstance(path, str) or stays_inside(path), "stay below Airflow's API"),
        *_violation("queryParameters", query, isinstance(query, dict), "be a JSON object"),
    ]
    if wrong:
        errors = f"{len(wrong)} validation error{'s' if len(wrong) > 1 else ''} detected: "
        raise AwsError("ValidationException", errors + "; ".join(wrong))
    return RestCall(str(method), str(path), query, sent.get("Body"))


def stays_inside(path: str) -> bool:
    """Whether a path names something below Airflow's API, however often it is percent-encoded."""
    while (plain := unquote(path)) != path:
        path = plain
    steps = re.split(r"[/\\;]", path)
    return not any(step.strip() in {".", ".."} for step in steps) and "//" not in path and path.isprintable()


def _violation(member: str, value: Any, holds: bool, must: str) -> list[str]:  # noqa: FBT001 the condition is the point
    if holds:
        return []
    return [f"Value {value!r} at '{member}' failed to satisfy constraint: Member must {must}"]


async def _health(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _unknown(request: Request) -> Response:
    raise AwsError(
        "UnknownOperationException",
        f"The twin's MWAA knows InvokeRestApi and GetEnvironment, not {request.method} {request.url.path}.",
        404,
    )


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, AwsError)  # noqa: S101 Starlette calls it for nothing else
    if not error.code.startswith("RestApi"):
        logger.info("refused: %s: %s", error.code, error.message)
    return json_error(error, str(uuid.uuid4()))


async def _cloud_is_gone(request: Request, error: Exception) -> Response:
    return await _refusal(request, AwsError("InternalServerException", str(error), 500))


def _json(content: Mapping[str, Any]) -> Response:
    return JSONResponse(content, headers={"x-amzn-requestid": str(uuid.uuid4())})
