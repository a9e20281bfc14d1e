"""moto and boto3 without what takes half of their time and changes no answer."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
import moto.core.models
import moto.s3.urls
from botocore.config import Config
from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.serialize import BaseJSONSerializer
from moto.s3.models import S3Backend
from moto.sns.models import Subscription
from moto.sqs.models import SQSBackend

if TYPE_CHECKING:
    import pytest


def make_moto_fast(patch: pytest.MonkeyPatch) -> None:
    """Write DynamoDB's values as they are stored, sign what SNS sends with one key, do not wait at an empty queue.

    Nor is the module of S3's addresses read again for each request, nor are addresses told to `requests`, which nobody
    asks for AWS here.
    """
    patch.setattr(S3Backend, "_url_module", moto.s3.urls)
    patch.setattr(moto.core.models, "RESPONSES_METHODS", [])
    serialize = BaseJSONSerializer._serialize_type_structure

    def serialize_structure(self: Any, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
        # moto looks for each of the ten types of a value under some ten names; the value is JSON already.
        if shape.name == "AttributeValue" and type(value) is dict and "B" not in value:
            serialized[key] = value
        else:
            serialize(self, serialized, value, shape, key)

    patch.setattr(BaseJSONSerializer, "_serialize_type_structure", serialize_structure)
    patch.setattr(Subscription, "private_key", lambda _: _key())
    # Nobody sends while a test's only thread waits.
    receive = SQSBackend.receive_message

    def receive_at_once(self: Any, queue_name: str, count: int, _: int, *more: Any) -> Any:
        return receive(self, queue_name, count, 0, *more)

    patch.setattr(SQSBackend, "receive_message", receive_at_once)


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class KeptSession(boto3.Session):
    """A session that makes each client once, which takes longer than most tests, and hands out copies of it.

    Copies have attributes of their own; the handlers of events are those of all.
    """

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, Any] = {}

    def client(self, *arguments: Any, **named: Any) -> Any:
        """Return a client as boto3 does."""
        options = {
            name: vars(value)["_user_provided_options"] if isinstance(value, Config) else value
            for name, value in named.items()
        }
        kind = repr((arguments, sorted(options.items())))
        made = self._made.get(kind) or self._made.setdefault(kind, super().client(*arguments, **named))
        copied = object.__new__(type(made))
        vars(copied).update(vars(made))
        return copied


def kept_session() -> boto3.Session:
    """Return what boto3 takes by default under the settings of the environment, as it would make it of them."""
    return _session(tuple(sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_"))))


@cache
def _session(_settings: tuple[tuple[str, str], ...]) -> KeptSession:
    return KeptSession()
