"""A client that is made when it is first used is made once, and is the client to whoever uses it."""

from __future__ import annotations

from types import SimpleNamespace

from suimon.aws.later import later


def test_a_client_is_made_at_its_first_use_and_once() -> None:
    made: list[str] = []

    def make() -> SimpleNamespace:
        made.append("client")
        return SimpleNamespace(publish=lambda text: f"published {text}", exceptions="theirs")

    client = later(make)
    assert made == []
    assert (client.publish("a"), client.publish("b"), client.exceptions) == ("published a", "published b", "theirs")
    assert made == ["client"]
