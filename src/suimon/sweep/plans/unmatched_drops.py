"""Which UNMATCHED drops a contract matches by now, and how far the search for them has come. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.drops.match import Match
from suimon.incidents.about import About
from suimon.incidents.incident import Recovery
from suimon.incidents.kinds import IncidentId, Kind
from suimon.incidents.messages.files import key_shape
from suimon.incidents.messages.recoveries import CONTRACT_MATCHES
from suimon.ledger.items import Standing, moment, stamp
from suimon.sweep.turns import LONGEST_RUN, in_the_past
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from suimon.contract.model import Contracts
    from suimon.drops.drop import DropRecord

# A drop is entered with a time from before its function reported it, which may take all of the function's run. A round
# of the sweep enters with the time of its schedule, and Lambda retries one that crashed a minute and two minutes later.
OLDEST_STAMP = 3 * LONGEST_RUN + timedelta(minutes=3)
# An index follows its table within a second, longer under load, and clocks of functions differ.
# https://repost.aws/knowledge-center/dynamodb-missing-table-items-gsi
INDEX_LAG = timedelta(minutes=1)
# No drop appears any more with a time before this.
SETTLED = OLDEST_STAMP + INDEX_LAG


@dataclass(frozen=True)
class Search:
    """A search through all UNMATCHED drops with the patterns of one release.

    behind: the place of the last drop that need not be read again; None at the beginning.
    """

    patterns: str
    began: datetime
    behind: Standing | None = None

    @classmethod
    def from_checkpoint(cls, checkpoint: Mapping[str, str]) -> Search:
        """Read what `to_checkpoint` wrote."""
        behind = Standing(moment(checkpoint["since"]), checkpoint["drop_id"]) if "since" in checkpoint else None
        return cls(checkpoint["searching"], moment(checkpoint["began"]), behind)

    def to_checkpoint(self) -> dict[str, str]:
        """Write what the next round resumes from."""
        place = {"since": stamp(self.behind.since), "drop_id": self.behind.drop_id} if self.behind else {}
        return {"searching": self.patterns, "began": stamp(self.began), **place}


@dataclass(frozen=True)
class Matched:
    """A drop and what a contract makes of its key."""

    record: DropRecord
    match: Match


@dataclass(frozen=True)
class Plan:
    """What to do with a page of UNMATCHED drops.

    matches: to assign to their contracts. unmatched: the shapes of the keys that no contract matches. search: where the
    next round resumes; None when nothing can be left to find with these patterns.
    """

    matches: tuple[Matched, ...]
    unmatched: frozenset[str]
    search: Search | None


def search_of(checkpoint: Mapping[str, str], contracts: Contracts, now: datetime) -> Search | None:
    """Return the search that this round continues; ValueError when no round can have written the checkpoint."""
    try:
        return resume_search(checkpoint, contracts, now)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def resume_search(checkpoint: Mapping[str, str], contracts: Contracts, now: datetime) -> Search | None:
    """Return the search that this round continues; None if there is nothing for it to do.

    The checkpoint names the patterns with which a search was finished (`done`) or is being made (`searching`).
    """
    patterns = patterns_of(contracts)
    if checkpoint.get("done") == patterns:
        return None
    if checkpoint.get("searching") != patterns:
        return Search(patterns, now)
    search = Search.from_checkpoint(checkpoint)
    for at in (search.began, search.behind.since if search.behind else now):
        in_the_past(at, now)
    # Lambda retries a round with the time of its schedule: then a later round may have come further already.
    return None if search.behind and search.behind.since > now - SETTLED else search


def plan(search: Search, records: Sequence[DropRecord], contracts: Contracts, now: datetime) -> Plan:
    """Match the drops behind the search's place, longest waiting first, against the contracts.

    While a release is being deployed, an intake function of the one before may still run; so the search continues
    until no such function can be left. Younger drops are matched too, but the search stays before them: older ones may
    yet appear among them.
    """
    matches, unmatched = [], set()
    for record in records:
        if matched := contracts.match(record.drop.key):
            contract, partition = matched
            matches.append(Matched(record, Match.of(contract, partition, record.drop.key)))
        else:
            unmatched.add(key_shape(record.drop.key))
    settled = [record for record in records if record.updated_at <= now - SETTLED]
    following: Search | None = search
    if settled:
        following = replace(search, behind=Standing.of(settled[-1]))
    elif search.began < now - SETTLED - LONGEST_RUN:
        following = None
    return Plan(tuple(matches), frozenset(unmatched), following)


def recoveries(assigned: Iterable[DropRecord], planned: Plan) -> list[Recovery]:
    """Return the incidents of key shapes of which no file is unmatched any more."""
    shapes = {key_shape(record.drop.key) for record in assigned} - planned.unmatched
    ids = [IncidentId.of(Kind.UNMATCHED, About(shape=shape)) for shape in sorted(shapes)]
    return [Recovery(one, CONTRACT_MATCHES) for one in ids]


def patterns_of(contracts: Contracts) -> str:
    """Return a short text that differs when another key may match."""
    patterns = {one.dataset: [pattern.text for pattern in one.patterns] for one in contracts.all}
    return hashlib.sha256(json.dumps(patterns, sort_keys=True).encode()).hexdigest()[:16]
