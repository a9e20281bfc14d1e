"""The arithmetic and the pictures of the burst, on hand-made figures."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bench.burst.course import Plan, Result
from bench.burst.figures import Account, Latency, Run, Taken, account, burst, latency
from bench.burst.page import page, sheets
from bench.burst.picture import picture
from bench.burst.processor import between
from bench.burst.sending import Sent, content, day
from suimon.drops.drop import Drop
from suimon.drops.states import State

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FILES = 20


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def file(number: int) -> Drop:
    return Drop("raw", f"sales/{day(number)}/sales_data.csv", f"v{number}", "etag", 10, "")


SENT = [Sent(file(number), at(number), at(number + 0.5)) for number in range(FILES)]
DROPS = {
    one.drop.id: Taken(State.TRIGGERED, {State.VALIDATING: at(number + 1), State.ACCEPTED: at(number + 1.25)})
    for number, one in enumerate(SENT)
}
# The gate takes two seconds a file, one after another.
RUNS = [Run(f"{one.drop.id}.1", "queued", at(2 * number + 2), {}) for number, one in enumerate(SENT)]
IDS = [one.drop.id for one in SENT]


def test_percentiles_are_nearest_ranks() -> None:
    hundred = [float(number) for number in range(100, 0, -1)]
    assert latency(hundred) == Latency(50, 99, 100)
    assert latency([3.0]) == Latency(3, 3, 3)


def test_an_even_account_is_told_as_even() -> None:
    assert account(IDS, DROPS, RUNS) == Account(FILES, 0, 0, 0, 0, 0)
    assert account(IDS, DROPS, RUNS).is_even


def test_a_version_without_record_or_run_is_lost() -> None:
    fewer = {drop_id: DROPS[drop_id] for drop_id in IDS[1:]}
    told = account(IDS, fewer, RUNS[2:])
    assert (told.without_record, told.without_run) == (1, 2)
    assert not told.is_even


def test_a_second_run_of_a_drop_is_counted_and_so_is_one_of_no_drop() -> None:
    again, foreign = replace(RUNS[0], id=f"{IDS[0]}.2"), replace(RUNS[0], id="somebody.1")
    told = account(IDS, DROPS, [*RUNS, again, foreign])
    assert (told.twice, told.foreign) == (1, 1)
    assert not told.is_even


def test_a_drop_that_stands_elsewhere_is_counted() -> None:
    drops = {**DROPS, IDS[3]: replace(DROPS[IDS[3]], state=State.REJECTED)}
    told = account(IDS, drops, RUNS)
    assert told.elsewhere == 1
    assert not told.is_even


def test_a_burst_is_reckoned_from_the_first_put_to_the_last_run() -> None:
    told = burst(SENT, DROPS, RUNS)
    assert (told.files, told.seconds, told.put_seconds) == (FILES, 40, 19.5)
    assert told.per_second == 0.5
    assert told.in_the_middle == pytest.approx(0.5)
    assert told.to_queued == Latency(11, 21, 21)
    assert told.in_check == Latency(0.25, 0.25, 0.25)
    assert told.queued_curve[0] == (2, 1)
    assert told.queued_curve[-1] == (40, FILES)


def test_a_long_curve_is_drawn_with_few_points() -> None:
    many = [replace(SENT[0], drop=file(number)) for number in range(5_000)]
    runs = [Run(f"{one.drop.id}.1", "queued", at(number), {}) for number, one in enumerate(many)]
    drops = {one.drop.id: DROPS[IDS[0]] for one in many}
    curve = burst(many, drops, runs).queued_curve
    assert len(curve) < 250
    assert curve[-1] == (4_999, 5_000)


def test_the_processor_s_time_is_told_most_first() -> None:
    assert between({"cloud": 1.0, "mwaa": 1.0}, {"mwaa": 2.0, "cloud": 5.0}) == {"cloud": 4.0, "mwaa": 1.0}


def test_every_file_is_of_another_day_and_good() -> None:
    assert len({day(number) for number in range(10_000)}) == 10_000
    assert content(0, 3).count(b"1990-01-01") == 3


def result(told: Account) -> Result:
    return Result(
        Plan(files=FILES, single=10, direct=50, threads=8),
        first=4.5,
        single=Latency(0.4, 3.5, 3.6),
        burst=burst(SENT, DROPS, RUNS),
        account=told,
        dead_letters=0,
        direct_per_second=33.3,
        processor={"cloud": 12.0, "glue": 0.001},
        file_bytes=1_800,
        single_bytes=1_000_000,
    )


def test_the_page_tells_which_targets_are_met_and_how_it_was_made() -> None:
    text = page(result(account(IDS, DROPS, RUNS)), "a machine", "make bench-burst FILES=20")
    assert "Made by `make bench-burst FILES=20` on a machine." in text
    assert "| one file by itself: half within 1 s | 0.40 s | met |" in text
    assert "| one file by itself: 99 of 100 within 3 s | 3.50 s | not met |" in text
    assert "| what came through the gate | 0.50 | 40 s |" in text
    assert "glue" not in text


def test_every_row_of_every_table_has_its_columns() -> None:
    for sheet in sheets(result(account(IDS, DROPS, RUNS))):
        assert all(len(row) == len(sheet.header) for row in sheet.rows), sheet.title


def test_the_picture_is_sound_and_says_when_something_was_lost() -> None:
    even, lost = (picture(result(account(IDS, DROPS, runs))) for runs in (RUNS, RUNS[1:]))
    for drawn in (even, lost):
        ET.fromstring(drawn)  # noqa: S314 our own picture
    assert "none lost, none twice" in even
    assert "none lost" not in lost
