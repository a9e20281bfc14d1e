"""Which drops a replay of a date range runs: the newest of each day, if it is asked for and may run again. Pure."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import asdict, field, replace
from typing import TYPE_CHECKING, Any

from suimon.contract.partition import Unit, partition_of
from suimon.drops.duplicate_or_superseded import latest, same_bytes
from suimon.drops.states import REPLAYABLE, State
from suimon.drops.wording import Bilingual
from suimon.replay.request import DamagedItemsError, HeldError, Order, Request, StalePlanError, What
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from suimon.contract.file import Language
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold

# What never was the content of its day: a newer one took its place, or no contract knows it.
_NEVER_THE_DAY = frozenset({State.SUPERSEDED, State.UNMATCHED, State.CLOSED})
_CODES = 3  # of a rejection, named in a plan
_NO_FILE = Bilingual("no file has come", "ファイルが届いていません")
_NO_SET = Bilingual("no whole set has come", "揃ったセットが届いていません")
_OF_STATE = {What.FAILED: State.FAILED, What.REJECTED: State.REJECTED, What.LOADED: State.LOADED}


@dataclass(frozen=True)
class Item:
    """One drop to run again, as the given attempt, and why: for people, in each language."""

    drop_id: str
    partition: str
    attempt: int
    reason: Mapping[Language, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True)
class Skip:
    """One day that is left out, and why, in each language."""

    partition: str
    reason: Mapping[Language, str]


@dataclass(frozen=True)
class Plan:
    """What a replay will do, in order; `others`: how many days have a file that was not asked for."""

    items: tuple[Item, ...]
    skipped: tuple[Skip, ...]
    others: int = 0

    @property
    def fingerprint(self) -> str:
        """The fingerprint of its items."""
        return fingerprint_of(self.items)

    def to_json(self) -> dict[str, Any]:
        """Return {"items": [...], "skipped": [...], "others": n, "plan": the fingerprint}."""
        return {
            "items": [asdict(item) for item in self.items],
            "skipped": [asdict(skip) for skip in self.skipped],
            "others": self.others,
            "plan": self.fingerprint,
        }


def fingerprint_of(items: Iterable[Item]) -> str:
    """Stand for which drops run, as which attempts, in which order: two plans of one fingerprint do the same."""
    told = [(item.drop_id, item.partition, item.attempt) for item in items]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def read_items(body: bytes, fingerprint: str) -> list[Item]:
    """Read the items of a replay, as they were put into S3; DamagedItemsError of others than were planned."""
    try:
        found = [Item(**one) for one in json.loads(body)]
        if fingerprint_of(found) == fingerprint:
            return found
    except (ValueError, TypeError) as error:
        raise DamagedItemsError(Bilingual(f"they cannot be read: {error}", f"読み取れません: {error}")) from error
    raise DamagedItemsError(Bilingual("they are not what was planned", "計画した内容と一致しません"))


def gather(
    request: Request,
    drops_between: Callable[[str, str, str], Iterable[DropRecord]],
    *,
    sets: bool = False,
    resumed: Collection[Item] | None = None,
) -> Plan:
    """Ask the ledger for the range's drops and plan; `sets`: whether those are sets.

    drops_between: returns those of a dataset from a first to a last partition, at most a few questions for thousands.
    resumed: the items of the replay that this one resumes. StalePlanError if the request carries the fingerprint of
    another plan.

    an operator                          the ledger
    plans: day 20 failed in attempt 1
                                         somebody replays day 20, or a new file of it comes
    says yes to that plan
                                         planned again, differs: nothing starts  (mark: stale-plan)
    """
    drops: dict[str, list[DropRecord]] = {partition: [] for partition in request.partitions()}
    for first, last in request.ranges():
        for one in drops_between(request.dataset, first, last):
            if one.partition in drops:
                drops[one.partition].append(one)
    found = plan(drops, request, sets=sets)
    if resumed is not None:
        found = remaining(found, resumed)
    if request.plan not in ("", found.fingerprint):  # mark: stale-plan
        raise StalePlanError(
            Bilingual(
                f"the ledger has moved on since plan {request.plan} was made: a file has come, or a run has begun or "
                "ended. Nothing was started. Plan again, and look",
                f"計画 {request.plan} は古くなりました。作成後にファイルが届いたか、DAG 実行が始まったか終わりました。"
                "何も開始していません。もう一度計画し、内容を確認してください",
            )
        )
    return found


def remaining(now: Plan, before: Collection[Item]) -> Plan:
    """Return what an earlier replay has not begun of its items: the drops that may run as the same attempt still.

    What it has loaded, what has failed in it and what has come since are left out.
    """
    left = set(before)
    items = tuple(item for item in now.items if item in left)  # mark: begun-is-not-resumed
    return replace(now, items=items, others=now.others + len(now.items) - len(items))


def refuse_held(hold: Hold | None, now: datetime) -> None:
    """Raise HeldError if the dataset is held: its runs would only wait, and the execution with them."""
    if hold and hold.is_in_force(now):
        raise HeldError(
            Bilingual(
                f"{hold.dataset} is held since {hold.since:%Y-%m-%d %H:%M}Z by {hold.who} ({hold.reason}): "
                "release it first",
                f"{hold.dataset} は {hold.since:%Y-%m-%d %H:%M}Z から {hold.who} が保留中です（{hold.reason}）。"
                "先に解除してください",
            ),
            then=f"suimon release {hold.dataset}",
        )


def plan(drops: Mapping[str, Sequence[DropRecord]], request: Request, *, sets: bool = False) -> Plan:
    """Choose the newest drop of each partition, or why none can run. The shards of a set do not run by themselves."""
    days = sorted(drops, reverse=request.order is Order.NEWEST)
    nothing = _NO_SET if sets else _NO_FILE
    steps = [_step(day, [one for one in drops[day] if one.members or not sets], request, nothing) for day in days]
    return Plan(
        tuple(step for step in steps if isinstance(step, Item)),
        tuple(step for step in steps if isinstance(step, Skip)),
        steps.count(None),
    )


@dataclass(frozen=True)
class Window:
    """The range that a retry of a dataset spans: the times of its failed partitions, oldest first, all of one unit."""

    dataset: str
    times: tuple[str, ...]

    @property
    def first(self) -> str:
        """The first partition of the range, with all its parts."""
        return self.times[0]

    @property
    def last(self) -> str:
        """The last one."""
        return self.times[-1]

    def halves(self) -> tuple[Window, ...]:
        """Return the newer and the older half, for a range that is too long; itself if it has no halves."""
        middle = len(self.times) // 2
        halves = replace(self, times=self.times[middle:]), replace(self, times=self.times[:middle])
        return halves if middle else (self,)


def windows(of: Iterable[tuple[str, str]]) -> list[Window]:
    """Return a range for each dataset (and unit) of these partitions, the newest first.

    One for all of a dataset, whatever parts they name: so no more run at once than asked, and none is refused because
    another store's day runs.
    """
    times: dict[tuple[str, Unit], set[str]] = defaultdict(set)
    for dataset, text in of:
        partition = partition_of(text)
        times[dataset, partition.unit].add(partition.time)
    found = [Window(dataset, tuple(sorted(those))) for (dataset, _), those in times.items()]
    return sorted(found, key=lambda one: (one.last, one.dataset), reverse=True)


def _step(partition: str, records: Sequence[DropRecord], request: Request, nothing: Bilingual) -> Item | Skip | None:
    # Writes without a sequencer are ordered by when they were received.
    own = sorted(
        (one for one in records if one.state not in _NEVER_THE_DAY), key=lambda one: one.received_at, reverse=True
    )
    newest = latest(own)
    if newest and newest.state is State.DUPLICATE:
        # An earlier write of the same bytes was loaded in its place: that one has the run.
        wanted = newest
        newest = latest(one for one in own if one.state is not State.DUPLICATE and same_bytes(one, wanted))
    if newest is None:
        return Skip(partition, nothing.by_language())
    if why_not := _why_not(newest, request):
        why_not = Bilingual(f"drop {newest.id} {why_not}", f"ドロップ {newest.id} は{why_not.ja}")
        return Skip(partition, why_not.by_language())
    # An attempt that fails after another was loaded leaves that one's rows in the table.
    in_table = next((one for one in own if one.state is State.LOADED or one.loaded_at), None)
    asked_for = {What.MISSING: in_table is None, What.ALL: True}
    if not asked_for.get(request.what, newest.state is _OF_STATE.get(request.what)):
        return None
    why = _reason(newest, in_table, as_accepted=request.as_accepted)
    return Item(newest.id, partition, newest.attempt + 1, why.by_language())


def _why_not(newest: DropRecord, request: Request) -> Bilingual | None:
    """Return why a day's newest write cannot run again, as what is said of it; None if it can."""
    if newest.retraction:
        return Bilingual(
            "was retracted: what was loaded before it stands, or send a file again",
            "取り消し済みです。以前の内容のままにするか、ファイルを送り直してください",
        )
    if newest.state is State.GONE:
        return Bilingual(
            "was deleted before it could be checked: send the file again",
            "検査の前に削除されました。ファイルを送り直してください",
        )
    if newest.state not in REPLAYABLE:
        return Bilingual(f"is {newest.state}: it is on its way already", f" {newest.state} で、すでに処理中です")
    if request.as_accepted and not newest.has_copy_for(newest.attempt + 1):
        return Bilingual(
            "was not accepted when it was last checked: there is nothing to load as it was",
            "最後の検査で不合格でした。そのまま取り込めるものはありません",
        )
    return None


def _reason(newest: DropRecord, in_table: DropRecord | None, *, as_accepted: bool) -> Bilingual:
    """Return why a drop is in the plan and what its run sets off; no value of a file, and short."""
    parts, day = len(newest.members), f"{newest.updated_at:%Y-%m-%d}"
    whole, whole_ja = (f", a set of {parts} objects", f"（{parts} ファイルのセット）") if parts else ("", "")
    checked, checked_ja = ("", "取り込み直します") if as_accepted else ("checked and ", "検査して取り込み直します")
    if newest.state is State.LOADED:
        return Bilingual(
            f"loaded {day}{whole}: its {newest.rows:,} rows are loaded again",
            f"{day} に取り込み済み{whole_ja}: {newest.rows:,} 行を取り込み直します",
        )
    if newest.state is State.REJECTED:
        codes = (
            f" ({', '.join(newest.rejection.codes[:_CODES])})" if newest.rejection and newest.rejection.codes else ""
        )
        why = Bilingual(
            f"rejected {day}{whole}{codes}: it is checked again", f"{day} に不合格{whole_ja}{codes}: 検査し直します"
        )
    else:
        why = Bilingual(
            f"its run failed {day}{whole}: it is {checked}loaded again",
            f"{day} に DAG 実行が失敗{whole_ja}: {checked_ja}",
        )
    if in_table and in_table.id != newest.id:
        return Bilingual(
            f"{why}, and takes the place of drop {in_table.id}", f"{why.ja}（ドロップ {in_table.id} を置き換え）"
        )
    return why
