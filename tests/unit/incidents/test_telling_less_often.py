"""What goes on and on: when people hear that there is more of it, and what never waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest

from suimon.incidents import telling_less_often
from suimon.incidents.about import About
from suimon.incidents.grouping import held, how_to_tell, once_told
from suimon.incidents.incident import ByPerson, Incident, Problem, Told
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.lifecycle import news_of, reported
from suimon.incidents.telling_less_often import STREAK, WINDOW, Streaks
from tests.unit.incident_values import NOON, incident_of
from tests.unit.incidents.test_grouping import Kept

if TYPE_CHECKING:
    from collections.abc import Iterable

HOUR, QUARTER, DAY = timedelta(hours=1), timedelta(minutes=15), timedelta(days=1)
MINUTE = timedelta(minutes=1)


class Stack:
    """The incidents of a stack, reported and told as functions and rounds do."""

    def __init__(self) -> None:
        self.kept, self.open = Kept(), dict[str, Incident]()
        self.letters = list[tuple[datetime, int, Severity]]()

    def report(self, problem: Problem, now: datetime) -> None:
        known = self.open.get(str(problem.id))
        event = news_of(problem, known)
        if event is None:
            return
        told = how_to_tell(problem, known, event, self.kept, now)  # type: ignore[arg-type]  # what it needs of them
        self.open[str(problem.id)] = reported(problem, known, told, now)
        if told is Told.ALONE:
            self.letters.append((now, 1, problem.how_bad))

    def round(self, now: datetime) -> None:
        for group in held(list(self.open.values()), now):
            self.letters.append((now, len(group.incidents), group.severity))
            for one in group.incidents:
                self.open[str(one.id)] = once_told(one, group, (), now)

    def told(self, severity: Severity | None = None) -> list[tuple[float, int]]:
        """When, in hours after noon, of how many."""
        return [((at - NOON) / HOUR, many) for at, many, how in self.letters if severity in {None, how}]


def missing(at: datetime, dataset: str = "clicks", place: str = "", severity: Severity | None = None) -> Problem:
    about = About(dataset=dataset, partition=f"{at:%Y-%m-%dT%H}{place}")
    return Problem(Kind.MISSING_FILE, about, "missing", "b", str(severity), severity)


def rejected(number: int) -> Problem:
    about = About(dataset="sales", key=f"{number}.csv", partition=f"2026-{number}")
    return Problem(Kind.REJECTED, about, "rejected", "b", f"{number}")


def quarters(hours: float) -> Iterable[datetime]:
    return (NOON + number * QUARTER for number in range(int(hours * 4) + 1))


def test_a_dead_hourly_sender_is_told_of_more_and_more_seldom_and_nothing_is_left_out() -> None:
    stack = Stack()
    for now in quarters(48):
        if now.minute == 0:
            stack.report(missing(now), now)
        stack.round(now)
    assert stack.told() == [(0, 1), (1, 1), (2, 1), (4, 2), (8, 4), (16, 8), (24, 8), (32, 8), (40, 8), (48, 8)]
    assert sum(many for _, many in stack.told()) == len(stack.open) == 49


def test_its_errors_do_not_wait_because_warnings_were_told() -> None:
    stack, grace = Stack(), 2 * QUARTER
    for now in quarters(24):
        if now.minute == 0:
            stack.report(missing(now, severity=Severity.WARNING), now)
        if now.minute == 30:
            stack.report(missing(now - grace), now)
        stack.round(now)
    assert stack.told(Severity.ERROR)[:2] == [(0.5, 1), (1.5, 1)]
    assert len(stack.letters) <= 12  # of 48
    unheard = [one for one in stack.open.values() if one.told is not Told.ALONE and one.told is not Told.TOGETHER]
    assert all(now - one.opened_at <= STREAK for one in unheard)


def test_one_that_sends_ten_bad_files_an_hour_all_day_is_ten_messages_and_some_that_grow() -> None:
    stack, number = Stack(), count()
    for minutes in range(0, 24 * 60, 6):
        now = NOON + minutes * MINUTE
        stack.report(rejected(next(number)), now)
        if now.minute % 15 == 0:
            stack.round(now)
    alone, grown = stack.letters[:10], stack.letters[10:]
    assert {many for _, many, _ in alone} == {1}
    assert len(grown) < 7
    assert all(later[0] - one[0] <= STREAK for one, later in zip(stack.letters, stack.letters[1:], strict=False))


def test_three_hundred_at_once_are_told_in_the_next_round() -> None:
    stack = Stack()
    for number in range(300):
        stack.report(rejected(number), NOON + number * timedelta(seconds=1))
    stack.round(NOON + QUARTER)
    assert [many for _, many, _ in stack.letters] == [1] * 10 + [290]


def test_another_dataset_store_dag_or_table_never_waits_for_a_streak() -> None:
    stack = Stack()
    for now in quarters(12):
        if now.minute == 0:
            stack.report(missing(now, place="/store=S01"), now)
        stack.round(now)
    stack.letters.clear()
    now = NOON + 12 * HOUR + QUARTER
    others = [
        missing(now, place="/store=S02"),
        missing(now, dataset="sales"),
        *(Problem(Kind.PAUSED, About(dag_id=f"dag{number}"), "s", "b", "f") for number in range(5)),
        *(Problem(Kind.STALE_TABLE, About(table=f"t{number}"), "s", "b", "f") for number in range(2)),
    ]
    for other in others:
        stack.report(other, now)
    stack.round(now)
    heard = [one for one in stack.open.values() if one.told_at == now]
    assert {str(one.id) for one in heard} >= {str(one.id) for one in others}


@pytest.mark.parametrize("apart", [STREAK, DAY])
def test_a_feed_that_is_due_seldom_is_told_of_each_time(apart: timedelta) -> None:
    stack, reminded = Stack(), None
    for number in range(6):
        now = NOON + number * apart
        if reminded:  # at nine of that day, of all that is open
            stack.open = {key: replace(one, told_at=now - 3 * HOUR) for key, one in stack.open.items()}
        stack.report(missing(now), now)
        stack.round(now)
        reminded = apart == DAY
    assert [many for _, many, _ in stack.letters] == [1] * 6


def test_once_all_are_over_the_next_is_news() -> None:
    stack = Stack()
    for now in quarters(5):
        if now.minute == 0:
            stack.report(missing(now), now)
        stack.round(now)
    assert stack.told()[-1] == (4, 2)
    stack.open.clear()
    now = NOON + 5 * HOUR + QUARTER
    stack.report(missing(now + HOUR), now)
    stack.round(now)
    assert stack.told()[-1] == (5.25, 1)


def of(told: Told, opened: timedelta, **changes: object) -> Incident:
    problem = missing(NOON + opened)
    return incident_of(problem, told=told, opened_at=NOON + opened, told_at=None, **changes)


def test_a_try_of_a_file_waits_an_hour_and_then_as_long_as_the_tries_have_lasted() -> None:
    again = replace(of(Told.AGAIN, -HOUR / 2), told_at=NOON)
    assert [Streaks([again]).must_wait(again, NOON + each) for each in (WINDOW - MINUTE, WINDOW)] == [True, False]
    older = replace(again, opened_at=NOON - 3 * HOUR)
    assert [Streaks([older]).must_wait(older, NOON + each) for each in (3 * HOUR - MINUTE, 3 * HOUR)] == [True, False]
    oldest = replace(again, opened_at=NOON - 9 * DAY)
    assert [Streaks([oldest]).must_wait(oldest, NOON + each) for each in (STREAK - MINUTE, STREAK)] == [True, False]


def test_what_was_muted_or_snoozed_and_is_so_no_longer_waits_for_no_streak() -> None:
    streak = [replace(of(Told.ALONE, -4 * HOUR), told_at=NOON - HOUR), of(Told.HELD, -MINUTE)]
    snoozed = ByPerson("ann", NOON - DAY, "known", NOON - MINUTE)
    assert Streaks(streak).must_wait(streak[1], NOON)
    for one in (of(Told.MUTED, -MINUTE), of(Told.HELD, -MINUTE, snoozed=snoozed)):
        assert not Streaks([streak[0], one]).must_wait(one, NOON)


def test_what_is_over_is_of_no_streak() -> None:
    told, waiting = replace(of(Told.ALONE, -4 * HOUR), told_at=NOON - HOUR), of(Told.HELD, -MINUTE)
    closed = reported(missing(NOON), None, Told.ALONE, NOON)
    assert Streaks([told, waiting]).must_wait(waiting, NOON)
    assert not Streaks([waiting, replace(told, stage=closed.stage.CLOSED)]).must_wait(waiting, NOON)


def test_nobody_hears_later_than_a_streak_is_long_however_often_others_are_told() -> None:
    waiting = of(Told.HELD, timedelta())
    others = [replace(of(Told.ALONE, -number * HOUR), told_at=NOON + STREAK - MINUTE) for number in range(1, 9)]
    assert Streaks([*others, waiting]).must_wait(waiting, NOON + STREAK - MINUTE)
    assert not Streaks([*others, waiting]).must_wait(waiting, NOON + STREAK)


def test_each_of_very_many_that_wait_is_sorted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    sorted_ones = list[Incident]()
    sender_of = telling_less_often._sender_of

    def counted(one: Incident) -> tuple[str, ...]:
        sorted_ones.append(one)
        return sender_of(one)

    monkeypatch.setattr(telling_less_often, "_sender_of", counted)
    told = replace(of(Told.ALONE, -4 * HOUR), told_at=NOON - HOUR)
    waiting = [
        replace(of(Told.HELD, -MINUTE), about=About(dataset="clicks", partition=f"2026-{n}")) for n in range(500)
    ]
    assert held([told, *waiting], NOON) == []
    assert len(sorted_ones) == 501
