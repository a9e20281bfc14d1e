"""Every request to the emulator passes here, between its front door and the service: the twin may look at it first."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from local.cloud.emulator_hooks import hook, module

# Status, headers and body, as the emulator's services answer.
Answer = tuple[int, dict[str, str], Any]


@dataclass(frozen=True)
class Complaint:
    """Why AWS would not do what a request asks for, or why the twin does not."""

    code: str
    message: str
    status: int = 400


@dataclass(frozen=True)
class Request:
    """One request as it came; `action` is IAM's name of it, such as `s3:GetObject`, empty when IAM has none."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    query: Mapping[str, Any]
    id: str

    @cached_property
    def parameters(self) -> Mapping[str, Any]:
        """The query's parameters, and those of a form in the body."""
        app = module("ministack.app")
        found: Mapping[str, Any] = app._routing_params(self.method, self.path, self.headers, self.body, self.query)  # noqa: SLF001 the emulator's own step
        return found

    @cached_property
    def service(self) -> str:
        """The emulator's name of the service."""
        app = module("ministack.app")
        return str(app.detect_service(self.method, self.path, self.headers, self.parameters))

    @cached_property
    def action(self) -> str:
        """IAM's name of what is asked for."""
        find = module("ministack.core.iam_actions").extract_iam_action
        return find(self.service, self.method, self.path, self.headers, self.body, self.parameters) or ""

    @cached_property
    def json(self) -> Mapping[str, Any]:
        """The body's JSON object; empty when it has none."""
        try:
            found = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def bucket(self) -> str:
        """The bucket of a request to S3."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The key of a request to S3; empty when it is about the bucket."""
        return self.path.lstrip("/").partition("/")[2]

    def text(self, name: str) -> str:
        """Return a query parameter or form field; empty when there is none."""
        value = self.parameters.get(name, "")
        return str(value[0] if isinstance(value, list) else value)

    def last_part(self) -> str:
        """Return what the path names last."""
        return unquote(self.path.rstrip("/").rpartition("/")[2])

    def denied(self, action: str, resource: str, context: Mapping[str, Any] | None = None) -> str | None:
        """Return the ARN of the caller when no policy allows it that action; None when one does."""
        evaluator, router = module("ministack.core.iam_evaluator"), module("ministack.core.router")
        key, region = router.extract_access_key_id(self.headers, self.query), router.extract_region(self.headers)
        found = evaluator.enforce(key, action, action.partition(":")[0], region, resource, context)
        if found is None:
            return None
        return str(getattr(found, "principal_arn", "") or key)

    def refused(self, complaint: Complaint) -> Answer:
        """Return the answer in the service's own protocol."""
        write = module("ministack.core.iam_actions").access_denied_response
        _, headers, body = write(
            self.service, self.action, "", self.id,
            error_code=complaint.code, message=complaint.message, headers=self.headers,
        )  # fmt: skip
        return complaint.status, headers, body


Dispatch = Callable[[Request], Awaitable[Answer]]


def around_requests(wrapper: Callable[[Request, Dispatch], Awaitable[Answer]]) -> None:
    """Pass every request through `wrapper`, together with what has answered it until now."""
    app = module("ministack.app")
    dispatch = app._dispatch_service_request  # noqa: SLF001 the hook point

    async def inner(request: Request) -> Answer:
        answer: Answer = await dispatch(
            request.method, request.path, request.headers, request.body, request.query, request.id
        )
        return answer

    async def wrapped(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query_params: Any, request_id: str
    ) -> Answer:
        return await wrapper(Request(method, path, headers, body, query_params, request_id), inner)

    hook(
        app, "_dispatch_service_request", wrapped,
        ("method", "path", "headers", "body", "query_params", "request_id"),
    )  # fmt: skip
