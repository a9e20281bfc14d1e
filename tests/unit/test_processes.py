"""Tests that share a worker share a process: what one leaves in it, the next must not find."""

from __future__ import annotations

import boto3
import pytest
from hypothesis import HealthCheck, settings


@pytest.mark.parametrize("key", ["of the first", "of the second"])
def test_a_test_finds_no_session_that_an_earlier_one_has_made(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    boto3.client("sts", region_name="ap-northeast-1")
    session = boto3.DEFAULT_SESSION
    assert session
    found = session.get_credentials()
    assert found
    assert found.access_key == key


def test_no_example_that_is_drawn_has_to_be_quick() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check
