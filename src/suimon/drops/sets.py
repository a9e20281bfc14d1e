"""Sets of shards: which drops are in one, when it is whole, what happens to one more. Pure.

The members of a partition are one value, which changes only by the decisions made here. Each change is made from the
revision that was read; so one decision follows another, and of two last shards the second sees a whole set.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from suimon.contract.set_rule import MOST_SHARDS
from suimon.drops.drop import Drop, DropRecord, after
from suimon.drops.foreign_text import shown
from suimon.drops.lake import accepted_key
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from suimon.contract.keys import KeyPattern
    from suimon.contract.set_rule import SetRule

SOURCES = "_set.json"
LISTED = 20  # names that a message repeats
MANIFEST_BYTES = 1024 * 1024


class SetError(Exception):
    """A manifest or marker that names no set; the message is for the person who sent it."""


@dataclass(frozen=True)
class Member:
    """A drop that has joined; `written`: its place among the writes of its slot, as text that sorts."""

    drop_id: str
    written: str

    @classmethod
    def of(cls, record: DropRecord) -> Member:
        """Return what the set keeps of a drop."""
        return cls(record.id, record.written)


@dataclass(frozen=True)
class Opened:
    """A set that a run was opened for: how many there have been, a hash of its members, its place among the writes."""

    number: int
    content: str
    sequencer: str

    @property
    def version(self) -> str:
        """The version of the set's own drop."""
        return f"{self.number}.{self.content}"


@dataclass(frozen=True)
class DropSet:
    """The shards of one partition, by name, and the set of them that a run was last opened for.

    Attributes:
        expected: the names that the manifest or marker asks for; None while there is none.
        outside: shards that were in it until a manifest did not list them any more.
        opened: the last set that a run was opened for; None before the first.
        newest: the latest write that ever joined, of whatever key, as `Member.written`; "" before the first.
        waiting_since: from when it is not whole; None if it is.

    """

    dataset: str
    partition: str
    members: Mapping[str, Member] = field(default_factory=dict)
    outside: Mapping[str, Member] = field(default_factory=dict)
    control: Member | None = None
    expected: frozenset[str] | None = None
    opened: Opened | None = None
    newest: str = ""
    waiting_since: datetime | None = None
    revision: int = 0

    @property
    def shards(self) -> list[str]:
        """The drop ids of all members, in the order of their names."""
        return [self.members[name].drop_id for name in sorted(self.members)]


class JoinResult(StrEnum):
    """What becomes of a drop that is to join a set."""

    IN = "in"
    SUPERSEDED = "superseded"  # a later write of its key is in the set
    CLOSED = "closed"  # the set takes no more


@dataclass(frozen=True)
class Joined:
    """What became of a drop and of its set; `left`: drop ids that were in the set and are no longer."""

    result: JoinResult
    whole: DropSet
    left: tuple[str, ...] = ()


def join(was: DropSet, name: str, shard: Member, rule: SetRule, now: datetime) -> Joined:
    """Add a shard under its name; the same drop again changes nothing."""
    held = was.members.get(name)
    if held and held.drop_id != shard.drop_id and held.written >= shard.written:
        return Joined(JoinResult.SUPERSEDED, was)
    if held is None and _is_closed(was, name, rule):
        return Joined(JoinResult.CLOSED, was)
    whole = replace(was, members={**was.members, name: shard}, newest=max(was.newest, shard.written))
    left = (held.drop_id,) if held and held != shard else ()
    return Joined(JoinResult.IN, _opened(whole, rule, now), left)


def declare(was: DropSet, control: Member, names: Iterable[str], rule: SetRule, now: datetime) -> Joined:
    """Take from a manifest or marker which shards there are; the same drop again changes nothing."""
    if was.control == control:
        return Joined(JoinResult.IN, _opened(was, rule, now))
    if was.control and was.control.written >= control.written:
        return Joined(JoinResult.SUPERSEDED, was)
    expected = frozenset(names)
    if rule.marker and was.opened and not rule.reload:
        expected = was.expected or expected  # what came after the run was opened is rejected, not waited for
    members, outside, left = was.members, was.outside, {was.control.drop_id} if was.control else set()
    if rule.manifest and not rule.reload:
        known = {**was.outside, **was.members}
        members = {name: shard for name, shard in known.items() if name in expected}
        # Those whose run was opened end with it, and a later manifest may ask for them again. The others never ran.
        ran = {**was.outside, **(was.members if is_open(was) else {})}
        # As many as a set may have, the newest: one item of the ledger holds them all, and takes 400 KB.
        outside = dict(_newest({name: shard for name, shard in ran.items() if name not in expected}))
        left |= {shard.drop_id for name, shard in known.items() if name not in members and name not in outside}
    newest = max(was.newest, control.written)
    whole = replace(was, control=control, expected=expected, members=members, outside=outside, newest=newest)
    return Joined(JoinResult.IN, _opened(whole, rule, now), tuple(sorted(left)))


def _newest(shards: Mapping[str, Member]) -> list[tuple[str, Member]]:
    return sorted(shards.items(), key=lambda one: one[1].written)[-MOST_SHARDS:]


def _is_closed(whole: DropSet, name: str, rule: SetRule) -> bool:
    if len(whole.members) >= MOST_SHARDS:
        return True
    if rule.reload:
        return False
    if rule.shards:
        return len(whole.members) >= rule.shards
    if rule.manifest:
        return whole.expected is not None and name not in whole.expected
    return whole.opened is not None


def _opened(whole: DropSet, rule: SetRule, now: datetime) -> DropSet:
    """Open the set if it is whole and not the one that was opened last; else record since when it is awaited."""
    if not is_whole(whole, rule):
        return replace(whole, waiting_since=whole.waiting_since or now)
    before, content = whole.opened or Opened(0, "", ""), _content(whole)
    if content == before.content:
        return replace(whole, waiting_since=None)
    # Behind the set before and behind every write that is in it: runs of a partition are ordered by this.
    sequencer = after(max(before.sequencer, whole.newest))
    return replace(whole, opened=Opened(before.number + 1, content, sequencer), waiting_since=None)


def is_whole(whole: DropSet, rule: SetRule) -> bool:
    """Whether a run may be opened."""
    if rule.shards:
        return len(whole.members) >= rule.shards
    return bool(whole.expected) and whole.members.keys() >= (whole.expected or frozenset())


def is_open(whole: DropSet) -> bool:
    """Whether the set that was opened last is of exactly the members there are now, and no other is awaited."""
    return not whole.waiting_since and whole.opened is not None and whole.opened.content == _content(whole)


def is_current(record: DropRecord, whole: DropSet) -> bool:
    """Whether a set's own record is of the set that was opened last."""
    return whole.opened is not None and record.drop.version_id == whole.opened.version


def _content(whole: DropSet) -> str:
    text = "\n".join((whole.dataset, whole.partition, *whole.shards))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def drop_of(whole: DropSet, bucket: str, pattern: KeyPattern) -> Drop:
    """Return the own drop of an opened set: no object, but like one version of all its keys, always the same."""
    if whole.opened is None:
        raise ValueError(f"the set {whole.dataset} {whole.partition} was never opened")
    key = pattern.key_for(whole.partition)  # {shard} stands in it: no object that is gated has such a key
    version = whole.opened.version
    return Drop(bucket, key, version, etag=version, size=0, sequencer=whole.opened.sequencer)


def sources_of(shards: Iterable[DropRecord]) -> dict[str, Any]:
    """Return what `_set.json` holds: where each shard's accepted copy lies, seen from the set's own folder."""
    all_of_them = list(shards)
    sources = [
        {"name": shard.drop.key, "path": f"../{shard.id}/{_name(shard)}", "rows": shard.rows} for shard in all_of_them
    ]
    return {"sources": sources, "rows": sum(shard.rows for shard in all_of_them)}


def _name(shard: DropRecord) -> str:
    return accepted_key(shard).rpartition("/")[2]


def followers(record: DropRecord, whole: DropSet, *others: str) -> set[str]:
    """Return the drops that end as a set ends: its own, without those that are in a newer one that was opened.

    others: drop ids of parts that followed it and are in neither any more, such as the second of three markers.
    """
    own, control = {*record.members, *others}, {whole.control.drop_id} if whole.control else set()
    if is_current(record, whole):
        return own | control if is_open(whole) else own
    return own - set(whole.shards) - control


def names_in(manifest: bytes, key: str, partition: str, pattern: KeyPattern) -> frozenset[str]:
    """Read which shards a manifest lists, by name; SetError says what is wrong with it."""
    try:
        files = json.loads(manifest)["files"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SetError('the manifest is not JSON of the form {"files": ["…", …]}') from error
    if not isinstance(files, list) or not files or not all(isinstance(file, str) for file in files):
        raise SetError("the manifest's files must be a list of at least one name")
    folder = key.rpartition("/")[0]
    names, strangers = set(), []
    for file in files:
        beside = f"{folder}/{file}" if folder else file
        found = next((one for one in (file, beside) if pattern.match(one) == partition), None)
        if found is None:
            strangers.append(file)
        else:
            names.add(pattern.shard(found))
    if strangers:
        raise SetError(f"the manifest lists what is no {pattern.key_for(partition)}: {listed(strangers)}")
    return _bounded(names)


def names_among(keys: Iterable[str], partition: str, pattern: KeyPattern) -> frozenset[str]:
    """Return the names of the shards among the keys in the bucket; SetError if there are none, or too many."""
    names = set[str]()
    for key in keys:
        if pattern.match(key) == partition:
            names.add(pattern.shard(key))
        if len(names) > MOST_SHARDS:  # whoever put so many may have put millions: they are not all listed
            raise SetError(f"more than {MOST_SHARDS:,} shards are too many")
    if not names:
        raise SetError(f"no {pattern.key_for(partition)} has come before it")
    return frozenset(names)


def _bounded(names: set[str]) -> frozenset[str]:
    if len(names) > MOST_SHARDS:
        raise SetError(f"{len(names):,} shards are too many: a set takes {MOST_SHARDS:,}")
    return frozenset(names)


def listed(names: list[str]) -> str:
    """Write names as messages repeat them: the first ones, and how many more."""
    more = f" and {len(names) - LISTED:,} more" if len(names) > LISTED else ""
    return ", ".join(map(shown, names[:LISTED])) + more
