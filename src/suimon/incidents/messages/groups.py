"""What is told in a round of the sweep: one message about many incidents of a kind, or about one that was held back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import OF_STACK, clock
from suimon.incidents.incident import Event, Notice, Text, Told, listed, listed_in_japanese
from suimon.incidents.kinds import KINDS, Kind, Severity
from suimon.incidents.telling_less_often import STREAK

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from suimon.incidents.grouping import ToldGroup
    from suimon.incidents.incident import Incident

_WHAT = {
    Kind.REJECTED: Bilingual("files rejected", "ファイルの拒否"),
    Kind.MISDATED: Bilingual("files with wrong dates rejected", "日付の誤ったファイルの拒否"),
    Kind.GONE: Bilingual("files deleted before their check", "検査前のファイル削除"),
    Kind.IMPERFECT: Bilingual("files accepted with remarks", "注意付きで受け入れたファイル"),
    Kind.VOLUME: Bilingual("files of unusual volume", "量が通常と異なるファイル"),
    Kind.UNMATCHED: Bilingual("kinds of files that no contract matches", "契約のないファイルの種類"),
    Kind.SET_CLOSED: Bilingual("shards for closed sets", "締め切ったセットへのシャード"),
    Kind.RUN_FAILED: Bilingual("runs failed", "DAG 実行の失敗"),
    Kind.MISSING_FILE: Bilingual("files never came", "ファイルの未着"),
    Kind.INCOMPLETE_SET: Bilingual("sets are not whole", "揃わないセット"),
    Kind.STALE_TABLE: Bilingual("tables are stale", "古くなったテーブル"),
    Kind.UNREADABLE_TABLE: Bilingual("tables cannot be checked", "確認できないテーブル"),
    Kind.DAG_GONE: Bilingual("DAGs are gone from Airflow", "Airflow から消えた DAG"),
    Kind.PAUSED: Bilingual("DAGs are paused", "一時停止中の DAG"),
    Kind.QUEUED: Bilingual("DAGs have long queues", "キューの長い DAG"),
    Kind.HANGING: Bilingual("runs do not end", "終わらない実行"),
    Kind.FAILING: Bilingual("errors at the gate", "検査時のエラー"),
    Kind.STUCK: Bilingual("datasets with files stuck at the gate", "ファイルが止まっているデータセット"),
    Kind.ORPHANED: Bilingual("datasets without a contract", "契約のないデータセット"),
    Kind.UNKNOWN_DAG: Bilingual("DAGs that Airflow does not know", "Airflow にない DAG"),
    Kind.FORBIDDEN_DAG: Bilingual("DAGs that the gate may not start", "ゲートが開始できない DAG"),
    Kind.LONG_PATH: Bilingual("DAGs with too long a name", "名前が長すぎる DAG"),
    Kind.REFUSED_CONF: Bilingual("runs refused by Airflow", "Airflow が拒否した実行"),
    Kind.FOREIGN_RUN: Bilingual("runs that are not ours", "別の実行との競合"),
    Kind.SWEEP_FAILED: Bilingual("parts of the sweep failed", "巡回の失敗"),
}
_LATE = Bilingual("files are late", "ファイルの遅延")  # within their grace
_HOURS = STREAK // timedelta(hours=1)
_GOES_ON = Bilingual(
    f"As long as it goes on you hear of more of it less and less often, every {_HOURS} hours in the end; the command "
    "shows it at once. ",
    f"同じ問題が続く間、通知の間隔は徐々に延び、最長で {_HOURS} 時間になります。"
    "コマンドではいつでも最新の状況を確認できます。",
)
_LISTED = 1_000  # lines, far below what a message takes


def told_alone(incident: Incident, now: datetime, *, is_explained: bool = False) -> Text:
    """Return the text of the message about one incident that was held back; `is_explained`: what mutes it is open."""
    since, why = clock(incident.opened_at), Bilingual("", "")
    if incident.told is Told.MUTED and incident.muted_by:
        over = Bilingual("That is over.", "そちらは解消しました。")
        if is_explained:
            over = Bilingual(
                "That is open still; this has lasted for so long that it may have a cause of its own.",
                "そちらは未解消ですが、長く続いているため、別の原因があるかもしれません。",
            )
        why = Bilingual(
            f"Since {since}; not told before, for {incident.muted_by} explained it. {over}\n\n",
            f"{since} から続いています。{incident.muted_by} が原因と見られたため、これまで通知していません。"
            f"{over.ja}\n\n",
        )
    elif incident.told is Told.WORSE:
        why = Bilingual(
            f"It has lasted since {since} and counts as an error now.\n\n",
            f"{since} から続いているため、エラーとして扱います。\n\n",
        )
    elif (snoozed := incident.snoozed) and not incident.is_snoozed(now):
        who, reason = shown(snoozed.who), shown(snoozed.reason)
        why = Bilingual(
            f"Snoozed by {who} until now ({reason}); it still stands.\n\n",
            f"{who} が通知を止めていました（{reason}）が、問題は続いています。\n\n",
        )
    body = incident.body or incident.subject
    return Text(incident.subject, Bilingual(f"{why}{body}", f"{japanese(why)}{japanese(body)}"))


def told_together(kind: Kind, incidents: Sequence[Incident], in_all: int) -> Text:
    """Return the text of the message about incidents of a kind; `in_all`: how many of it are open."""
    datasets = {one.about.dataset for one in incidents}
    of = f"{datasets.pop()}: " if len(datasets) == 1 and "" not in datasets else ""
    more, more_ja = ("", "") if in_all == len(incidents) else (" more", "さらに ")
    are_late = kind is Kind.MISSING_FILE and all(one.severity is Severity.WARNING for one in incidents)
    what, count = _LATE if are_late else _WHAT.get(kind, kind), f"{len(incidents):,}"
    subject = Bilingual(f"{of}{count}{more} {what}", f"{of}{more_ja}{count} 件: {japanese(what)}")
    since = clock(min(one.opened_at for one in incidents))
    goes_on = _GOES_ON if KINDS[kind].is_of_one_thing else Bilingual("", "")
    body = Bilingual(
        f"So many problems of one kind came since {since} that they are told together; {in_all:,} of it are open in "
        f"all.\n\n{listed([_line(one, str(one.subject)) for one in incidents], _LISTED)}\n\n"
        "What to do: look for one cause, such as a changed format or an outage. "
        f"`suimon incidents --kind {kind}{OF_STACK}` lists all that is open, `suimon explain ID{OF_STACK}` tells of a "
        f"drop, its reason and its report. {goes_on}When all of these are over, one more message says so.",
        f"{since} 以降、同じ種類の問題が多数発生したため、まとめて通知します。未解消は全部で {in_all:,} 件です。\n\n"
        f"{listed_in_japanese([_line(one, japanese(one.subject)) for one in incidents], _LISTED)}\n\n"
        "対応: 形式の変更や障害など、共通の原因がないか確認してください。"
        f"`suimon incidents --kind {kind}{OF_STACK}` で未解消の一覧を、`suimon explain ID{OF_STACK}` で"
        f"ドロップごとの理由とレポートを表示できます。{japanese(goes_on)}すべて解消したときに、もう一度通知します。",
    )
    return Text(subject, body)


def _line(incident: Incident, subject: str) -> str:
    return f"{subject} (drop {incident.about.drop_id})" if incident.about.drop_id else subject


def all_over(group: ToldGroup, *, closed: int = 0, others: int = 0) -> Notice:
    """Return the notice that no member of a group is open any longer.

    closed: how many of them a person has closed. others: how many more of its kind are open.
    """
    what = _WHAT.get(group.kind, group.kind)
    of = f"{group.dataset}: " if group.dataset else ""
    lapses = KINDS[group.kind].lapses is not None
    parts = [
        Bilingual(f"None of those that were told together is open any longer: {what}.", _ENDED.format(japanese(what)))
    ]
    if lapses:
        parts.append(_LAPSED)
    if closed:
        parts.append(Bilingual(_CLOSED.format(closed), _CLOSED.ja.format(closed)))
    if others:
        parts.append(Bilingual(_OTHERS.format(others, group.kind), _OTHERS.ja.format(others, group.kind)))
    return Notice(
        event=Event.CLOSED if lapses or closed else Event.RECOVERED,
        id=group.id,
        kind=group.kind,
        severity=KINDS[group.kind].severity,
        about=About(dataset=group.dataset),
        subject=Bilingual(f"{of}{what}, told together", f"{of}{japanese(what)}（まとめて通知した分）"),
        body=Bilingual("\n\n".join(parts), "\n\n".join(map(japanese, parts))),
        concerns=group.concerns,
    )


_ENDED = "まとめて通知した問題のうち、未解消のものはなくなりました: {}"
_LAPSED = Bilingual(
    "Those that nobody has corrected have ended by themselves, for nothing has to follow.",
    "修正されなかったものは、対応が必須ではないため、期限により終了しました。",
)
_CLOSED = Bilingual(
    "Closed by a person, though the cause may stand: {:,}.",
    "うち {:,} 件は担当者が終了としました。原因は残っている可能性があります。",
)
_OTHERS = Bilingual(
    f"More of this kind are open: {{:,}}. `suimon incidents --kind {{}}{OF_STACK}` lists them.",
    f"同じ種類の問題がほかに {{:,}} 件未解消です。`suimon incidents --kind {{}}{OF_STACK}` で一覧できます。",
)
