"""moto without three things that take half of its time and change no answer."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import rsa
from moto.core.serialize import BaseJSONSerializer
from moto.sns.models import Subscription
from moto.sqs.models import SQSBackend

if TYPE_CHECKING:
    import pytest


def make_moto_fast(patch: pytest.MonkeyPatch) -> None:
    """Write DynamoDB's values as they are stored, sign what SNS sends with one key, do not wait at an empty queue."""
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
