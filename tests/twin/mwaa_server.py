"""The twin's MWAA for tests: an Airflow and an IAM that are none, and the endpoint between them."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import uvicorn
from botocore.config import Config
from botocore.exceptions import ClientError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from local.endpoints import AccessDenied, Caller
from local.mwaa.endpoint import Environment, RequestRate, create_app
from local.mwaa.webserver import WebServer

if TYPE_CHECKING:
    from mypy_boto3_mwaa import MWAAClient

SECRET = "the key that Airflow checks tokens with"  # noqa: S105 nobody else's
ROLE_ARN = "arn:aws:airflow:ap-northeast-1:123456789012:role/gate"
RUN = {"logical_date": None, "dag_run_id": "0123456789abcdef.1", "conf": {"note": None, "rows": 3}}


@dataclass
class FakeAirflow:
    """Answers as the test says and remembers what it was asked."""

    answer: Callable[[], Response] = field(default=lambda: JSONResponse({}))
    seconds: float = 0.0
    asked: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> Starlette:
        async def handle(request: Request) -> Response:
            body = await request.body()
            self.asked.append(
                {
                    "method": request.method,
                    "path": request.scope["raw_path"].decode(),
                    "query": request.query_params.multi_items(),
                    "body": json.loads(body) if body else None,
                    "claims": claims_of(request.headers["authorization"].removeprefix("Bearer ")),
                }
            )
            await asyncio.sleep(self.seconds)
            return self.answer()

        return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])


@dataclass
class FakeIam:
    """Allows the resource ARNs in `allowed`; `code` is the error for the others."""

    allowed: set[str]
    code: str = "AccessDeniedException"
    asked: list[tuple[str, str]] = field(default_factory=list)

    def authorize(self, _headers: Any, _method: str, _target: str, _body: bytes, action: str, arn: str) -> Caller:
        self.asked.append((action, arn))
        if arn not in self.allowed:
            raise AccessDenied(f"not authorized to perform: {action} on resource: {arn}", self.code)
        return Caller("arn:aws:sts::123456789012:assumed-role/intake/session", "123456789012", "AROAEXAMPLE:session")


@dataclass
class Stand:
    """A client, and what stands behind the endpoint it talks to."""

    client: "MWAAClient"
    airflow: FakeAirflow
    iam: FakeIam
    runtime: Path

    def invoke(self, path: str = "/dags/daily/dagRuns", method: Any = "POST", **more: Any) -> dict[str, Any]:
        return dict(self.client.invoke_rest_api(Name=more.pop("Name", "gate"), Path=path, Method=method, **more))


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as raised:
        call()
    return raised.value.response["Error"]["Code"]


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a token whose signature is Airflow's: HS512 over the first two parts."""
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha512).digest()
    assert base64.urlsafe_b64encode(expected).rstrip(b"=").decode() == signature
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(signed.split(".")[1] + "=="))
    assert claims["nbf"] <= time.time() < claims["exp"]
    return claims


def client_of(url: str) -> "MWAAClient":
    session = boto3.Session("AKIAEXAMPLE", "secret", region_name="ap-northeast-1")
    # Neither botocore's own checks nor its retries shall stand between the test and the endpoint.
    config = Config(inject_host_prefix=False, parameter_validation=False, retries={"total_max_attempts": 1}, proxies={})
    return session.client("mwaa", endpoint_url=url, config=config)


@contextlib.contextmanager
def endpoint(
    runtime: Path, airflow_url: str, iam: FakeIam, clock: Callable[[], float] = time.monotonic
) -> Iterator[str]:
    environment = Environment(
        name="gate",
        region="ap-northeast-1",
        account=lambda: "123456789012",
        airflow_version="3.3.1",
        airflow_url=airflow_url,
        dag_bucket="dag-bucket",
        runtime=runtime,
    )
    web_server = WebServer(airflow_url, lambda: SECRET, time.time)
    with served(create_app(environment, web_server, iam.authorize, RequestRate(10, clock))) as url:
        yield url


@contextlib.contextmanager
def served(app: Starlette) -> Iterator[str]:
    """Serve `app` on a free loopback port, in a thread."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)


@contextlib.contextmanager
def closed_port() -> Iterator[str]:
    """A loopback port on which nobody can listen meanwhile: it is bound, not listened on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"
