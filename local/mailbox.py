"""The mailbox: what SNS would send by e-mail, as `.eml` files that a person or a mail program can read.

Standard library only: `local/cloud/` writes letters from inside the emulator's own environment; the demo, the tests and
`suimon` read them from theirs.
"""

import json
import re
import unicodedata
import urllib.request
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

# SNS wants fewer than 100 characters (API reference of Publish).
SUBJECT_LIMIT: Final = 100
SENDER: Final = '"AWS Notifications" <no-reply@sns.amazonaws.com>'
NO_SUBJECT: Final = "AWS Notification Message"
CONFIRMATION_SUBJECT: Final = "AWS Notification - Subscription Confirmation"

# Headers and body stay UTF-8 instead of encoded words and base64, so that `less` shows what the reader gets.
_READABLE: Final = policy.default.clone(utf8=True, cte_type="8bit", max_line_length=998, linesep="\n")
_URL: Final = re.compile(r"https?://\S+")
# Loopback is never behind a proxy.
_DIRECT: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Subscription:
    """Who gets letters of which topic. `protocol` is `email` or `email-json`."""

    arn: str
    topic_arn: str
    protocol: str
    address: str


@dataclass(frozen=True)
class Letter:
    """A letter as it lies in the mailbox."""

    path: Path
    kind: str
    to: str
    subject: str
    body: str
    topic_arn: str
    message_id: str

    @property
    def confirmation_url(self) -> str | None:
        """The link that confirms the subscription, in a letter that asks for it."""
        found = _URL.search(self.body) if self.kind == "SubscriptionConfirmation" else None
        return found.group() if found else None


class ConfirmationError(Exception):
    """The subscription could not be confirmed; the message says which letter and why."""


def subject_error(subject: str) -> str | None:
    """What SNS finds wrong with `subject`, or None. The empty subject means that there is none."""
    if len(subject) >= SUBJECT_LIMIT:
        return f"Invalid parameter: Subject must be fewer than {SUBJECT_LIMIT} characters, not {len(subject)}"
    # Cc: control characters, with line feed, return and tab; Zl, Zp: Unicode's own line and paragraph separators.
    if any(unicodedata.category(character) in {"Cc", "Zl", "Zp"} for character in subject):
        return "Invalid parameter: Subject must not contain line breaks or control characters"
    return None


def notification(
    subscription: Subscription, message_id: str, subject: str, message: str, endpoint: str, now: datetime
) -> EmailMessage:
    """Write the letter that carries one publication to one confirmed subscriber.

    Args:
        subscription: to whom.
        message_id: SNS's id of the publication.
        subject: as published; empty when there was none.
        message: as published; an email-json subscriber gets it inside SNS's envelope.
        endpoint: address of the twin's AWS, for the link that unsubscribes.
        now: when it is sent; aware.

    """
    if subscription.protocol == "email-json":
        envelope = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic_arn,
            **({"Subject": subject} if subject else {}),
            "Message": message,
            "Timestamp": now.isoformat(),
        }
        body = json.dumps(envelope, ensure_ascii=False, indent=2) + "\n"
    else:
        link = _link(endpoint, Action="Unsubscribe", SubscriptionArn=subscription.arn)
        body = (
            f"{message}\n\n-- \n"
            f"You get this because {subscription.address} is subscribed to {subscription.topic_arn}.\n"
            f"To stop it, open {link}\n"
            "Nobody reads replies to this address.\n"
        )
    return _letter(subscription, "Notification", message_id, subject or NO_SUBJECT, body, now)


def confirmation(subscription: Subscription, token: str, endpoint: str, now: datetime) -> EmailMessage:
    """Write the letter that asks the owner of an address whether they want the topic's letters at all."""
    link = _link(endpoint, Action="ConfirmSubscription", TopicArn=subscription.topic_arn, Token=token)
    body = (
        f"Somebody asked for messages of this topic to be sent to {subscription.address}:\n"
        f"{subscription.topic_arn}\n\n"
        f"To confirm, open this link:\n{link}\n\n"
        "Nothing is sent until you do. If you did not ask for it, ignore this letter.\n"
    )
    return _letter(subscription, "SubscriptionConfirmation", str(uuid4()), CONFIRMATION_SUBJECT, body, now)


def deliver(folder: Path, letter: EmailMessage, now: datetime) -> Path:
    """Put `letter` into the mailbox, whole or not at all; file names sort by time."""
    folder.mkdir(parents=True, exist_ok=True)
    kind = "confirm" if letter["X-Amz-Sns-Message-Type"] == "SubscriptionConfirmation" else "message"
    path = folder / f"{now:%Y%m%dT%H%M%S.%fZ}-{kind}-{uuid4().hex[:8]}.eml"
    unfinished = path.with_suffix(".tmp")
    unfinished.write_bytes(letter.as_bytes(policy=_READABLE))
    unfinished.replace(path)
    return path


def letters(folder: Path) -> list[Letter]:
    """Read the mailbox, oldest letter first."""
    return [_read(path) for path in sorted(folder.glob("*.eml"))]


def confirm(letter: Letter) -> None:
    """Open the link in a confirmation letter, as its reader would.

    Raises:
        ConfirmationError: the letter holds no link, the link leaves this machine, or SNS refuses the token.

    """
    url = letter.confirmation_url
    if url is None:
        raise ConfirmationError(f"{letter.path} is not a letter that asks for a confirmation.")
    if urlsplit(url).hostname != "127.0.0.1":
        raise ConfirmationError(f"{letter.path} asks to open {url}, which is not this machine. Nothing was opened.")
    try:
        with _DIRECT.open(url, timeout=10) as response:
            response.read()
    except OSError as error:
        raise ConfirmationError(f"SNS did not accept the confirmation of {letter.path}: {error}") from error


def _letter(
    subscription: Subscription, kind: str, message_id: str, subject: str, body: str, now: datetime
) -> EmailMessage:
    letter = EmailMessage(policy=_READABLE)
    headers = {
        "From": SENDER,
        "To": subscription.address,
        "Subject": subject,
        "Date": format_datetime(now),
        "Message-ID": f"<{message_id}@sns.amazonaws.com>",
        "X-Amz-Sns-Message-Type": kind,
        "X-Amz-Sns-Message-Id": message_id,
        "X-Amz-Sns-Topic-Arn": subscription.topic_arn,
        "X-Amz-Sns-Subscription-Arn": subscription.arn,
    }
    for name, value in headers.items():
        letter[name] = value
    letter.set_content(body, charset="utf-8", cte="8bit")
    return letter


def _link(endpoint: str, **query: str) -> str:
    return f"{endpoint.rstrip('/')}/?{urlencode(query)}"


def _read(path: Path) -> Letter:
    letter = message_from_bytes(path.read_bytes(), policy=policy.default)
    return Letter(
        path=path,
        kind=str(letter["X-Amz-Sns-Message-Type"]),
        to=str(letter["To"]),
        subject=str(letter["Subject"]),
        body=letter.get_content(),
        topic_arn=str(letter["X-Amz-Sns-Topic-Arn"]),
        message_id=str(letter["X-Amz-Sns-Message-Id"]),
    )
