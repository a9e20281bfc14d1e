"""What is promised of sets of shards, beside what is promised of every file.

Which shards a set has is worked out again from the writes and their verdicts; of a marker, only the names that it found
are taken from the ledger, for nobody else knows when it looked.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from suimon.contract.model import Role
from suimon.drops.drop import written_order
from suimon.drops.sets import SetError, names_in
from tests.simulation.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from suimon.contract.keys import KeyPattern
    from suimon.contract.model import Contract
    from suimon.contract.set_rule import SetRule
    from tests.simulation.schedule import Schedule

AWAITED = "SET_AWAITED"


@dataclass(frozen=True)
class Gathered:
    """A set as the ledger has it at the end, and the records of its versions, the oldest first."""

    item: Mapping[str, Any]
    versions: Sequence[Mapping[str, Any]]
    contract: Contract
    rule: SetRule
    pattern: KeyPattern

    @property
    def partition(self) -> str:
        """Its business date."""
        return str(self.item["partition"])

    @property
    def is_awaited(self) -> bool:
        """Whether something is missing yet."""
        return bool(self.item["state"] == AWAITED)

    def shards_of(self, version: Mapping[str, Any], end: Schedule) -> list[str]:
        """Return the drop ids of a version's shards, without what said which there are."""
        return [one for one in version["members"] if self.role(end.drops[one]) is Role.SHARD]

    def role(self, item: Mapping[str, Any]) -> Role:
        """What a drop is."""
        return self.contract.role_of(item["key"])

    def name(self, item: Mapping[str, Any]) -> str:
        """The name of a shard."""
        return self.pattern.shard(item["key"])


def sets_of(end: Schedule) -> Iterator[Gathered]:
    """Yield every set there is."""
    contract = end.functions.contracts.all[0]
    rule, pattern = contract.set_rule, contract.key_pattern
    if rule is None or pattern is None:
        return
    for item in end.sets.values():
        own = [one for one in end.drops.values() if one["members"] and one["partition"] == item["partition"]]
        own.sort(key=lambda one: written_order(one["sequencer"]))
        yield Gathered(item, own, contract, rule, pattern)


def one_run_a_set_version(end: Schedule) -> Iterator[str]:
    """S1. A set of the same shards opens no second run, however many functions see that it is whole."""
    first_runs = {run.conf["drop_id"] for run in end.runs if run.conf["attempt"] == 1}
    for one in sets_of(end):
        for before, after in pairwise(one.versions):
            if not {before["drop_id"], after["drop_id"]} <= first_runs:
                continue
            if sorted(one.shards_of(before, end)) == sorted(one.shards_of(after, end)):
                yield f"{end.name(before['drop_id'])} and {end.name(after['drop_id'])} are of the same shards"


def no_part_is_run(end: Schedule) -> Iterator[str]:
    """S2. A run reads a whole set: as many as are asked for, or all that a manifest or marker speaks of."""
    for one in sets_of(end):
        for (drop_id, _), shards in end.dags.sources.items():
            if not shards and drop_id in end.retracted:
                continue
            names = {one.name(end.drops[shard]) for shard in shards}
            if len(names) < len(shards) or not _is_whole(names, one, end):
                yield f"{end.name(drop_id)} ran with {sorted(names)}"


def _is_whole(names: Collection[str], one: Gathered, end: Schedule) -> bool:
    if one.rule.shards:
        return len(names) >= one.rule.shards
    for place, drop in enumerate(end.put):
        if one.contract.role_of(drop.key) is not Role.CONTROL:
            continue
        if one.rule.marker:  # it finds at least what lay there when it came
            keys = {other.key for other in end.put[:place] if other.id not in end.deleted}
            wanted = {one.pattern.shard(key) for key in keys} - {""}
        else:
            wanted = _manifest_names(drop.id, one, end) or {"nothing"}
        if wanted <= {*names}:
            return True
    return False


def _manifest_names(drop_id: str, one: Gathered, end: Schedule) -> set[str]:
    if one.rule.manifest is None:
        return set()
    key = one.rule.manifest.key_for(one.partition)
    try:
        return {*names_in(end.bodies[drop_id], key, one.partition, one.pattern)}
    except SetError:
        return set()


def what_is_whole_is_opened(end: Schedule) -> Iterator[str]:
    """S3. The newest accepted write of every shard is in the newest set, as soon as that is whole."""
    for one in sets_of(end):
        wanted, expected = _accepted(one, end), None
        if one.rule.marker:
            expected = {*(one.item["expected"] or ())}
        elif one.rule.manifest:
            expected = next((_manifest_names(drop, one, end) for drop in _controls(one, end)), set())
            if not one.rule.reload:
                wanted = {name: drop for name, drop in wanted.items() if name in expected}
        whole = len(wanted) >= (one.rule.shards or 0) if expected is None else bool(expected) and expected <= {*wanted}
        if whole == one.is_awaited:
            yield f"{one.partition} is {'awaited' if whole else 'not awaited'} with {sorted(wanted)} of {expected}"
        elif whole:
            opened = one.shards_of(one.versions[-1], end) if one.versions else []
            if sorted(opened) != sorted(wanted.values()):
                names = [end.name(drop) for drop in wanted.values()]
                yield f"{one.partition} was opened with {[end.name(drop) for drop in opened]} instead of {names}"


def _accepted(one: Gathered, end: Schedule) -> dict[str, str]:
    """Return the newest write of each shard that kept its contract and that the set has taken."""
    found: dict[str, str] = {}
    for drop in sorted(end.put, key=end.stamp):
        states = end.states.get(drop.id, [])
        if one.contract.role_of(drop.key) is Role.SHARD and "ACCEPTED" in states and states[-1] != "REJECTED":
            found[one.pattern.shard(drop.key)] = drop.id
    return {name: drop for name, drop in found.items() if end.states[drop][-1] != "SUPERSEDED"}


def _controls(one: Gathered, end: Schedule) -> Iterator[str]:
    """Yield the manifests or markers that were accepted, the newest first."""
    for drop in reversed(end.put):
        states = end.states.get(drop.id, [])
        if one.contract.role_of(drop.key) is Role.CONTROL and "ACCEPTED" in states and states[-1] != "REJECTED":
            yield drop.id


def the_table_is_the_newest_set(end: Schedule) -> Iterator[str]:
    """S4. The table ends with exactly the rows of the newest set's shards, unless that failed or a person ended it."""
    for one in sets_of(end):
        rows = sorted(end.services.warehouse.rows(one.contract.dataset, one.partition))
        loads = [load for _, load in end.services.warehouse.commits if load.partition == one.partition]
        newest = max(reversed(loads), key=lambda load: load.written, default=None)
        if newest and rows != _rows(end.dags.sources.get((newest.drop_id, newest.attempt), ()), end):
            yield f"{one.partition} holds {rows}, not the rows of {end.name(newest.drop_id)}"
        if one.versions and one.versions[-1]["state"] not in {"FAILED", "CLOSED", "RETRACTED"}:
            last = one.versions[-1]
            wanted = _rows(one.shards_of(last, end), end)
            if rows != wanted:
                yield f"{one.partition} holds {rows}, {end.name(last['drop_id'])} {last['state']} has {wanted}"


def _rows(shards: Collection[str], end: Schedule) -> list[str]:
    return sorted(row for shard in shards for row in rows_of(end.bodies[shard]))


def shards_end_as_their_set(end: Schedule) -> Iterator[str]:
    """S5. Every shard, manifest and marker of the newest set ends as it ends."""
    for one in sets_of(end):
        if not one.versions:
            continue
        last = one.versions[-1]
        wanted = {last["state"]}
        if last["state"] == "FAILED":
            wanted.add("LOADED")  # it was, with a set or an attempt before
        members = {*last["members"]}
        if not one.is_awaited and one.item["control"]:
            members.add(one.item["control"][0])
        for drop_id in sorted(members):
            state = end.drops[drop_id]["state"]
            left = drop_id not in _members(one) and state in {"SUPERSEDED", "REJECTED"}
            if state not in wanted and not left:
                yield f"{end.name(drop_id)} is {state}, {end.name(last['drop_id'])} is {last['state']}"


def _members(one: Gathered) -> set[str]:
    found = {drop_id for drop_id, _ in (*one.item["members"].values(), *one.item["outside"].values())}
    return found | {*one.item["control"][:1]}


def incomplete_sets_are_told(end: Schedule) -> Iterator[str]:
    """S6. Every set that is not whole in its time is told; nothing rests before that."""
    for one in sets_of(end):
        incident = end.services.table.item(f"incident#incomplete-set:orders:{one.partition}", "incident")
        if one.is_awaited and (incident or {}).get("state") != "INCIDENT_OPEN":
            yield f"nobody was told that {one.partition} is not whole"


def waits_for_its_set(end: Schedule, item: Mapping[str, Any]) -> bool:
    """Whether a drop is accepted and in a set that is not whole."""
    return item["state"] == "ACCEPTED" and any(
        one.is_awaited and item["drop_id"] in _members(one) for one in sets_of(end)
    )


PROMISES_OF_SETS = (
    one_run_a_set_version,
    no_part_is_run,
    what_is_whole_is_opened,
    the_table_is_the_newest_set,
    shards_end_as_their_set,
    incomplete_sets_are_told,
)
