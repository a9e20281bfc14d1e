"""Messages of the sweep: stuck drops, undeliverable messages, what it could not repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual
from suimon.incidents.about import NOTHING, About
from suimon.incidents.email import OF_STACK, clock
from suimon.incidents.incident import Problem, listed, listed_in_japanese
from suimon.incidents.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from suimon.drops.drop import DropRecord


def sweep_failed(part: str, reason: str) -> Problem:
    """A part of the sweep that failed."""
    return Problem(
        kind=Kind.SWEEP_FAILED,
        about=About(part=part),
        subject=Bilingual(f"The sweep could not check {part}", f"巡回が {part} を確認できませんでした"),
        body=Bilingual(
            f"What may have been lost there is not detected until this is repaired.\n\n{shown(reason)}\n\n"
            "What to do: see the log of the freshness function. It tries again every 15 minutes.",
            f"復旧するまで、そこで失われたものがあっても検出されません。\n\n{shown(reason)}\n\n"
            "対応: freshness 関数のログを確認してください。15 分ごとに自動で再試行します。",
        ),
        fingerprint=reason.partition(":")[0],
    )


def unexplained_left(left: Mapping[str, tuple[int, Sequence[str]]]) -> Problem:
    """What the sweep detected and could not repair: for each kind, how many and examples."""
    found = [(kind, f"{count:,}", ", ".join(map(shown, examples))) for kind, (count, examples) in left.items()]
    lines = "\n".join(f"  {count} x {kind}, among them {examples}" for kind, count, examples in found)
    lines_ja = "\n".join(f"  {kind} {count} 件（例: {examples}）" for kind, count, examples in found)
    return Problem(
        kind=Kind.UNEXPLAINED,
        about=NOTHING,
        subject=Bilingual("The sweep detected what it could not repair", "巡回が検出した不整合を修復できませんでした"),
        body=Bilingual(
            f"{lines}\n\n"
            "What to do: as a rule nothing, the next rounds try again. If it lasts for hours, run "
            f"`suimon reconcile --full{OF_STACK}` and see the log of the freshness function.",
            f"{lines_ja}\n\n"
            "対応: 通常は不要です。次回以降の巡回で自動的に再試行します。数時間続く場合は "
            f"`suimon reconcile --full{OF_STACK}` を実行し、freshness 関数のログを確認してください。",
        ),
        fingerprint="unexplained",
    )


def left_out(found: Mapping[str, str]) -> Problem:
    """Report what a round could not use of what it read; `found`: by name, why."""
    reasons = listed([f"{shown(name)}\n    {shown(reason)}" for name, reason in sorted(found.items())])
    return Problem(
        kind=Kind.UNUSABLE,
        about=NOTHING,
        subject=Bilingual("The sweep left out what it cannot use", "巡回が処理できないものを除外しました"),
        body=Bilingual(
            f"Everything else was done. These were left out, and nobody looks after them meanwhile:\n{reasons}\n\n"
            "What to do: a checkpoint# is begun again by itself. Of any other item, find in CloudTrail who wrote it; "
            "correct it in the ledger's table, or delete it: then its object is found and entered again, and a problem "
            "that is still there is reported again.",
            f"ほかはすべて処理しましたが、次のものは除外され、その間は監視されません。\n{reasons}\n\n"
            "対応: checkpoint# は自動的に作り直されます。それ以外は、誰が書き込んだかを CloudTrail で調べ、"
            "台帳のテーブルで"
            "訂正するか削除してください。削除すると、オブジェクトは再検出されて登録し直され、続いている問題は再び通知されます。",
        ),
        fingerprint=" ".join(sorted(found)),
    )


def stuck_drops(dataset: str, records: Sequence[DropRecord]) -> Problem:
    """Drops of one dataset that are stuck at the gate."""
    lines = [
        f"{record.drop.shown_key}: {record.state} since {clock(record.updated_at)}, drop {record.id}"
        for record in sorted(records, key=lambda one: one.updated_at)
    ]
    return Problem(
        kind=Kind.STUCK,
        about=About(dataset=dataset),
        subject=Bilingual(f"{dataset}: files are stuck at the gate", f"{dataset}: ファイルが検査で止まっています"),
        body=Bilingual(
            f"These have been stuck for more than an hour, though they were resumed several times:\n{listed(lines)}"
            "\n\nWhat to do: look for the drop's id in the log of the intake function. Of an ACCEPTED one see whether "
            "Airflow takes its run (another e-mail says why not, if Airflow was asked). Nothing is lost and nothing "
            "has to be sent again: they resume by themselves when the cause is gone.",
            f"次のファイルは、何度か再開しましたが、1 時間以上止まっています。\n{listed_in_japanese(lines)}\n\n"
            "対応: intake 関数のログでドロップの ID を検索してください。ACCEPTED のものは、Airflow "
            "が実行を受け付けているか"
            "確認してください（Airflow に依頼済みの場合、受け付けない理由は別のメールにあります）。失われたものはなく、"
            "再送も不要です。原因がなくなれば自動的に再開します。",
        ),
        fingerprint="stuck",
    )


def orphaned_drops(dataset: str, records: Sequence[DropRecord]) -> Problem:
    """Report accepted drops of a dataset that no contract knows any more."""
    lines = [f"{one.drop.shown_key}: {one.state}, drop {one.id}" for one in records]
    close = f"  suimon drops close {records[0].id} --reason 'the dataset is given up'{OF_STACK}"
    return Problem(
        kind=Kind.ORPHANED,
        about=About(dataset=dataset),
        subject=Bilingual(
            f"{dataset}: files wait, and no contract knows them any more",
            f"{dataset}: 契約がなくなったため、ファイルが待機しています",
        ),
        body=Bilingual(
            f"They were accepted, and the contract of {dataset} is gone from this release before their runs were "
            f"started:\n{listed(lines)}\n\n"
            "What to do: if the contract went by mistake, deploy it again, and they go on by themselves. Else close "
            f"each:\n{close}",
            f"受け入れ後、DAG 実行が始まる前に、{dataset} の契約がこのリリースからなくなりました。\n"
            f"{listed_in_japanese(lines)}\n\n"
            "対応: 契約を誤って削除した場合は、再度デプロイすれば自動的に再開します。不要であれば、1 "
            "件ずつ閉じてください。\n"
            f"{close}",
        ),
        fingerprint="orphaned",
    )


def undeliverable_messages(bucket: str, keys: Sequence[str], now: datetime) -> Problem:
    """Report messages that cannot be used, each kept whole; whoever sends many of them causes one e-mail an hour."""
    kept = [f"s3://{bucket}/{shown(key)}" for key in keys]
    return Problem(
        kind=Kind.UNDELIVERABLE,
        about=NOTHING,
        subject=Bilingual("Messages that cannot be used", "処理できないメッセージがあります"),
        body=Bilingual(
            f"They ask for nothing that Suimon could do. Each is kept whole:\n{listed(kept)}\n\n"
            "What to do: read them; each says why it could not be used. If one is about a file, send the file again. "
            "Delete them there when they are dealt with: then this recovers.",
            f"Suimon が処理できる内容ではありません。それぞれ全文を保管しています。\n{listed_in_japanese(kept)}\n\n"
            "対応: 内容を確認してください。処理できない理由も記録されています。ファイルに関するものであれば、"
            "そのファイルを"
            "再送してください。対応が済んだら削除してください。削除すると解消になります。",
        ),
        fingerprint=f"{now:%Y-%m-%dT%H}",
    )
