"""Messages of the freshness checks: missing files, incomplete sets, stale tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import OF_STACK, wall_time
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import Kind, Severity
from suimon.incidents.table_age import TableAge, written
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract
    from suimon.contract.table_freshness import TableFreshness


def file_never_came(contract: Contract, partition: str, deadline: datetime | None) -> Problem:
    """A file that was due by `deadline` and of which nothing is in the ledger."""
    head = f"{contract.dataset} {partition}"
    en, ja = _due(contract, partition, deadline)
    never = f"suimon expect {contract.dataset} {partition} --cancel --reason …{OF_STACK}"
    return Problem(
        kind=Kind.MISSING_FILE,
        about=About(dataset=contract.dataset, partition=partition),
        subject=Bilingual(f"{head}: the file never came", f"{head}: ファイル未着"),
        body=Bilingual(
            f"The file of {contract.dataset} for business date {partition} has not come.\n{en}\n\n"
            f"No object of this key is in the ledger.\n\n{_ASK} If it never will:\n  {never}",
            f"{contract.dataset} の対象日 {partition} のファイルが届いていません。\n{ja}\n\n"
            f"このキーのオブジェクトは台帳にありません。\n\n{japanese(_ASK)}届かないと分かっている場合:\n  {never}",
        ),
        fingerprint="never-came",
    )


def file_is_late(contract: Contract, partition: str, deadline: datetime | None) -> Problem:
    """A file that was due by `deadline`, and may still come within the grace that its contract gives it."""
    grace = contract.arrival.grace_minutes if contract.arrival else 0
    head = f"{contract.dataset} {partition}"
    en, ja = _due(contract, partition, deadline)
    return Problem(
        kind=Kind.MISSING_FILE,
        about=About(dataset=contract.dataset, partition=partition),
        subject=Bilingual(f"{head}: the file is late", f"{head}: ファイル遅延"),
        body=Bilingual(
            f"The file of {contract.dataset} for business date {partition} is late.\n{en}\n\n"
            f"No object of this key is in the ledger. It counts as missing {grace} minutes after its deadline.\n\n"
            f"{_ASK}",
            f"{contract.dataset} の対象日 {partition} のファイルが遅れています。\n{ja}\n\n"
            f"このキーのオブジェクトは台帳にありません。期限から {grace} 分を過ぎると未着として扱います。\n\n"
            f"{japanese(_ASK)}",
        ),
        fingerprint="late",
        severity=Severity.WARNING,
    )


def _due(contract: Contract, partition: str, deadline: datetime | None) -> tuple[str, str]:
    """Return under which key it was expected, and by when it was due, on the wall of the contract's zone."""
    en, ja = [], []
    if contract.key_pattern:
        key = contract.key_pattern.key_for(partition)
        en.append(f"Expected: {key}")
        ja.append(f"期待されるキー: {key}")
    if contract.arrival and deadline:
        zone = contract.arrival.time_zone
        due = wall_time(deadline, zone)
        en.append(f"Due: {due}")
        ja.append(f"期限: {due}")
    return "\n".join(en), "\n".join(ja)


_ASK = Bilingual(
    "What to do: ask whoever sends it. When the file comes, it is loaded by itself, however late.",
    "対応: 送信元に確認してください。遅れて届いた場合も、自動的に取り込まれます。",
)


def stale_table(table: TableFreshness, state: TableState, age: TableAge) -> Problem:
    """A table that is not fresh; `age`: of its newest value, if it has one. One that is aging is warned of."""
    name, of = f"{table.table}.{table.column}", table.table
    old, limit = age.written(age.whole), written(table.error_after)
    match state:
        case TableState.EMPTY:
            subject = Bilingual(f"{of} is empty", f"{of} が空です")
            what = Bilingual(
                f"{of} has no rows: an empty table is never fresh.",
                f"{of} に行がありません。空のテーブルは最新とは見なしません。",
            )
        case TableState.NO_VALUE:
            subject = Bilingual(f"{of} has no times", f"{of} に日時がありません")
            what = Bilingual(
                f"{name} is NULL in every row: nobody knows how old the table is.",
                f"{name} がすべての行で NULL のため、テーブルの古さが分かりません。",
            )
        case TableState.FUTURE:
            subject = Bilingual(f"{of} holds dates in the future", f"{of} に未来の日付があります")
            ahead, what_ja = age.written(-age.whole), "日時" if age.by_the_clock else "日付"
            what = Bilingual(
                f"The newest value of {name} is {ahead} ahead, which hides how old the table really is.",
                f"{name} の最新値は {japanese(ahead)}先の{what_ja}です。そのため、テーブルの本当の古さが分かりません。",
            )
        case TableState.BEHIND:
            subject = Bilingual(f"{of} is behind", f"{of} の取り込みが遅れています")
            what = Bilingual(
                f"The newest value of {name} is {old} old, and yet no file is loaded that was due within "
                f"the {limit} that are allowed: older dates were loaded again.",
                f"{name} の最新値は {japanese(old)}前のものですが、許容される {japanese(limit)}"
                "以内に期限が来たファイルは"
                "1 件も取り込まれていません。取り込み直されたのは古い日付です。",
            )
        case TableState.AGING:
            warned = written(table.warn_after or table.error_after)
            subject = Bilingual(f"{of} is getting old", f"{of} が古くなり始めています")
            counted = _counted(age)
            what = Bilingual(
                f"The newest value of {name} is {counted}, expected are {warned}; at more than {limit} it is stale.",
                f"{name} の最新値は {japanese(counted)}のものです"
                f"（目安は {japanese(warned)}、上限は {japanese(limit)}）。",
            )
        case _:
            subject = Bilingual(f"{of} is stale", f"{of} が古くなっています")
            counted = _counted(age)
            what = Bilingual(
                f"The newest value of {name} is {counted}, allowed are {limit}.",
                f"{name} の最新値は {japanese(counted)}のものです（許容は {japanese(limit)}）。",
            )
    body = Bilingual(
        f"{what}\n\nWhat to do: see which load of {of} is missing or failed, and whether its source sends.",
        f"{japanese(what)}\n\n"
        f"対応: {of} への取り込みで、欠けているものや失敗したものがないか、送信元が送信しているかを確認してください。",
    )
    severity = Severity.WARNING if state is TableState.AGING else None
    return Problem(Kind.STALE_TABLE, About(table=of), subject, body, str(state), severity=severity)


def _counted(age: TableAge) -> Bilingual:
    """Write an age, and without what its calendar and its hours close."""
    old = age.written(age.whole)
    if age.counted == age.whole:
        return Bilingual(f"{old} old", f"{japanese(old)}前")
    counted = age.written(age.counted)
    if age.by_the_clock:
        en, ja = f"{counted} of them in open hours", f"営業時間では {japanese(counted)}前"
    else:
        en, ja = (
            f"{counted} without those that its calendar closes",
            f"カレンダーの休業日を除くと {japanese(counted)}前",
        )
    return Bilingual(f"{old} old ({en})", f"{japanese(old)}前（{ja}）")


def unreadable_table(table: TableFreshness, warehouse: str, error: str, text: str) -> Problem:
    """A table whose newest value could not be asked; the same `error`, by its name, is no news."""
    of, reason = table.table, f"{error}: {shown(text)}"
    subject, advice = _LOCKED if error == TableState.LOCKED else _UNREADABLE
    body = Bilingual(
        f"The newest value of {of} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{reason}\n\nWhat to do: {advice}",
        f"{warehouse} で {of} の最新値を確認できませんでした。最新かどうか不明です。\n\n{reason}\n\n"
        f"対応: {japanese(advice)}",
    )
    return Problem(
        Kind.UNREADABLE_TABLE, About(table=of), Bilingual(f"{of} {subject}", f"{of} {japanese(subject)}"), body, error
    )


_UNREADABLE = (
    Bilingual("cannot be checked", "を確認できません"),
    Bilingual(
        "see that Redshift answers, that the table and the column exist and that the freshness function may read them.",
        "Redshift が応答するか、テーブルと列があるか、freshness 関数に参照権限があるかを確認してください。",
    ),
)
_LOCKED = (
    Bilingual("is locked and cannot be checked", "はロックされており、確認できません"),
    Bilingual(
        "see whose transaction has the table's lock (SVV_TRANSACTIONS, as a superuser). A load has it while it copies, "
        "and readers wait; one that was left open keeps it until its session is ended (PG_TERMINATE_BACKEND).",
        "テーブルのロックを持っているトランザクションを、スーパーユーザーとして SVV_TRANSACTIONS で確認してください。"
        "取り込みの COPY 中は参照が待たされます。開いたままのトランザクションは、"
        "セッションを終了（PG_TERMINATE_BACKEND）するまでロックを手放しません。",
    ),
)
