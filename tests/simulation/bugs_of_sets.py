"""Mistakes that people make with sets, as those in bugs.py are made with files."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING

from suimon.drops import sets
from suimon.drops.states import State
from suimon.freshness.observation import Summary
from suimon.freshness.watch import Watch
from suimon.intake.gate import Gate
from suimon.outcome.run_end import RunEnds
from tests.simulation.bug import Bug

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.keys import KeyPattern
    from suimon.contract.set_rule import SetRule
    from suimon.drops.drop import Drop, DropRecord
    from suimon.drops.run_finished_event import RunFinished
    from suimon.drops.sets import DropSet

_numbers = count()
_drop_of, _is_whole, _record = sets.drop_of, sets.is_whole, RunEnds.record


def _random_version(whole: DropSet, bucket: str, pattern: KeyPattern) -> Drop:
    drop = _drop_of(whole, bucket, pattern)
    return replace(drop, version_id=f"{drop.version_id}.{next(_numbers)}")


def _is_of_the_same_shards(record: DropRecord, whole: DropSet) -> bool:
    return record.drop.version_id.rpartition(".")[0] == (whole.opened and whole.opened.version)


def _all_but_one(whole: DropSet, rule: SetRule) -> bool:
    if rule.shards:
        return len(whole.members) >= rule.shards - 1
    return _is_whole(whole, rule)


def _record_once(self: RunEnds, run: RunFinished, now: datetime) -> DropRecord:
    record = self.ledger.get(run.drop_id)
    if record and record.attempt == run.attempt and record.state in {State.LOADED, State.SUPERSEDED}:
        return record
    return _record(self, run, now)


def _do_not_catch_up(_self: Gate, record: DropRecord) -> DropRecord:
    return record


def _all_follow(record: DropRecord, whole: DropSet, *others: str) -> set[str]:
    return {*record.members, *others, *([whole.control.drop_id] if whole.control else [])}


def _see_nothing(_self: Watch, _now: datetime) -> Summary:
    return Summary(0, (), (), (), ())


BUGS_OF_SETS = (
    Bug(
        "set-opened-by-each",
        "whoever sees that a set is whole opens a run under an id of its own",
        ("one_run_a_set_version",),
        ((sets, "drop_of", _random_version), (sets, "is_current", _is_of_the_same_shards)),
    ),
    Bug(
        "set-opened-early",
        "a set is opened with one shard too few",
        ("no_part_is_run",),
        ((sets, "is_whole", _all_but_one),),
    ),
    Bug(
        "set-takes-all-along",
        "the shards of a newer set end as the older one",
        ("what_is_whole_is_opened",),
        ((sets, "followers", _all_follow),),
    ),
    Bug(
        "shards-forgotten",
        "who enters the end of a set's run and dies before its shards leaves them TRIGGERED",
        ("every_drop_ends", "shards_end_as_their_set"),
        ((RunEnds, "record", _record_once), (Gate, "_catch_up", _do_not_catch_up)),
    ),
    Bug(
        "set-not-watched",
        "nobody hears of a set that stays incomplete",
        ("incomplete_sets_are_told",),
        ((Watch, "round", _see_nothing),),
    ),
)
