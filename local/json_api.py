"""AWS's JSON protocol, as Glue and the Redshift Data API speak it: a POST to `/`, its X-Amz-Target the operation."""

from __future__ import annotations

import json
import logging
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from local.endpoints import AwsError, json_error
from local.same_machine import only_from_this_machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Mapping

    from starlette.datastructures import Headers
    from starlette.requests import Request

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Call:
    """One request; `target` is its path, still percent-encoded, with the query: it was signed like that."""

    operation: str
    arguments: dict[str, Any]
    headers: Headers
    method: str
    target: str
    body: bytes


def application(
    prefix: str,
    operations: Collection[str],
    answer: Callable[[Call], Mapping[str, Any]],
    *,
    threads: int = 40,
    close: Callable[[], object] = lambda: None,
) -> Starlette:
    """Return the web application that calls `answer`, whose AwsErrors become answers; `GET /_health` once it serves.

    `threads` calls may wait at once. `close` is called at the end.
    """

    async def call(request: Request) -> Response:
        body = await request.body()
        # A call may wait for others, for minutes: none may hold the event loop.
        return await run_in_threadpool(_respond, request, body)

    def _respond(request: Request, body: bytes) -> Response:
        request_id = str(uuid.uuid4())
        try:
            answered = answer(_call(request, body, prefix, operations))
        except AwsError as error:
            return json_error(error, request_id)
        except Exception as error:  # a client must see AWS's shape whatever happened
            logger.exception("request %s failed", request_id)
            message = f"The twin failed, and its log says where: {type(error).__name__}"
            return json_error(AwsError("InternalServerException", message, 500), request_id)
        headers = {"x-amzn-requestid": request_id}
        return JSONResponse(answered, headers=headers, media_type="application/x-amz-json-1.1")

    async def health(_request: Request) -> Response:
        return PlainTextResponse("ok")

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = threads
        yield
        await run_in_threadpool(close)

    routes = [Route("/", call, methods=["POST"]), Route("/_health", health)]
    return Starlette(routes=routes, lifespan=lifespan, middleware=[Middleware(only_from_this_machine)])


def _call(request: Request, body: bytes, prefix: str, operations: Collection[str]) -> Call:
    operation = request.headers.get("x-amz-target", "").removeprefix(prefix)
    if operation not in operations:
        asked = operation or "requests without X-Amz-Target"
        message = f"The twin does not do {asked} here; it does {', '.join(operations)}."
        raise AwsError("UnknownOperationException", message)
    try:
        arguments = json.loads(body or b"{}")
    except ValueError as error:
        raise AwsError("SerializationException", "The body is not JSON.") from error
    if not isinstance(arguments, dict):
        raise AwsError("SerializationException", "The body is not a JSON object.")
    target = request.scope["raw_path"].decode() + (f"?{request.url.query}" if request.url.query else "")
    return Call(operation, arguments, request.headers, request.method, target, body)
