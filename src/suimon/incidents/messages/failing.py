"""Messages about files at the gate that fail again and again: with which error, and who must do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.failure import TERMINATED
from suimon.drops.foreign_text import LONGEST_NAME, shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import clock
from suimon.incidents.incident import Problem, listed, listed_in_japanese
from suimon.incidents.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord

_RESUMES = Bilingual(
    "Nothing is lost and nothing has to be sent again: the files are tried again by themselves.",
    "失われたものはなく、再送も不要です。ファイルは自動的に再試行されます。",
)
_MAY_NOT_READ = Bilingual(
    "What to do: whoever owns the KMS key that the file was encrypted with must allow kms:Decrypt to the role of the "
    "intake function (IntakeRole of the stack) in the KEY's policy; without such a key, see that the raw bucket's "
    "policy lets that role read versions (s3:GetObjectVersion). Or the sender sends the file again under the "
    f"bucket's own encryption. {_RESUMES}",
    "対応: ファイルが KMS キーで暗号化されている場合は、キーの所有者が、キーのポリシーで intake "
    "関数のロール（スタックの "
    "IntakeRole）に kms:Decrypt を許可してください。そうでない場合は、受信バケットのポリシーがこのロールにバージョンの"
    "読み取り（s3:GetObjectVersion）を許可しているか確認してください。または、バケット既定の暗号化で再送してもらってください。"
    f"{japanese(_RESUMES)}",
)
_TERMINATED = Bilingual(
    "What to do: whoever operates Suimon sees in the log of the intake function whether it ran out of memory or of its "
    f"15 minutes; then the sender sends the file in parts. {_RESUMES}",
    "対応: intake 関数のログで、メモリ不足か 15 分の制限超過かを確認し、"
    "送信元にファイルを分割して送ってもらってください。"
    f"{japanese(_RESUMES)}",
)
_ELSE = Bilingual(
    "What to do: whoever operates Suimon looks for the drop's id in the log of the intake function. It is a fault of "
    f"the gate or of what it stands on, not of the file. {_RESUMES}",
    "対応: intake 関数のログでドロップの ID を検索してください。ファイルではなく、ゲートまたはその基盤の問題です。"
    f"{japanese(_RESUMES)}",
)


def failing(dataset: str, error: str, records: Sequence[DropRecord]) -> Problem:
    """Report files of one dataset that fail with one error."""
    failed = [
        (record, failure) for record in sorted(records, key=lambda one: one.updated_at) if (failure := record.failing)
    ]
    tries = [
        f"{record.drop.shown_uri} (drop {record.id}, {record.state})\n"
        f"    {failure.tries:,} tries have failed since {clock(failure.since)}, the last one with\n"
        f"    {shown(failure.text)}"
        for record, failure in failed
    ]
    tries_ja = [
        f"{record.drop.shown_uri}（ドロップ {record.id}、{record.state}）\n"
        f"    {clock(failure.since)} から {failure.tries:,} 回失敗。最後のエラー:\n"
        f"    {shown(failure.text)}"
        for record, failure in failed
    ]
    name = shown(error, LONGEST_NAME)
    return Problem(
        kind=Kind.FAILING,
        about=About(dataset=dataset, error=error),
        subject=Bilingual(
            f"{dataset}: files do not get through the gate: {name}", f"{dataset}: ファイルを検査できません: {name}"
        ),
        body=Bilingual(
            f"These could neither be accepted nor rejected:\n{listed(tries)}\n\n{_remedy(error)}",
            f"次のファイルは、受け入れも拒否もできていません。\n{listed_in_japanese(tries_ja)}\n\n"
            f"{japanese(_remedy(error))}",
        ),
        fingerprint="failing",
    )


def _remedy(error: str) -> str:
    if error == TERMINATED:
        return _TERMINATED
    # KMS.DisabledException, KMS.NotFoundException and others: S3 hands on what KMS says.
    return _MAY_NOT_READ if error == "AccessDenied" or error.startswith("KMS.") else _ELSE


def failing_by_error(records: Iterable[DropRecord]) -> dict[tuple[str, str], list[DropRecord]]:
    """Sort the drops that fail by dataset and error; those without a dataset have none of it."""
    found: dict[tuple[str, str], list[DropRecord]] = {}
    for record in records:
        if record.failing and record.match:
            found.setdefault((record.dataset, record.failing.error), []).append(record)
    return found


def is_due(record: DropRecord, now: datetime) -> bool:
    """Whether people have to hear of a drop that fails."""
    return record.failing is not None and KINDS[Kind.FAILING].has_lasted(record.failing.since, now)
