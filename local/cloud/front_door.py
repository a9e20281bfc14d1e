"""What the emulator lets in: requests of this machine, to the services that the twin serves, signed as they say.

MiniStack has some ninety services and pages of its own (reset among them) that ask for no credentials. A request
for anything that is not listed here is refused as not part of the twin.
"""

import contextvars
from typing import Any, Final

from local.cloud.emulator_hooks import hook, module
from local.cloud.requests import Answer, Complaint, Dispatch, Request, around_requests
from local.same_machine import App, Receive, Scope, Send, only_from_this_machine

# By the emulator's names. Glue's, MWAA's and Redshift's requests of programs go to the twin's own endpoints; the
# emulator's Glue only keeps the definition of the job.
SERVED: Final = frozenset({
    "cloudformation", "dynamodb", "events", "glue", "iam", "kms", "lambda", "logs", "monitoring", "s3", "scheduler",
    "secretsmanager", "sns", "sqs", "states", "sts",
})  # fmt: skip
_OWN_PAGES: Final = frozenset({"/_twin/authorize", "/_twin/used", "/_ministack/health"})


def close_the_front_door() -> None:
    """Serve the listed services only, and verify root's signature as everybody's."""
    around_requests(_served_only)
    _verify_root()


def guarded(inner: App) -> App:
    """Put the check of Host and Origin, and of the emulator's own pages, in front of it."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # No bucket begins with an underscore: these are pages for the emulator's operator.
        own_page = scope["type"] == "http" and scope["path"].startswith(("/_", "/.well-known", "/oauth2"))
        if scope["type"] == "websocket" or (own_page and scope["path"] not in _OWN_PAGES):
            await _not_found(scope, receive, send)
        else:
            await inner(scope, receive, send)

    return only_from_this_machine(app)


async def _not_found(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 404, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b""})


async def _served_only(request: Request, dispatch: Dispatch) -> Answer:
    if request.service not in SERVED:
        what = f"not in the twin: the service {request.service}. The twin has {', '.join(sorted(SERVED))}."
        return request.refused(Complaint("NotImplemented", what, 501))
    if not request.action:
        what = f"not in the twin: {request.method} {request.path} of {request.service}, which IAM has no action for"
        return request.refused(Complaint("NotImplemented", what, 501))
    return await dispatch(request)


def _verify_root() -> None:
    """Check the signature of a request by root's key; MiniStack takes the key's id for proof enough."""
    evaluator, app = module("ministack.core.iam_evaluator"), module("ministack.app")
    is_root, pin = evaluator._is_root_key, evaluator.pin_signed_request  # noqa: SLF001 the hook points
    pinning: contextvars.ContextVar[bool] = contextvars.ContextVar("twin_pinning", default=False)

    def is_root_key(access_key_id: str) -> bool:
        return not pinning.get() and bool(is_root(access_key_id))

    def pin_signed_request(*arguments: Any, **named: Any) -> None:
        token = pinning.set(True)
        try:
            pin(*arguments, **named)
        finally:
            pinning.reset(token)

    parameters = ("method", "raw_path", "query_params", "raw_headers", "handshake")
    hook(evaluator, "_is_root_key", is_root_key, ("access_key_id",))
    hook(evaluator, "pin_signed_request", pin_signed_request, parameters)
    hook(app, "pin_signed_request", pin_signed_request, parameters)
