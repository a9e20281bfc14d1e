"""Messages about problems that have recovered: how, and since when they were open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.email import OF_STACK, clock
from suimon.incidents.incident import Text

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.table_freshness import TableFreshness
    from suimon.drops.drop import DropRecord
    from suimon.incidents.incident import Incident
    from suimon.incidents.table_age import TableAge

CONTRACT_MATCHES = Bilingual("A contract matches these files now.", "これらのファイルに合う契約ができました。")
SET_IS_WHOLE = Bilingual("The set is whole.", "セットが揃いました。")
SET_IS_NOT_DUE = Bilingual("It is not yet due again.", "次の期限はまだ来ていません。")
NO_FILE_IS_DUE = Bilingual("By its contract that date has no file.", "契約により、この日付のファイルはありません。")
FILE_IS_NOT_YET_DUE = Bilingual("By its contract it is not due yet.", "契約により、期限はまだ来ていません。")
FILE_WILL_NOT_COME = Bilingual(
    "A person has said that it will not come (suimon expect).", "届かないことが登録されました（suimon expect）。"
)
NOT_WATCHED = Bilingual("No contract asks about it any longer.", "これを監視する契約がなくなりました。")
NOTHING_WAITS_FOR_AIRFLOW = Bilingual(
    "No file waits for its run any longer.", "DAG 実行の開始を待つファイルはなくなりました。"
)
DAG_IS_ACTIVE = Bilingual("Airflow starts its runs again.", "Airflow がこの DAG の実行を再開しました。")
DAG_IS_GONE = Bilingual(
    "Airflow no longer has this DAG: it is reported as gone.",
    "Airflow にこの DAG がなくなりました。削除として別に通知します。",
)
NO_RUN_WAITS = Bilingual("None of its runs waits any longer.", "待機中の実行はなくなりました。")
RUN_HAS_ENDED = Bilingual("The run has come to its end.", "DAG 実行が終了しました。")
QUEUE_MOVES = Bilingual(
    "None of its runs has waited in the queue for so long now.", "長時間キューで待っている実行はなくなりました。"
)
AIRFLOW_ANSWERS = Bilingual("Airflow answers again.", "Airflow が再び応答しています。")
NOTHING_FAILS = Bilingual(
    "No file of this dataset fails with this error any longer.",
    "このデータセットで、このエラーになるファイルはなくなりました。",
)
NOTHING_IS_STUCK = Bilingual(
    "No file of this dataset has been stuck for an hour.",
    "このデータセットで、1 時間以上止まっているファイルはなくなりました。",
)
NOTHING_IS_ORPHANED = Bilingual(
    "None of its files waits for a contract any longer.", "契約を待つファイルはなくなりました。"
)
NOTHING_IS_KEPT = Bilingual("Nothing is kept there any longer.", "保管されているメッセージはなくなりました。")
SWEEP_WORKS = Bilingual("This part of the sweep was done.", "巡回のこの部分は正常に終わりました。")
ALL_CAN_BE_USED = Bilingual("The sweep can use all that it reads.", "巡回は読んだものすべてを処理できました。")
ALL_IS_ACCOUNTED_FOR = Bilingual(
    "Everything in the bucket is accounted for.", "バケットの内容はすべて台帳と一致しています。"
)


def recovered(incident: Incident, now: datetime, note: str) -> Text:
    """Return the text of an incident's recovery; `note`: how it has recovered, if that is known."""
    opened, closed, command = clock(incident.opened_at), clock(now), f"`suimon incidents{OF_STACK}`"
    how, how_ja = (f"{note}\n\n", f"{japanese(note)}\n\n") if note else ("", "")
    return Text(
        incident.subject,
        Bilingual(
            f"{how}Over: {incident.subject}\n\n"
            f"It was open from {opened} to {closed}. Nothing is left to do about it. What else\n"
            f"is open has messages of its own, and stands in {command}.",
            f"{how_ja}解消: {japanese(incident.subject)}\n\n"
            f"発生: {opened}、解消: {closed}。これについての対応は不要です。\n"
            f"ほかの未解消の問題は個別に通知済みで、{command} で一覧できます。",
        ),
    )


def closed_by_hand(incident: Incident) -> Text:
    """Return the text of an incident that a person has closed."""
    by = incident.closed
    who, reason = (shown(by.who), shown(by.reason)) if by else ("Somebody", "")
    return Text(
        incident.subject,
        Bilingual(
            f"{who} has closed it: {reason}\n\nClosed: {incident.subject}\n\n"
            "It is reported again only if it gets worse or happens again.",
            f"{who} が終了としました: {reason}\n\n終了: {japanese(incident.subject)}\n\n"
            "悪化するか再発しない限り、通知しません。",
        ),
    )


def ended_by_itself(incident: Incident) -> Text:
    """Return the text of an incident that nobody has mended, and that ends because nothing has to follow."""
    return Text(
        incident.subject,
        Bilingual(
            f"Nobody has mended it, and nothing has to follow: it ends by itself.\n\nClosed: {incident.subject}\n\n"
            "It is reported again if it happens again.",
            "修正はされていませんが、対応は必須ではないため、期限により終了しました。\n\n"
            f"終了: {japanese(incident.subject)}\n\n再発した場合は、あらためて通知します。",
        ),
    )


def came_back(incident: Incident) -> Text:
    """Return the text of an incident that was reported while its recovery was published."""
    body = Bilingual(
        "This is not over: the problem was reported again just when its recovery was. What happened and what to do "
        "stands in the e-mail before that one.",
        "まだ解消していません。解消の通知と同時に、同じ問題が再び報告されました。内容と対応は、解消の通知の前のメールにあります。",
    )
    return Text(incident.subject, body)


def file_is_loaded(record: DropRecord) -> Bilingual:
    """The file that was rejected or not loaded, or a later one, is in its table."""
    key = record.drop.shown_key
    return Bilingual(f"{key} is loaded ({record.rows:,} rows).", f"{key} を取り込みました（{record.rows:,} 行）。")


def file_is_retracted(record: DropRecord) -> Bilingual:
    """A person has taken the file back, and its partition is as it was before."""
    key = record.drop.shown_key
    return Bilingual(
        f"{key} is retracted: its partition is as it was before it.",
        f"{key} を取り消しました。パーティションは取り込み前の状態に戻っています。",
    )


def file_has_no_flaw(record: DropRecord) -> Bilingual:
    """A file of which records were set aside has come again without any."""
    key = record.drop.shown_key
    return Bilingual(
        f"{key} has come again and is as it should be.", f"{key} が再送され、契約どおりであることを確認しました。"
    )


def volume_is_usual(record: DropRecord) -> Bilingual:
    """A file of unusual volume has come again and has as much as usual."""
    key = record.drop.shown_key
    return Bilingual(
        f"{key} has come again and has as much as usual.", f"{key} が再送され、量が通常どおりであることを確認しました。"
    )


def file_has_come(record: DropRecord) -> Bilingual:
    """A file that was missing has come."""
    return Bilingual(f"{record.drop.shown_key} has come.", f"{record.drop.shown_key} が届きました。")


def table_is_fresh(table: TableFreshness, age: TableAge) -> Bilingual:
    """The newest value of a column is young enough."""
    name, old = f"{table.table}.{table.column}", age.written(age.whole)
    return Bilingual(f"The newest value of {name} is {old} old.", f"{name} の最新値は {japanese(old)}前のものです。")


def table_can_be_read(table: TableFreshness) -> Bilingual:
    """A table's age could be asked."""
    return Bilingual(f"{table.table} can be read again.", f"{table.table} を再び参照できました。")


def run_was_started(record: DropRecord) -> Bilingual:
    """Airflow takes the runs that it did not."""
    key = record.drop.shown_key
    return Bilingual(f"Airflow has taken the run of {key}.", f"Airflow が {key} の実行を受け付けました。")
