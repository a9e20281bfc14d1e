"""Files with a time in their names: each comes under a name of its own, now and then an older one after a newer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from zlib import crc32

from suimon.contract.keys import KeyPattern
from suimon.drops.drop import DropRecord, written_order
from suimon.ledger.drops import Ledger
from tests.simulation.bug import Bug
from tests.simulation.partitions import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.simulation.plan import Plan, Put

FIRST = 20_261_120_123_030  # the stamp before all; as many before and after it are times


@dataclass(frozen=True)
class Stamped(Kind):
    """A kind of partition whose files have a stamp: `first` and `second` have {stamp} and {any} in their keys."""

    def over(self, plan: Plan) -> Plan:
        """Return the plan with a name of its own for each file, mostly with a later stamp than the one before."""
        before = super().over(plan)
        puts: list[Put] = []
        newest: dict[str, int] = {}
        for number, put in enumerate(before.puts):
            if put.key not in before.named:
                puts.append(put)
                continue
            how, last = crc32(b"%d %d" % (number, len(put.body)) + put.body) % 6, newest.get(put.key, FIRST)
            # An older one comes late, or the same name again; else a newer one.
            stamp = last - 1 if how == 0 else last if how == 1 else last + 2
            newest[put.key] = max(stamp, last)
            # What tells nothing differs from name to name, and not where two have one stamp: S3 orders no two keys.
            key = put.key.replace("{stamp}", str(stamp)).replace("{any}", f"run-{stamp % 7}")
            puts.append(replace(put, key=key))
        made = {one.key: (was.key, one) for was, one in zip(before.puts, puts, strict=True) if was.key in before.named}
        return replace(
            before,
            puts=tuple(puts),
            named={key: before.named[was] for key, (was, _) in made.items()},
            stamps={key: _stamp_in(was, key) for key, (was, _) in made.items()},
        )


def _stamp_in(pattern: str, key: str) -> str:
    start = pattern.index("{stamp}")
    return key[start : start + len(str(FIRST))]


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


def _by_arrival(record: DropRecord) -> str:
    return written_order(record.drop.sequencer)


def _of_the_key(self: Ledger, record: DropRecord) -> list[DropRecord]:
    place = written_order(record.drop.sequencer)
    found = self.drops_of_key(record.drop.bucket, record.drop.key)
    return [one for one in found if written_order(one.drop.sequencer) > place]


def _older_of_the_key(self: Ledger, record: DropRecord) -> Iterator[DropRecord]:
    return self.older_writes_of_key(record.drop)


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
