"""In one of seven schedules a dataset comes in shards: who sends which, in which order, and what says that all came.

The draws are apart from the others: a record that was kept before there were sets is still the same schedule.
"""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from suimon.contract.file import FileFormat
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.set_rule import SetRule
from tests.simulation.plan import BAD, EVENT_WEIGHTS, EVENTS, GAPS, GOOD, MINUTE, SOON, TOLERABLE, Put

if TYPE_CHECKING:
    from tests.simulation.choices import Choices
    from tests.simulation.plan import Plan

SETS_DAG = "orders_etl"
DAY = "2026-11-20"
MANIFEST, MARKER = KeyPattern("orders/{ds}/manifest.json"), KeyPattern("orders/{ds}/_SUCCESS")
COMPLETE_WITHIN = 30  # minutes
KINDS = ("shards", "manifest", "marker")
FIRST, SLOTS = -80, 12  # the positions of the draws, and for how many files there are draws
CORRECTED = 3  # of the slots: for what corrects a bad file before
CONTROL = 0  # in place of a shard's number
# new good, new bad, the same again, as the one before the last, empty, good but for some rows
CONTENTS = (16, 3, 2, 1, 1, 1)
# Besides one file for each shard: a new one of a shard, a shard beyond the set, what says which there are once more.
MORE = (4, 2, 2)


@cache
def contracts_of(kind: str, size: int, *, reload: bool) -> Contracts:
    """Return a release with the one dataset of shards."""
    rule = SetRule(
        shards=size if kind == "shards" else None,
        manifest=MANIFEST if kind == "manifest" else None,
        marker=MARKER if kind == "marker" else None,
        reload=reload,
        complete_within_minutes=COMPLETE_WITHIN,
    )
    pattern = KeyPattern("orders/{ds}/part-{shard}.csv")
    contract = Contract("orders", "1.0.0", "orders_fact", SETS_DAG, pattern, FileFormat(), arrival=SOON, set_rule=rule)
    return Contracts((contract,))


def with_set(choices: Choices, plan: Plan) -> Plan:
    """Replace the files by the shards of a set, or leave the plan as it is."""
    with choices.apart("sets", FIRST):
        if not choices.among((6, 1)):
            return plan
        kind = KINDS[choices.pick(3)]
        reload = bool(choices.pick(2))
        size = 2 + choices.among((3, 2, 1))
        more = choices.among((2, 4, 3, 1))
        puts = _puts(choices, size, more, has_control=kind != "shards", manifest=kind == "manifest")
    return replace(
        plan,
        contracts=contracts_of(kind, size, reload=reload),
        puts=puts,
        deletion=plan.deletion if all(put.events for put in puts) else 0.0,
        heals=max(plan.heals, puts[-1].at + 10 * MINUTE),
    )


def _puts(choices: Choices, size: int, more: int, *, has_control: bool, manifest: bool) -> tuple[Put, ...]:
    whose: list[int] = []
    drawn = []
    count = size + has_control + more
    for slot in range(SLOTS - CORRECTED):
        place, what, which = choices.pick(SLOTS), choices.among(MORE), choices.pick(size)
        drawn.append((GAPS[choices.among((4, 2, 3, 3, 2, 1, 1))], choices.among(CONTENTS), _events(choices)))
        if slot < count:
            # 0: behind all before, so without chance the shards come in their order, and then what says that all have.
            whose.insert(max(0, len(whose) - place), _whose(slot, size, what, which, has_control=has_control))
    sent = list(zip(whose, drawn, strict=False))
    # A set that lacks a shard to the end shows little: as a rule bad ones are corrected.
    corrects = choices.among((3, 1)) == 0
    wrong = [number for number, (_, content, _) in sent if content in {1, 4}]
    sent += [(number, (5.0, 0, (0.3,))) for number in wrong[: CORRECTED if corrects else 0]]
    puts: list[Put] = []
    now = 0.0
    for place, (number, (gap, content, events)) in enumerate(sent):
        now += gap
        key = _key(number, manifest=manifest)
        before = [put.body for put in puts if put.key == key]
        if content in {2, 3} and len(before) >= content - 1:
            body = before[1 - content]
        elif number == CONTROL:
            body = _manifest(size, content) if manifest else b""
        else:
            body = _shard(place, content)
        puts.append(Put(now, key, body, events))
    return tuple(puts)


def _events(choices: Choices) -> tuple[float, ...]:
    return EVENTS[choices.among(EVENT_WEIGHTS)]


def _whose(slot: int, size: int, what: int, which: int, *, has_control: bool) -> int:
    """Return which shard comes: its number of a shard, from 1 on, or CONTROL."""
    if slot < size:
        return slot + 1
    if slot == size and has_control:
        return CONTROL
    return (which + 1, size + 1, CONTROL if has_control else which + 1)[what]


def _key(number: int, *, manifest: bool) -> str:
    if number == CONTROL:
        return (MANIFEST if manifest else MARKER).key_for(DAY)
    return f"orders/{DAY}/part-{number}.csv"


def _manifest(size: int, content: int) -> bytes:
    """Write one that lists all, nonsense, nothing, or one shard more or less."""
    if content in {1, 4}:
        return b"nonsense" if content == 1 else b""
    listed = {3: size + 1, 5: size - 1}.get(content, size)
    return json.dumps({"files": [f"part-{number}.csv" for number in range(1, listed + 1)]}).encode()


def _shard(place: int, content: int) -> bytes:
    if content == 4:
        return b""
    mark = {1: BAD, 5: TOLERABLE}.get(content, GOOD)
    return mark + b"".join(b"\n%d.%d" % (place, row) for row in range(1 + place % 3))
