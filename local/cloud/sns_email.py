"""E-mail in MiniStack's SNS: pending until confirmed, then letters in the mailbox."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from local import mailbox
from local.cloud.emulator_hooks import HookMissingError, hook, module

_MAIL_PROTOCOLS: Final = frozenset({"email", "email-json"})


def deliver_mail(folder: Path, endpoint: str) -> None:
    """Make SNS send e-mail: confirmation first, then messages, into `folder`; links lead to `endpoint`."""
    sns, formation = module("ministack.services.sns"), module("ministack.services.cloudformation.provisioners")
    post = _Post(sns, folder, endpoint)
    hook(sns, "_fanout", post.after_fanout(sns._fanout), (  # noqa: SLF001 the hook point
        "topic_arn", "msg_id", "message", "subject", "message_structure", "message_attributes", "message_group_id",
        "message_dedup_id",
    ))  # fmt: skip
    hook(sns, "_subscribe", post.after_subscribe(sns._subscribe), ("params",))  # noqa: SLF001 the hook point
    hook(sns, "publish_internal", post.before_publish(sns.publish_internal), (
        "topic_arn", "message", "subject", "message_structure", "message_attributes", "message_group_id",
        "message_deduplication_id",
    ))  # fmt: skip
    for name in ("_list_subscriptions", "_list_subscriptions_by_topic"):
        hook(sns, name, post.after_list(getattr(sns, name)), ("params",))
    hook(sns, "_publish_batch", post.before_batch(sns._publish_batch), ("params",))  # noqa: SLF001 the hook point
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
