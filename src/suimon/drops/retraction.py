"""Taking a drop back: whether that can be, and what its partition holds then. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from suimon.drops.drop import Retraction, written_again
from suimon.drops.refusal import RefusalError
from suimon.drops.states import Counts, State
from suimon.drops.wording import Bilingual

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord

EMPTY = "data.csv"  # the name of the copy without records that empties a partition


class RetractError(RefusalError):
    """A drop that cannot be retracted; the message says why, and what to do instead."""


class How(StrEnum):
    """What retracting a drop takes."""

    CLOSE = "close"  # nothing of it was ever loaded, and no run has it: it ends, and never gets one
    WAIT = "wait"  # its run may be committing: what it loads is taken back where that ends
    LOAD = "load"  # what was loaded before, or nothing, is loaded in its place


_INSTEAD = {
    State.REJECTED: Bilingual(
        "it was rejected, and nothing of it is in the table", "不合格で、テーブルには入っていません"
    ),
    State.GONE: Bilingual(
        "it was deleted before it could be checked, and nothing of it is in the table",
        "検査の前に削除され、テーブルには入っていません",
    ),
    State.SUPERSEDED: Bilingual(
        "a later write counts in its place: retract that one",
        "後の書き込みが有効です。そちらを取り消してください",
    ),
    State.CLOSED: Bilingual("a person has closed it", "人が終了しました"),
    State.RETRACTED: Bilingual(
        "it is retracted already, and its partition is as it was before",
        "すでに取り消されていて、パーティションは元に戻っています",
    ),
}


def how(record: DropRecord, newer: Sequence[DropRecord], now: datetime) -> How:
    """Decide what retracting takes; RetractError when it cannot be. `newer`: the later writes of the drop's slot."""
    if why := _hindrance(record, newer, now):
        told = Bilingual(
            f"drop {record.id} is {record.state}: {why}", f"ドロップ {record.id} は {record.state}: {why.ja}"
        )
        raise RetractError(told, then=f"suimon explain {record.id}")
    if record.state in (State.LOADED, State.FAILED):
        return How.LOAD
    is_running = record.state is State.TRIGGERED or (record.state is State.ACCEPTED and record.loaded_at)
    return How.WAIT if is_running else How.CLOSE


def _hindrance(record: DropRecord, newer: Sequence[DropRecord], now: datetime) -> Bilingual | None:
    if record.state is State.DUPLICATE or record.state in _INSTEAD:
        repeats = Bilingual(
            f"it repeats drop {record.duplicate_of}: retract that one",
            f"ドロップ {record.duplicate_of} と同じ内容です。そちらを取り消してください",
        )
        return _INSTEAD.get(record.state, repeats)
    if record.membership:
        whole = record.membership.set_id
        return Bilingual(
            f"it is a part of a set: retract {whole or 'the set, once there is one'}",
            f"セットの一部です。{f'セット {whole} を' if whole else 'セットが揃ってから、セットを'}取り消してください",
        )
    if record.state is State.VALIDATING and (record.is_leased(now) or record.attempt > 1):
        return Bilingual(
            "it is being checked right now: try again in some minutes",
            "検査中です。数分後にもう一度試してください",
        )
    if record.retraction and record.state is not State.FAILED:
        return Bilingual("it is being retracted already", "すでに取り消し中です")
    return _later_write(record, newer)


def _later_write(record: DropRecord, newer: Sequence[DropRecord]) -> Bilingual | None:
    if later := next((one for one in newer if one.counts is Counts.IN_FORCE or _is_good(one)), None):
        if later.state in _INSTEAD:  # its replay gave way to a write that was retracted since, which put it back
            return Bilingual(
                f"drop {later.id} was written later, and its rows may stand in the table: send the right file instead",
                f"後から書き込まれたドロップ {later.id} の行がテーブルにある可能性があります。"
                "正しいファイルを送り直してもらってください",
            )
        return Bilingual(
            f"drop {later.id} was written later and is {later.state}: retract that one",
            f"後から書き込まれたドロップ {later.id} が {later.state} です。そちらを取り消してください",
        )
    if other := next((one for one in newer if _may_restore(one, record)), None):
        return Bilingual(
            f"drop {other.id} is being retracted, which loads this one again: retract it when that has ended",
            f"ドロップ {other.id} を取り消し中で、これが取り込み直されます。終わってから取り消してください",
        )
    return None


def _may_restore(newer: DropRecord, record: DropRecord) -> bool:
    """Whether a retraction that is under way loads the record's rows again."""
    retraction = newer.retraction if newer.state in (State.ACCEPTED, State.TRIGGERED) else None
    return retraction is not None and retraction.restores == record.id


def restored(record: DropRecord, older: Iterable[DropRecord], newer: Iterable[DropRecord]) -> Retraction:
    """Return the retraction that puts the last good write before the drop in its place, or nothing where there is none.

    Good is what was loaded, or is on its way to the table: its run may have ended, and the ledger not know it yet.

    older: the earlier writes of its slot, newest first. newer: the later ones; what was retracted of them has written
    the partition after this drop, so that this load must not come before theirs. Its order is behind that of every
    retraction before it, whichever drop that took back: a run of one of those that somebody clears in Airflow would
    load again what has been retracted since. Why and attempt are the caller's.
    """
    good, passed = None, [record, *(one for one in newer if one.retraction)]
    for one in older:
        if _is_good(one):
            good = one
            break
        passed.append(one)
    before = [one.written for one in passed]
    before += [one.retraction.written for one in passed if one.retraction]
    written = written_again(max(before))
    if good is None or good.accepted is None:
        return Retraction("", 0, written, "", EMPTY, 0)
    return Retraction("", 0, written, good.id, good.accepted.name, good.accepted.rows)


def _is_good(one: DropRecord) -> bool:
    was_loaded = one.loaded_at is not None or one.counts is Counts.IN_FORCE
    return was_loaded and one.accepted is not None and one.retraction is None
