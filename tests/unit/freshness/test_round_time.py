"""As of when a round is made: now, or for a dry look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from suimon.freshness.round_time import FURTHEST, RoundTime, RoundTimeError, round_time

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.mark.parametrize("scheduled", [True, False])
def test_a_round_without_a_time_is_made_now(scheduled: bool) -> None:  # noqa: FBT001 a parameter
    assert round_time(None, NOW, scheduled=scheduled) == RoundTime(NOW, is_now=True)


@pytest.mark.parametrize("away", [-HOUR, -MINUTE, timedelta(), 5 * MINUTE])
def test_a_time_that_the_scheduler_may_have_named_is_now(away: timedelta) -> None:
    at = NOW + away
    assert round_time(at.isoformat(), NOW, scheduled=False) == RoundTime(at, is_now=True)
    assert round_time(at.astimezone(timezone(9 * HOUR)).isoformat(), NOW, scheduled=True).at == at


@pytest.mark.parametrize("away", [-FURTHEST, -61 * MINUTE, 6 * MINUTE, FURTHEST])
def test_any_other_time_is_a_dry_look_and_the_scheduler_s_round_is_made_now(away: timedelta) -> None:
    at = NOW + away
    assert round_time(at.isoformat(), NOW, scheduled=False) == RoundTime(at, is_now=False)
    assert round_time(at.isoformat(), NOW, scheduled=True) == RoundTime(NOW, is_now=True)


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-28T12:00:00",  # no offset
        "2026-11-28",
        "1970-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+09:00",
        "2026-13-01T00:00:00Z",
        "yesterday",
        "",
        0,
        {},
    ],
)
def test_a_time_without_its_offset_or_out_of_all_reason_is_refused(given: object) -> None:
    with pytest.raises(RoundTimeError, match="time: "):
        round_time(given, NOW, scheduled=False)
