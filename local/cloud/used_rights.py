"""Which rights were used: whoever was allowed an action leaves a trace, so that a right nobody needs can be found."""

import json
from typing import Any

from local.cloud.emulator_hooks import module
from local.cloud.iam_enforcement import Asked, Decide, around_enforcement
from local.same_machine import App, Receive, Scope, Send

_used: set[tuple[str, str]] = set()


def remember_used_rights(inner: App) -> App:
    """Remember (principal ARN, action) of everything that IAM allows, and give it at `GET /_twin/used`."""
    evaluator, responses = module("ministack.core.iam_evaluator"), module("ministack.core.responses")

    def remembering(asked: Asked, decide: Decide) -> Any:
        denied = decide(asked)
        if denied is None and asked.access_key_id:
            caller = evaluator.resolve_principal(asked.access_key_id, responses.get_account_id())
            _used.add((getattr(caller, "arn", ""), asked.action))
        return denied

    around_enforcement(remembering)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/_twin/used":
            await inner(scope, receive, send)
            return
        answer = json.dumps(sorted(_used)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app
