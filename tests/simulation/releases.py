"""Contracts that change: versions by business date, and another release that is deployed while files are on their way.

Of the files some are such as only the old version accepts, some such as only the new one does. A run whose DAG knows
another version than its file was checked by ends before it loads: people are told, and a retry checks it again.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from zlib import crc32

from suimon.aws.objects import Objects
from suimon.contract.model import Contract, Contracts
from suimon.drops.lake import CONTRACT
from suimon.intake import run_start
from suimon.mwaa.conf import conf_for
from suimon.sweep import unmatched_drops
from tests.simulation.bug import Bug
from tests.simulation.plan import BOTH, GOOD, KEYS, ONE, SALES, Release
from tests.simulation.rows import BY_VERSION, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from suimon.drops.drop import DropRecord
    from suimon.settings import Settings
    from tests.simulation.plan import Plan, Put
    from tests.simulation.schedule import Schedule

FIRST_OF_NEW = date(2026, 11, 21)  # a business date: the second of the keys of sales
OLD = replace(SALES, version="1.0.0")
NEW = replace(SALES, version="2.0.0")
DATED = replace(NEW, effective_from=FIRST_OF_NEW, earlier=(OLD,))
# After the first file, seconds until the functions have the other release, and from then until the DAGs have it.
LATER = (0.0, 0.5, 1.0, 5.0, 60.0, 600.0)
DAGS_LATER = (0.0, 0.3, 30.0)


@dataclass(frozen=True)
class Changing:
    """A way in which contracts change: those at first, and those of another release, if there is one."""

    name: str
    before: Contracts
    after: Contracts | None
    keys: tuple[str, str] = KEYS[:2]  # in the place of the two of sales

    def is_for(self, plan: Plan) -> bool:
        """Whether the plan has files of these contracts: none that are parts of a set."""
        return plan.contracts.all[0].set_rule is None

    def over(self, plan: Plan) -> Plan:
        """Return the plan with these contracts, and files that only one version accepts."""
        puts = tuple(self._put(number, put) for number, put in enumerate(plan.puts))
        drawn = crc32(repr([(put.at, put.body) for put in plan.puts]).encode())
        at = plan.puts[0].at + LATER[drawn % len(LATER)]
        release = Release(self.after, at, at + DAGS_LATER[drawn // 7 % len(DAGS_LATER)]) if self.after else None
        heals = max(plan.heals, release.dags_at + 1.0 if release else 0.0)
        return replace(plan, contracts=self.before, puts=puts, release=release, heals=heals)

    def _put(self, number: int, put: Put) -> Put:
        keys = dict(zip(KEYS, self.keys, strict=False))
        mark = (GOOD, *BY_VERSION)[crc32(b"%d" % number + put.body) % 3]
        versions = {one.version for of in (self.before, self.after) if of for one in _versions(of)}
        drawn = put.body[:1] == GOOD and put.key in keys and versions >= {*BY_VERSION.values()}
        return replace(put, key=keys.get(put.key, put.key), body=mark + put.body[1:] if drawn else put.body)


def _versions(contracts: Contracts) -> list[Contract]:
    return [version for one in contracts.all for version in one.versions]


CHANGES = (
    Changing("versions by business date", Contracts((DATED,)), None),
    Changing("a version from a business date on is deployed", Contracts((OLD,)), Contracts((DATED,))),
    Changing("a contract is replaced", Contracts((OLD,)), Contracts((NEW,))),
    Changing("a dataset is added", ONE, BOTH, keys=(KEYS[0], KEYS[2])),
)


def the_version_in_force_judges(end: Schedule) -> Iterator[str]:
    """5. The verdict on a file is that of the version of its business date in a release of the time of its check."""
    for one in end.verdicts:
        body, item = end.bodies.get(one.drop_id), end.drops[one.drop_id]
        if body is None or not one.version:
            continue  # a set's, or what was ended unread
        releases = [end.plan.contracts] if not end.plan.release or one.began <= end.plan.release.at else []
        if end.plan.release and one.ended >= end.plan.release.at:
            releases.append(end.plan.release.contracts)
        known = [contract for of in releases for contract in of.all if contract.dataset == item["dataset"]]
        right = {_right_version(contract, item["partition"]) for contract in known}
        if one.version not in right:
            yield f"{end.name(one.drop_id)} of {item['partition']} was judged by {one.version}, not {sorted(right)}"
        if body[:1] in BY_VERSION and one.accepted != verdict_of(body, one.version).accepted:
            said = "accepted" if one.accepted else "rejected"
            yield f"{end.name(one.drop_id)} was {said} by {one.version}, which says otherwise"


def _right_version(contract: Contract, partition: str) -> str:
    """Return the version of a business date, not by the code that is looked at."""
    begun = (
        one.version
        for one in contract.versions
        if one.effective_from is None or one.effective_from <= date.fromisoformat(partition)
    )
    return next(begun)


def what_is_loaded_was_checked_by_its_version(end: Schedule) -> Iterator[str]:
    """7. What was loaded has a verdict of the version that loads its partition, in this attempt or one before."""
    accepted: defaultdict[str, set[str]] = defaultdict(set)
    for one in end.verdicts:
        if one.accepted:
            accepted[one.drop_id].add(one.version)
    for drop_id, version in end.dags.loaded_by:
        checked = accepted.get(drop_id)
        if drop_id in end.bodies and checked and version not in checked:
            yield f"{end.name(drop_id)} was loaded by {version}, and checked by {sorted(checked)}"


PROMISES_OF_RELEASES = (the_version_in_force_judges, what_is_loaded_was_checked_by_its_version)


def _newest(self: Contract, partition: str) -> Contract:
    del partition
    return self


def _for_ever(*_args: Any) -> None:
    return None


_put_json = Objects.put_json


def _put_for_all(self: Objects, bucket: str, key: str, value: Mapping[str, object]) -> None:
    _put_json(self, bucket, key, value)
    if key.endswith(f"/{CONTRACT}"):
        _put_json(self, bucket, _of_all(key), value)


def _conf_of_all(record: DropRecord, settings: Settings) -> dict[str, Any]:
    conf = conf_for(record, settings)
    return conf | {"contract_uri": _of_all(str(conf["contract_uri"]))}


def _of_all(place: str) -> str:
    """Return, for a place below the folder of a dataset, one in that folder itself."""
    return f"{place.rsplit('/', 3)[0]}/{CONTRACT}"


BUGS_OF_RELEASES = (
    (
        CHANGES[2].name,
        Bug(
            "one contract lies beside all copies",
            "a run reads the contract that was accepted by last, not the one that its own file was checked by",
            ("what_is_loaded_was_checked_by_its_version",),
            ((Objects, "put_json", _put_for_all), (run_start, "conf_for", _conf_of_all)),
        ),
    ),
    (
        CHANGES[0].name,
        Bug(
            "the newest version judges every date",
            "a file is judged by the contract of today, of whatever business date it is",
            ("the_version_in_force_judges",),
            ((Contract, "at", _newest),),
        ),
    ),
    (
        CHANGES[3].name,
        Bug(
            "unmatched once is unmatched for ever",
            "files that came before their contract are not looked at when that is deployed",
            ("every_drop_ends",),
            ((unmatched_drops, "search_of", _for_ever), (unmatched_drops, "resume_search", _for_ever)),
        ),
    ),
)
