"""Files with a time in their names: each comes under a name of its own, now and then an older one after a newer."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.drops.drop import DropRecord, written_order
from suimon.ledger.drops import Ledger
from tests.simulation.bug import Bug
from tests.simulation.partitions import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.plan import Plan, Put

FIRST = 20_261_120_123_030  # the stamp before all; as many before and after it are times


class Stamps:
    """The stamps of files, mostly each later than that of the file before in its slot."""

    def __init__(self) -> None:
        self._newest: dict[str, int] = {}

    def of(self, number: int, put: Put) -> str:
        """Return the stamp of the file of that number, whose key without its stamp stands for its slot."""
        how, last = crc32(b"%d %d" % (number, len(put.body)) + put.body) % 6, self._newest.get(put.key, FIRST)
        # An older one comes late, or the same name again; else a newer one.
        stamp = last - 1 if how == 0 else last if how == 1 else last + 2
        self._newest[put.key] = max(stamp, last)
        return str(stamp)


@dataclass(frozen=True)
class Stamped(Kind):
    """A kind of partition whose files have a stamp: `first` and `second` have {stamp} and {any} in their keys."""

    def over(self, plan: Plan) -> Plan:
        """Return the plan with a name of its own for each file."""
        before, stamps = super().over(plan), Stamps()
        puts: list[Put] = []
        named, stamped = dict[str, str](), dict[str, str]()
        for number, put in enumerate(before.puts):
            key = put.key
            if key in before.named:
                stamp = stamps.of(number, put)
                # What tells nothing differs from name to name, and not where two have one stamp: S3 orders no two keys.
                key = key.replace("{stamp}", stamp).replace("{any}", f"run-{int(stamp) % 7}")
                named[key], stamped[key] = before.named[put.key], stamp
            puts.append(replace(put, key=key))
        return replace(before, puts=tuple(puts), named=named, stamps=stamped)


@dataclass(frozen=True)
class StampedShards(Kind):
    """Sets whose shards have a stamp; what says which there are has none."""

    def is_for(self, plan: Plan) -> bool:
        """Whether the plan has shards."""
        return plan.contracts.all[0].set_rule is not None

    def over(self, plan: Plan) -> Plan:
        """Return the plan with a name of its own for each shard."""
        orders, stamps = replace(plan.contracts.all[0], key_pattern=self.pattern), Stamps()
        puts: list[Put] = []
        stamped, shards = dict[str, str](), dict[str, str]()
        for number, put in enumerate(plan.puts):
            shard = re.search(r"part-([0-9]+)\.csv$", put.key)
            if shard is None:  # a manifest lists shards by whatever stamp
                body = re.sub(rb"(part-[0-9]+)\.csv", rb"\1.%d.csv" % FIRST, put.body)
                puts.append(replace(put, body=body))
                continue
            stamp = stamps.of(number, put)
            key = put.key.replace(".csv", f".{stamp}.csv")
            stamped[key], shards[key] = stamp, shard[1]
            puts.append(replace(put, key=key))
        return replace(plan, contracts=Contracts((orders,)), puts=tuple(puts), stamps=stamped, shards=shards)


STAMPED = (
    Stamped(
        "stamps",
        KeyPattern("sales/{ds}/sales_{stamp}_{any}.csv"),
        ("sales/2026-11-20/sales_{stamp}_{any}.csv", "2026-11-20"),
        ("sales/2026-11-21/sales_{stamp}_{any}.csv", "2026-11-21"),
    ),
    Stamped(
        "stamps of whole tables",
        KeyPattern("sales/{stamp}.csv"),
        ("sales/{stamp}.csv", "all"),
        ("sales/{stamp}.csv", "all"),
    ),
)


STAMPED_SHARDS = StampedShards(
    "shards with stamps", KeyPattern("orders/{ds}/part-{shard}.{stamp}.csv"), ("", ""), ("", "")
)


def _by_arrival(record: DropRecord) -> str:
    return written_order(record.drop.sequencer)


def _of_the_key(self: Ledger, record: DropRecord) -> list[DropRecord]:
    place = written_order(record.drop.sequencer)
    found = self.drops_of_key(record.drop.bucket, record.drop.key)
    return [one for one in found if written_order(one.drop.sequencer) > place]


def _older_of_the_key(self: Ledger, record: DropRecord) -> Iterator[DropRecord]:
    return self.older_writes_of_key(record.drop)


def _of_no_shard(self: Contract, key: str) -> str:
    del self, key
    return ""


def _key_of(record: DropRecord) -> str:
    return record.drop.key


BUGS_OF_STAMPS = (
    Bug(
        "the stamp is not looked at",
        "files are ordered by S3 alone: an older one that comes late takes a newer one's place",
        ("the_table_is_the_newest",),
        ((DropRecord, "written", property(_by_arrival)),),
    ),
    Bug(
        "every name is its own",
        "only writes of one key are compared: the same bytes under another name run again",
        ("the_same_bytes_run_once",),
        ((Ledger, "newer_writes", _of_the_key), (Ledger, "older_writes", _older_of_the_key)),
    ),
    Bug(
        "what is told of a file is told of its name",
        "an incident is of one name: the good file under another name ends nothing",
        ("no_incident_outlives_its_cause",),
        ((DropRecord, "slot", property(_key_of)),),
    ),
)
BUGS_OF_STAMPED_SHARDS = (
    Bug(
        "the stamp of a shard is not looked at",
        "shards are ordered by S3 alone: an older one that comes late takes a newer one's place in the set",
        ("what_is_whole_is_opened",),
        ((DropRecord, "written", property(_by_arrival)),),
    ),
    Bug(
        "every shard is the whole partition",
        "the slot of a shard is its partition: the next shard replaces it, and the set is never whole",
        ("what_supersedes_is_later",),
        ((Contract, "shard", _of_no_shard),),
    ),
)
