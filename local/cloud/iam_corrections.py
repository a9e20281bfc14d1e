"""IAM in MiniStack: stricter about root, complete enough for our policies, and open to the twin's other endpoints."""

import base64
import contextvars
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

from local.cloud.emulator_hooks import hook, module
from local.cloud.iam_enforcement import Asked, Decide, around_enforcement
from local.cloud.requests import Answer, Dispatch, Request, around_requests
from local.same_machine import App, Receive, Scope, Send

# ${aws:userid}, ${aws:PrincipalTag/team, 'none'}, and ${*} ${?} ${$}, which stand for the character.
_VARIABLE: Final = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")
_LOOPBACK: Final = frozenset({"127.0.0.1", "::1"})
_LITERALS: Final = frozenset("*?$")
# One of them by its id: https://docs.aws.amazon.com/lambda/latest/api/API_GetEventSourceMapping.html
_ONE_MAPPING: Final = re.compile(r"/event-source-mappings/([0-9a-f-]{36})/?$")
_request: contextvars.ContextVar[tuple[str, bytes]] = contextvars.ContextVar("twin_request", default=("", b""))


def add_to_iam(root_key: str) -> None:
    """Make MiniStack's evaluator as strict and as complete as Suimon's policies need it."""
    _only_one_root(root_key)
    fill_in_variables()
    _event_conditions()
    _loopback_is_secure()


def answer_authorize(inner: App) -> App:
    """Put `POST /_twin/authorize` in front of MiniStack.

    MWAA, Glue and Redshift of the twin forward there each request they get, with the IAM action and resource it stands
    for; MiniStack's own evaluator verifies the signature and decides. Loopback only, like everything here.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != "/_twin/authorize":
            await inner(scope, receive, send)
            return
        question = json.loads(await _body(receive))
        # The evaluator keeps the request it looks at in context variables: a copy keeps them out of this task.
        answer = json.dumps(contextvars.copy_context().run(_decide, question)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    return app


def _decide(question: Mapping[str, Any]) -> dict[str, Any]:
    """Answer one question of `local.endpoints.authorize`; the sequence is that of `ministack.app.app`."""
    app, router = module("ministack.app"), module("ministack.core.router")
    evaluator, responses = module("ministack.core.iam_evaluator"), module("ministack.core.responses")
    actions = module("ministack.core.iam_actions")

    path, _, query_string = question["target"].partition("?")
    query = parse_qs(query_string, keep_blank_values=True)
    raw_headers = [(name.lower().encode("latin-1"), value.encode()) for name, value in question["headers"]]
    headers = {name.decode("latin-1"): value.decode() for name, value in raw_headers}
    action, resource = question["action"], question["resource"]
    service = action.partition(":")[0]

    key = router.extract_access_key_id(headers, query)
    region = router.extract_region(headers, query)
    if key:
        responses.set_request_account_id(app._request_account_scope(key))  # noqa: SLF001 the emulator's own step
    responses.set_request_region(region)
    app.pin_request_origin("127.0.0.1", True)  # noqa: FBT003 the emulator's own signature
    evaluator.pin_signed_request(question["method"], path, query, raw_headers)
    evaluator.pin_signed_body(base64.b64decode(question["body"]))
    denied = evaluator.enforce(key, action, service, region, resource_arn=resource, service_context=question["context"])
    if isinstance(denied, evaluator.AuthError):
        return {"allowed": False, "code": denied.code, "message": denied.message, "status": 403}
    if denied is not None:
        message = actions.identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
        return {"allowed": False, "code": "AccessDeniedException", "message": message, "status": 403}
    caller = evaluator.resolve_principal(key, responses.get_account_id())
    user_id = caller.keys["aws:userid"]
    return {"allowed": True, "principal": caller.arn, "account": caller.account, "user_id": user_id}


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


def _only_one_root(root_key: str) -> None:
    """Take away the other root keys: `test` and any account number.

    MiniStack lets them through without a signature, so a function with wrong credentials would pass unnoticed.
    """

    def is_root_access_key(access_key_id: str) -> bool:
        return not access_key_id or access_key_id == root_key

    for name in ("ministack.core.iam_evaluator", "ministack.services.sts"):
        hook(module(name), "is_root_access_key", is_root_access_key, ("access_key_id",))


def fill_in_variables() -> None:
    """Fill in `${aws:userid}` and its like, which MiniStack compares as they stand, before a statement is matched."""
    evaluator = module("ministack.core.iam_evaluator")
    first_match, resolve = evaluator._first_match, evaluator._resolve_condition_key  # noqa: SLF001 the hook point

    def filled(value: Any, ctx: Any) -> Any:
        if isinstance(value, dict):
            return {key: filled(inner, ctx) for key, inner in value.items()}
        if isinstance(value, list):
            return [filled(inner, ctx) for inner in value]
        if not isinstance(value, str) or "${" not in value:
            return value

        def fill(found: re.Match[str]) -> str:
            name, default = found.groups()
            known = name if name in _LITERALS else resolve(name, ctx)
            # Without value and default the text stays, and no resource is called like that: no match, as on AWS.
            return str(known if known is not None else default if default is not None else found.group())

        return _VARIABLE.sub(fill, value)

    def match(ctx: Any, stmts: list[Any], effect: str) -> Any:
        statements = [
            replace(
                statement,
                resources=filled(statement.resources, ctx),
                not_resources=filled(statement.not_resources, ctx),
                conditions=filled(statement.conditions, ctx),
            )
            for statement in stmts
        ]
        return first_match(ctx, statements, effect)

    hook(evaluator, "_first_match", match, ("ctx", "stmts", "effect"))


def _event_conditions() -> None:
    """Add to PutEvents its condition keys `events:source` and `events:detail-type`, for each entry of the request."""

    async def remember(request: Request, dispatch: Dispatch) -> Answer:
        _request.set((request.path, request.body))
        return await dispatch(request)

    def entries(asked: Asked, decide: Decide) -> Any:
        contexts: list[dict[str, Any]] = [{}]
        if asked.action == "events:PutEvents":
            contexts = _entry_contexts(_request.get()[1]) or contexts
        for context in contexts:
            if denied := decide(replace(asked, context={**(asked.context or {}), **context})):
                return denied
        return None

    around_requests(remember)
    around_enforcement(entries)


def _loopback_is_secure() -> None:
    """Treat loopback as TLS in `aws:SecureTransport`.

    The bucket that the SAM CLI makes for artifacts refuses plain HTTP, as it should; here everything is plain HTTP.
    """
    app = module("ministack.app")
    pin = app.pin_request_origin

    def pin_secure(source_ip: str, secure_transport: bool) -> None:  # noqa: FBT001 the emulator's own signature
        pin(source_ip, secure_transport or source_ip in _LOOPBACK)

    hook(app, "pin_request_origin", pin_secure, ("source_ip", "secure_transport"))


def ask_as_iam_does() -> None:
    """Name actions and resources as IAM knows them, where MiniStack does not.

    Put around everything else that looks at questions, which then sees what IAM sees.
    """
    around_enforcement(lambda asked, decide: decide(as_iam_knows_it(asked, *_request.get())))


def as_iam_knows_it(asked: Asked, path: str, body: bytes) -> Asked:
    """Put a question as IAM would, with the path and the body of its request.

    IAM knows no action for batches, the rules of the default bus lie under no bus, the targets of a rule are asked for
    with the rule's name in `Rule`, and one event source mapping is no list of them.
    """
    if asked.action.startswith("sqs:"):
        return replace(asked, action=asked.action.removesuffix("Batch"))
    if asked.service == "events":
        resource = asked.resource_arn
        if asked.action.endswith(("TargetsByRule", ":PutTargets", ":RemoveTargets")):
            try:
                request = json.loads(body)
            except ValueError:
                return asked  # the service itself will say so
            bus, rule = request.get("EventBusName", "default"), request.get("Rule", "")
            resource = f"arn:aws:events:{asked.region}:{_account()}:rule/{bus}/{rule}"
        return replace(asked, resource_arn=resource.replace(":rule/default/", ":rule/"))
    if asked.action == "lambda:ListEventSourceMappings" and (one := _ONE_MAPPING.search(path)):
        resource = f"arn:aws:lambda:{asked.region}:{_account()}:event-source-mapping:{one[1]}"
        return replace(asked, action="lambda:GetEventSourceMapping", resource_arn=resource)
    return asked


def _account() -> str:
    return str(module("ministack.core.responses").get_account_id())


def _entry_contexts(body: bytes) -> list[dict[str, Any]]:
    try:
        entries = json.loads(body)["Entries"]
        pairs = {(entry["Source"], entry["DetailType"]) for entry in entries}
    except (KeyError, TypeError, ValueError):
        return []  # not a valid request: the service itself will say so
    return [{"events:source": source, "events:detail-type": detail_type} for source, detail_type in sorted(pairs)]
