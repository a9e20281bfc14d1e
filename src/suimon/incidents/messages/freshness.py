"""Messages of the freshness checks: missing files, incomplete sets, stale tables."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from suimon.drops.foreign_text import shown
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, Kind, Severity
from suimon.incidents.wording import Bilingual, japanese
from suimon.warehouse.table_state import TableState

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, TableFreshness


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
    """Say under which key it was expected, and by when it was due, on the wall of the contract's zone."""
    en, ja = [], []
    if contract.key_pattern:
        key = contract.key_pattern.key_for(partition)
        en.append(f"Expected: {key}")
        ja.append(f"期待されるキー: {key}")
    if contract.arrival and deadline:
        zone = contract.arrival.time_zone
        due = f"{deadline.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
        en.append(f"Due: {due}")
        ja.append(f"期限: {due}")
    return "\n".join(en), "\n".join(ja)


_ASK = Bilingual(
    "What to do: ask whoever sends it. When the file comes, it is loaded by itself, however late.",
    "対応: 送信元に確認してください。遅れて届いた場合も、自動的に取り込まれます。",
)


def stale_table(table: TableFreshness, state: TableState, age_days: int, closed_days: int) -> Problem:
    """A table that is not fresh.

    age_days: of its newest value, less than 0 if that lies ahead. closed_days: how many of them its calendar does not
    count.
    """
    name, of = f"{table.table}.{table.column}", table.table
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
            what = Bilingual(
                f"The newest value of {name} is {days(-age_days)} ahead, which hides how old the table really is.",
                f"{name} の最新値は {-age_days} 日先の日付です。そのため、テーブルの本当の古さが分かりません。",
            )
        case TableState.BEHIND:
            subject = Bilingual(f"{of} is behind", f"{of} の取り込みが遅れています")
            what = Bilingual(
                f"The newest value of {name} is {days(age_days)} old, and yet no file is loaded that was due within "
                f"the {days(table.max_age_days)} that are allowed: older dates were loaded again.",
                f"{name} の最新値は {age_days} 日前のものですが、許容される {table.max_age_days} "
                "日以内に期限が来たファイルは"
                "1 件も取り込まれていません。取り込み直されたのは古い日付です。",
            )
        case _:
            subject = Bilingual(f"{of} is stale", f"{of} が古くなっています")
            counted, counted_ja = f"{days(age_days)} old", f"{age_days} 日前"
            if closed_days:
                counted += f" ({days(age_days - closed_days)} without those that its calendar closes)"
                counted_ja += f"（カレンダーの休業日を除くと {age_days - closed_days} 日前）"
            what = Bilingual(
                f"The newest value of {name} is {counted}, allowed are {days(table.max_age_days)}.",
                f"{name} の最新値は {counted_ja}のものです（許容は {table.max_age_days} 日）。",
            )
    body = Bilingual(
        f"{what}\n\nWhat to do: see which load of {of} is missing or failed, and whether its source sends.",
        f"{japanese(what)}\n\n"
        f"対応: {of} への取り込みで、欠けているものや失敗したものがないか、送信元が送信しているかを確認してください。",
    )
    return Problem(Kind.STALE_TABLE, About(table=of), subject, body, str(state))


def unreadable_table(table: TableFreshness, warehouse: str, error: str, text: str) -> Problem:
    """A table whose newest value could not be asked; the same `error`, by its name, is no news."""
    of, reason = table.table, f"{error}: {shown(text)}"
    body = Bilingual(
        f"The newest value of {of} could not be asked in {warehouse}: nobody knows whether it is fresh.\n\n"
        f"{reason}\n\n"
        "What to do: see that Redshift answers, that the table and the column exist and that the freshness function "
        "may read them. If the question was not finished in time, see what holds the table's lock (STV_LOCKS): a load "
        "does while it copies, and readers wait.",
        f"{warehouse} で {of} の最新値を確認できませんでした。最新かどうか不明です。\n\n{reason}\n\n"
        "対応: Redshift が応答するか、テーブルと列があるか、freshness 関数に参照権限があるかを確認してください。"
        "時間切れの場合は、テーブルのロックを誰が持っているか（STV_LOCKS）確認してください。"
        "取り込みの COPY 中は参照が待たされます。",
    )
    subject = Bilingual(f"{of} cannot be checked", f"{of} を確認できません")
    return Problem(Kind.UNREADABLE_TABLE, About(table=of), subject, body, error)


def days(count: int) -> str:
    """Write a number of days."""
    return f"{count} day" if abs(count) == 1 else f"{count} days"
