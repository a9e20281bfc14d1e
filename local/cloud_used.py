"""Which rights were used: whoever was allowed an action leaves a trace, so that a right nobody needs can be found."""

import json
from collections.abc import Mapping
from typing import Any

from local.cloud_hooks import hook, module
from local.cloud_iam import App, Receive, Scope, Send

_used: set[tuple[str, str]] = set()


def remember_used_rights(inner: App) -> App:
    """Remember (principal ARN, action) of everything that IAM allows, and give it at `GET /_twin/used`."""
    evaluator, responses = module("ministack.core.iam_evaluator"), module("ministack.core.responses")
    enforce = evaluator.enforce

    def remembering(
        access_key_id: str,
        iam_action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: Mapping[str, Any] | None = None,
    ) -> Any:
        denied = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        if denied is None and access_key_id:
            caller = evaluator.resolve_principal(access_key_id, responses.get_account_id())
            _used.add((getattr(caller, "arn", ""), iam_action))
        return denied

    hook(
        evaluator, "enforce", remembering,
        ("access_key_id", "iam_action", "service", "region", "resource_arn", "service_context"),
    )  # fmt: skip

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/_twin/used":
            await inner(scope, receive, send)
            return
        answer = json.dumps(sorted(_used)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
