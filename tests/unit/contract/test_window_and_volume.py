"""`window` under `arrival`, `volume` and `maxRunMinutes`: what a contract says, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import pytest

from suimon.contract.dates import Outside, Window
from suimon.contract.model import Contract
from suimon.contract.volume import Bound, Measure, Volume

if TYPE_CHECKING:
    from collections.abc import Callable

ARRIVAL = (
    'property: arrival, value: {{daysAfter: 1, deadline: "06:00", timeZone: Asia/Tokyo, lookbackDays: 5, window: {}}}'
)
TOKYO, NEW_YORK = "Asia/Tokyo", "America/New_York"
MORNING = Window(time(1), time(9))
NIGHT = Window(time(22), time(4))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("outside", Outside)
def test_a_window_is_read_and_compiled(
    outside: str, draft: Callable[..., str], reads: Callable[[str], Contract]
) -> None:
    given = f'{{from: "22:00", until: "04:00", outside: {outside}}}'
    contract = reads(draft(custom=ARRIVAL.format(given)))
    assert contract.arrival
    assert contract.arrival.window == Window(time(22), time(4), Outside(outside))
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


@pytest.mark.parametrize(
    ("window", "message"),
    [
        ('{from: "09:00", until: "09:00", outside: hold}', "never closed"),
        ('{from: "25:00", until: "09:00", outside: hold}', "no time of the day"),
        ('{from: "01:00", outside: hold}', "until"),
        ('{from: "00:00", outside: hold}', "until"),  # and what stands in for it closes nothing
        ('{until: "00:00", outside: hold}', "from"),
        ('{from: "01:00", until: "09:00"}', "outside"),
        ('{from: "01:00", until: "09:00", outside: keep}', "hold, reject, accept"),
    ],
)
def test_a_window_that_says_nothing_or_half_is_refused(
    window: str, message: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    [problem] = refused(draft(custom=ARRIVAL.format(window)))
    assert message in problem


@pytest.mark.parametrize(
    ("key", "arrival", "honoured"),
    [
        (
            "g/{ds}/{hour}.csv",
            "minutesAfter: 10",
            False,
        ),  # an hour's files come all day: only a day has a time for them
        ("g/{week}.csv", 'daysAfter: 1, deadline: "06:00"', True),
        ("g/{month}.csv", 'daysAfter: 1, deadline: "06:00"', True),
    ],
)
def test_a_window_of_weeks_and_months_is_read_and_one_of_hours_refused(
    key: str,
    arrival: str,
    honoured: bool,  # noqa: FBT001 a case
    draft: Callable[..., str],
    reads: Callable[[str], Contract],
    refused: Callable[[str], list[str]],
) -> None:
    given = f'{{{arrival}, timeZone: UTC, lookbackDays: 2, window: {{from: "01:00", until: "09:00", outside: hold}}}}'
    text = draft(custom=f"property: arrival, value: {given}").replace("goods/{ds}.csv", key)
    assert key in text
    if honoured:
        arrival_read = reads(text).arrival
        assert arrival_read
        assert arrival_read.window == MORNING
    else:
        assert any("window says nothing of files of an hour" in problem for problem in refused(text))


@pytest.mark.parametrize(
    ("window", "moment", "inside"),
    [
        (MORNING, "2026-11-19T16:00", True),  # 01:00 in Tokyo
        (MORNING, "2026-11-19T15:59:59", False),
        (MORNING, "2026-11-19T23:59:59", True),
        (MORNING, "2026-11-20T00:00", False),
        (NIGHT, "2026-11-20T13:00", True),  # 22:00
        (NIGHT, "2026-11-20T18:59", True),  # 03:59
        (NIGHT, "2026-11-20T19:00", False),
        (NIGHT, "2026-11-20T12:59", False),
    ],
)
def test_a_window_has_its_beginning_and_not_its_end(window: Window, moment: str, *, inside: bool) -> None:
    assert window.has(at(moment), TOKYO) is inside


@pytest.mark.parametrize(
    ("window", "zone", "moment", "opens"),
    [
        (MORNING, TOKYO, "2026-11-19T15:00", "2026-11-19T16:00"),  # today
        (MORNING, TOKYO, "2026-11-20T03:30", "2026-11-20T16:00"),  # tomorrow
        (NIGHT, TOKYO, "2026-11-20T00:00", "2026-11-20T13:00"),
        # New York skips 02:00 to 03:00 on 8 March: a window from 02:30 opens at 03:30 of summer time.
        (Window(time(2, 30), time(5)), NEW_YORK, "2026-03-08T06:00", "2026-03-08T07:30"),
        # It has 01:00 to 02:00 twice on 1 November: the first one opens.
        (Window(time(1, 30), time(5)), NEW_YORK, "2026-11-01T05:00", "2026-11-01T05:30"),
    ],
)
def test_a_window_opens_on_the_wall_of_its_zone(window: Window, zone: str, moment: str, opens: str) -> None:
    assert not window.has(at(moment), zone)
    assert window.next_opening(at(moment), zone) == at(opens)


def test_a_volume_is_read_and_compiled(draft: Callable[..., str], reads: Callable[[str], Contract]) -> None:
    given = (
        "property: volume, value: {days: 7, rows: {atLeastPercent: 50}, bytes: {atMostPercent: 300}, severity: error}"
    )
    contract = reads(draft(custom=given))
    bounds = (Bound(Measure.ROWS, "few", 50), Bound(Measure.BYTES, "many", 300))
    assert contract.volume == Volume(bounds, 7, "error")
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract
    usual = reads(draft(custom="property: volume, value: {rows: {atLeastPercent: 50}}"))
    assert usual.volume == Volume(bounds[:1], 5, "warning")


def test_a_volume_of_sums_names_columns_of_numbers(draft: Callable[..., str], reads: Callable[[str], Contract]) -> None:
    given = "property: volume, value: {sums: [{column: price, atLeastPercent: 50}]}"
    contract = reads(draft(custom=given))
    assert contract.volume == Volume((Bound(Measure.SUM, "few", 50, "price"),))
    assert contract.volume.columns == ("price",)
    assert Contract.from_json(json.loads(json.dumps(contract.to_json()))) == contract


@pytest.mark.parametrize(
    ("volume", "message"),
    [
        ("{days: 5}", "watches nothing"),
        ("{rows: {}}", "one of atLeastPercent"),
        ("{rows: {atLeastPercent: 50, atMostPercent: 200}}", "to one side"),
        ("{rows: {atLeastPercent: 101}}", "100"),
        ("{rows: {atMostPercent: 99}}", "100"),
        ("{days: 2, rows: {atLeastPercent: 50}}", "3"),
        ("{rows: {atLeastPercent: 50}, severity: info}", "warning, error"),
        ("{sums: []}", "watches nothing"),
        ("{sums: [{atLeastPercent: 50}]}", "column"),
        ("{sums: [{column: price}]}", "one of atLeastPercent"),
        ("{sums: [{column: code, atLeastPercent: 50}]}", "no column of numbers"),
        ("{sums: [{column: nothing, atLeastPercent: 50}]}", "no column of numbers"),
        ("{sums: [{column: price, atLeastPercent: 50}, {column: price, atMostPercent: 200}]}", "twice"),
        ("{sums: [" + ", ".join(["{column: price, atLeastPercent: 50}"] * 11) + "]}", "up to 10 sums"),
    ],
)
def test_a_volume_that_watches_nothing_or_two_ways_is_refused(
    volume: str, message: str, draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    problems = refused(draft(custom=f"property: volume, value: {volume}"))
    assert any(message in problem for problem in problems)


def test_the_sum_of_a_personal_column_is_refused_for_it_would_stand_in_messages(
    draft: Callable[..., str], refused: Callable[[str], list[str]]
) -> None:
    columns = ("name: day, logicalType: date", "name: pay, logicalType: integer, classification: personal")
    [problem] = refused(draft(*columns, custom="property: volume, value: {sums: [{column: pay, atLeastPercent: 50}]}"))
    assert "pay is personal" in problem


def test_a_set_is_warned_of_and_not_rejected_for_its_volume(
    draft: Callable[..., str], reads: Callable[[str], Contract], refused: Callable[[str], list[str]]
) -> None:
    volume = "property: volume, value: {{rows: {{atLeastPercent: 50}}, severity: {}}}}}\n"
    of_sets = volume + "  - {{property: set, value: {{shards: 2, completeWithinMinutes: 60, surplus: reject}}"
    pattern = "goods/{ds}/part-{shard}.csv"

    def text(severity: str) -> str:
        return draft(custom=of_sets.format(severity)).replace("goods/{ds}.csv", pattern)

    assert reads(text("warning")).volume == Volume((Bound(Measure.ROWS, "few", 50),))
    [problem] = refused(text("error"))
    assert "a set is not rejected as a whole" in problem


@pytest.mark.parametrize(("minutes", "good"), [(15, True), (1_440, True), (14, False), (1_441, False), ('"60"', False)])
def test_the_limit_of_runs_is_bounded(
    minutes: object,
    draft: Callable[..., str],
    reads: Callable[[str], Contract],
    refused: Callable[[str], list[str]],
    *,
    good: bool,
) -> None:
    text = draft(custom=f"property: maxRunMinutes, value: {minutes}")
    if good:
        assert reads(text).max_run_minutes == minutes
    else:
        assert "whole number of minutes from 15 to 1440" in refused(text)[0]
