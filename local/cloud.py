"""Start the local AWS: MiniStack 1.5.33 with IAM enforced, e-mail for SNS, and one question its neighbours may ask.

Run by the emulator's own Python (`.suimon/envs/ministack/bin/python -m local.cloud`), so only the standard library,
MiniStack and `local.mailbox` are at hand. Configured by environment variables alone (`local/parts.py`).

What MiniStack lacks is added at named points of the pinned version. Each point is looked at before it is touched: a
version that has moved on stops the start with the point's name instead of going on without the behaviour.
"""

import base64
import contextvars
import importlib.metadata
import inspect
import json
import os
import sys
import venv
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import uuid4

from local import mailbox

_PINNED: Final = "1.5.33"
_MAIL_PROTOCOLS: Final = frozenset({"email", "email-json"})

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class HookMissingError(Exception):
    """MiniStack is not as the twin knows it: a place where the twin adds something is gone or looks different."""


def main() -> None:
    """Start MiniStack in this process, with the twin's additions; returns when it is told to end."""
    version = importlib.metadata.version("ministack")
    if version != _PINNED:
        raise HookMissingError(
            f"The twin is made for MiniStack {_PINNED}, but {version} is installed. Run `make setup`, or look at every "
            "hook in local/cloud.py before changing the pin."
        )
    runtime = Path(os.environ["SUIMON_TWIN_DIR"])
    endpoint = f"http://127.0.0.1:{os.environ['GATEWAY_PORT']}"
    only_the_configured_key_is_root()
    functions_find_only_their_own_packages(runtime / "cloud" / "lambda-python")
    deliver_mail(runtime / "mail", endpoint)
    name_the_version_in_events()
    app = _module("ministack.app")
    _hook(app, "app", answer_authorize(app.app), ("scope", "receive", "send"))
    sys.argv = ["ministack"]  # its main() reads the command line
    app.main()


# --- IAM -------------------------------------------------------------------------------------------------------------


def only_the_configured_key_is_root() -> None:
    """Take away the other root keys: `test` and any account number.

    MiniStack lets them through without a signature, so a function with wrong credentials would pass unnoticed.
    """
    evaluator, sts = _module("ministack.core.iam_evaluator"), _module("ministack.services.sts")
    root = os.environ["AWS_ACCESS_KEY_ID"]

    def is_root_access_key(access_key_id: str) -> bool:
        return not access_key_id or access_key_id == root

    for module in (evaluator, sts):
        _hook(module, "is_root_access_key", is_root_access_key, ("access_key_id",))


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
    """Answer one question of `local.aws.authorize`; the sequence is that of `ministack.app.app`."""
    app, router = _module("ministack.app"), _module("ministack.core.router")
    evaluator, responses = _module("ministack.core.iam_evaluator"), _module("ministack.core.responses")
    actions = _module("ministack.core.iam_actions")

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
    evaluator.pin_signed_request(question["method"], path, query, raw_headers)
    evaluator.pin_signed_body(base64.b64decode(question["body"]))
    denied = evaluator.enforce(key, action, service, region, resource_arn=resource)
    if isinstance(denied, evaluator.AuthError):
        return {"allowed": False, "code": denied.code, "message": denied.message, "status": 403}
    if denied is not None:
        message = actions.identity_denial_message(action, denied.principal_arn, resource, denied.decision == "Deny")
        return {"allowed": False, "code": "AccessDeniedException", "message": message, "status": 403}
    caller = evaluator.resolve_principal(key, responses.get_account_id())
    return {"allowed": True, "principal": caller.arn, "account": caller.account}


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


# --- Lambda ----------------------------------------------------------------------------------------------------------


def functions_find_only_their_own_packages(folder: Path) -> None:
    """Run Python functions in an environment without packages.

    MiniStack would run them with its own interpreter, and a package that is missing from an artifact (duckdb, say)
    would be found among MiniStack's: the function would work here and fail on AWS.
    """
    runtime = _module("ministack.core.lambda_runtime")
    venv.EnvBuilder(with_pip=False, symlinks=True, clear=True).create(folder)
    python = str(folder / "bin" / "python")
    original = runtime._detect_runtime_binary  # noqa: SLF001 the hook point

    def detect(runtime_name: str) -> tuple[str, str]:
        binary, worker = original(runtime_name)
        return (python, worker) if runtime_name.startswith("python") else (binary, worker)

    _hook(runtime, "_detect_runtime_binary", detect, ("runtime",))


# --- S3 events ------------------------------------------------------------------------------------------------------


def name_the_version_in_events() -> None:
    """Put `version-id` into the EventBridge event of a versioned object, as S3 does; MiniStack leaves it out."""
    s3, events = _module("ministack.services.s3"), _module("ministack.services.eventbridge")
    fire, dispatch = s3._fire_s3_event, events._dispatch_event  # noqa: SLF001 the hook points
    version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)

    def fire_with_version(*args: Any, version_id: str | None = None, **kwargs: Any) -> None:
        token = version.set(version_id)
        try:
            fire(*args, version_id=version_id, **kwargs)
        finally:
            version.reset(token)

    def dispatch_with_version(event: dict[str, Any], view: Any = None) -> Any:
        if version.get() and event["Source"] == "aws.s3":
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version.get()
            event = {**event, "Detail": json.dumps(detail)}
        return dispatch(event, view)

    _hook(s3, "_fire_s3_event", fire_with_version, (
        "bucket_name", "key", "event_name", "size", "etag", "deletion_type", "restore_event_data", "version_id",
        "sequencer", "object_extra", "record_extra",
    ))  # fmt: skip
    _hook(events, "_dispatch_event", dispatch_with_version, ("event", "view"))


# --- SNS e-mail ------------------------------------------------------------------------------------------------------


def deliver_mail(folder: Path, endpoint: str) -> None:
    """Give SNS its e-mail: confirmation first, then letters, into `folder`; links lead to `endpoint`."""
    sns, formation = _module("ministack.services.sns"), _module("ministack.services.cloudformation.provisioners")
    post = _Post(sns, folder, endpoint)
    _hook(sns, "_fanout", post.after_fanout(sns._fanout), (  # noqa: SLF001 the hook point
        "topic_arn", "msg_id", "message", "subject", "message_structure", "message_attributes", "message_group_id",
        "message_dedup_id",
    ))  # fmt: skip
    _hook(sns, "_subscribe", post.after_subscribe(sns._subscribe), ("params",))  # noqa: SLF001 the hook point
    _hook(sns, "publish_internal", post.before_publish(sns.publish_internal), (
        "topic_arn", "message", "subject", "message_structure", "message_attributes", "message_group_id",
        "message_deduplication_id",
    ))  # fmt: skip
    for name in ("_list_subscriptions", "_list_subscriptions_by_topic"):
        _hook(sns, name, post.after_list(getattr(sns, name)), ("params",))
    _hook(sns, "_publish_batch", post.before_batch(sns._publish_batch), ("params",))  # noqa: SLF001 the hook point
    # CloudFormation writes subscriptions into the topic without calling _subscribe.
    for kind in ("AWS::SNS::Topic", "AWS::SNS::Subscription"):
        handlers = formation._RESOURCE_HANDLERS.get(kind, {})  # noqa: SLF001 the hook point
        for step in ("create", "update"):
            if not callable(handlers.get(step)):
                raise HookMissingError(
                    f"MiniStack has no {step} handler for {kind}: e-mail would be confirmed unasked."
                )
            handlers[step] = post.after_provisioning(handlers[step])


class _Post:
    """SNS's e-mail side, around MiniStack's `sns` module (whose state it reads and whose functions it wraps)."""

    def __init__(self, sns: Any, folder: Path, endpoint: str) -> None:
        self.sns = sns
        self.folder = folder
        self.endpoint = endpoint

    def after_fanout(self, original: Callable[..., None]) -> Callable[..., None]:
        def fanout(
            topic_arn: str,
            msg_id: str,
            message: str,
            subject: str,
            message_structure: str = "",
            message_attributes: Mapping[str, Any] | None = None,
            **fifo: str,
        ) -> None:
            original(topic_arn, msg_id, message, subject, message_structure, message_attributes, **fifo)
            topic = self.sns._topic_by_arn_any_scope(topic_arn)  # noqa: SLF001 as _fanout does
            for entry in topic["subscriptions"] if topic else ():
                if entry["protocol"] not in _MAIL_PROTOCOLS or not entry.get("confirmed"):
                    continue
                text = self.sns._resolve_message_for_protocol(message, message_structure, entry["protocol"])  # noqa: SLF001
                if self.sns._matches_filter_policy(entry, message_attributes or {}, text):  # noqa: SLF001
                    now = datetime.now(UTC)
                    letter = mailbox.notification(_subscription(entry), msg_id, subject, text, self.endpoint, now)
                    mailbox.deliver(self.folder, letter, now)

        return fanout

    def after_subscribe(self, original: Callable[[Any], tuple[int, Any, bytes]]) -> Callable[[Any], Any]:
        def subscribe(params: Any) -> tuple[int, Any, bytes]:
            status, headers, body = original(params)
            protocol, address = self.sns._p(params, "Protocol"), self.sns._p(params, "Endpoint")  # noqa: SLF001
            if status != 200 or protocol not in _MAIL_PROTOCOLS:  # noqa: PLR2004 HTTP's "OK"
                return status, headers, body
            topic = self.sns._topic_by_arn_any_scope(self.sns._normalize_arn(self.sns._p(params, "TopicArn")))  # noqa: SLF001
            entry = next(e for e in topic["subscriptions"] if (e["protocol"], e["endpoint"]) == (protocol, address))
            if entry.get("twin_asked") and entry["confirmed"]:
                return status, headers, body
            self._ask(topic, entry)  # a second Subscribe of a pending address sends the letter again, as on AWS
            pending = "<SubscribeResult><SubscriptionArn>pending confirmation</SubscriptionArn></SubscribeResult>"
            answer: tuple[int, Any, bytes] = self.sns._xml(200, "SubscribeResponse", pending)  # noqa: SLF001
            return answer

        return subscribe

    def after_list(self, original: Callable[[Any], tuple[int, Any, bytes]]) -> Callable[[Any], Any]:
        def list_subscriptions(params: Any) -> tuple[int, Any, bytes]:
            status, headers, body = original(params)
            for topic in self.sns._topics.values():  # noqa: SLF001
                for entry in topic["subscriptions"]:
                    if not entry.get("confirmed"):
                        body = body.replace(entry["arn"].encode(), b"PendingConfirmation")
            return status, headers, body

        return list_subscriptions

    def after_provisioning(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def provision(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            for topic in list(self.sns._topics.values()):  # noqa: SLF001
                for entry in topic["subscriptions"]:
                    if entry["protocol"] in _MAIL_PROTOCOLS and not entry.get("twin_asked"):
                        self._ask(topic, entry)
            return result

        return provision

    def before_publish(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def publish(topic_arn: str, message: Any, subject: str = "", **options: Any) -> Any:
            if wrong := mailbox.subject_error(subject):
                raise self.sns.SnsPublishError("InvalidParameter", wrong)
            return original(topic_arn, message, subject, **options)

        return publish

    def before_batch(self, original: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def publish_batch(params: Any) -> Any:
            for entry in self.sns._parse_batch_entries(params):  # noqa: SLF001
                if wrong := mailbox.subject_error(entry.get("subject", "")):
                    return self.sns._error("InvalidParameter", wrong, 400)  # noqa: SLF001
            return original(params)

        return publish_batch

    def _ask(self, topic: dict[str, Any], entry: dict[str, Any]) -> None:
        """Make the subscription pending and send the letter that asks for its confirmation."""
        entry["twin_asked"] = True
        entry["confirmed"] = False
        entry["token"] = entry.get("token") or uuid4().hex
        entry["attributes"]["PendingConfirmation"] = "true"
        entry["attributes"]["ConfirmationWasAuthenticated"] = "false"
        self.sns._refresh_subscription_counts(topic)  # noqa: SLF001
        now = datetime.now(UTC)
        mailbox.deliver(
            self.folder, mailbox.confirmation(_subscription(entry), entry["token"], self.endpoint, now), now
        )


def _subscription(entry: Mapping[str, Any]) -> mailbox.Subscription:
    return mailbox.Subscription(entry["arn"], entry["topic_arn"], entry["protocol"], entry["endpoint"])


# --- hooks -----------------------------------------------------------------------------------------------------------


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise HookMissingError(f"MiniStack has no module {name}: {error}") from error


def _hook(module: Any, name: str, replacement: Callable[..., Any], parameters: tuple[str, ...]) -> None:
    """Replace `module.name` after making sure that it takes the parameters we know."""
    original = getattr(module, name, None)
    if not callable(original):
        raise HookMissingError(f"MiniStack has no {module.__name__}.{name}; the twin adds something there.")
    found = tuple(inspect.signature(original).parameters)
    if found != parameters:
        raise HookMissingError(f"{module.__name__}.{name} takes {found}; the twin knows it with {parameters}.")
    setattr(module, name, replacement)


if __name__ == "__main__":
    main()
