"""What the alert e-mails of the gate and of failed runs say: what happened, where, what to do."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import LONGEST_NAME, short_name, shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import About
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import IncidentId, Kind

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import Drop, DropRecord
    from suimon.drops.run_finished_event import RunFinished

SHAPE_CHARACTERS = 200  # a key has up to 1,024 bytes, an incident's id should stay readable


def rejected(record: DropRecord, contract: Contract, findings: str, links: str = "") -> Problem:
    """Report that a file breaks its contract; `findings` lists where, without personal values, `links` its reports."""
    told = f"{findings}\n\n{links}" if links else findings
    file, kept = record.drop.shown_uri, f"{contract.dataset} {contract.version}"
    content = hashlib.sha256(findings.encode()).hexdigest()[:16]
    is_ahead = record.match is not None and record.match.is_ahead(record.received_at)
    misdated = is_ahead or contract.dates.broken_by(record.partition, record.received_at) is not None
    remedy = Bilingual(
        "correct the file and send it again under the same key; it is then checked again",
        "ファイルを訂正し、同じキーでもう一度送信してください。あらためて検査します。",
    )
    if is_ahead:
        remedy = Bilingual(
            "send it again with the time at which it was made in its name",
            "作成日時をファイル名に入れて再送してください。",
        )
    elif misdated:
        remedy = Bilingual("send it under the key of its right date", "正しい日付のキーで送信してください。")
    body = Bilingual(
        f"{file} does not keep the contract {kept} and was not loaded.\n\n{told}\n\n"
        f"What to do: {remedy}.\n{_written(record)}.",
        f"{file} は契約 {kept} を満たしていないため、取り込んでいません。\n\n{told}\n\n"
        f"対応: {japanese(remedy)}\n{japanese(_written(record))}",
    )
    name = short_name(record.drop.key)
    return Problem(
        kind=Kind.MISDATED if misdated else Kind.REJECTED,
        about=About.drop(record),
        subject=_subject(record, f"rejected: {name}", f"受け入れ不可: {name}"),
        body=body,
        # A replay that finds the same again is no news, and another file with the same findings a repetition.
        fingerprint=f"{record.id} {content}",
        content=content,
    )


def _subject(record: DropRecord, en: str, ja: str) -> Bilingual:
    """Return a subject that begins with dataset and partition, so that a phone shows them."""
    head = f"{record.dataset} {record.partition}"
    return Bilingual(f"{head} {en}", f"{head} {ja}")


def _written(record: DropRecord) -> Bilingual:
    """Return which write of which key a message is about."""
    version = shown(record.drop.version_id)
    return Bilingual(f"Drop {record.id}, version {version}", f"ドロップ {record.id}、バージョン {version}")


def gone(record: DropRecord, contract: Contract) -> Problem:
    """Report that a file was deleted before it could be checked: it breaks no contract, and yet nothing is loaded."""
    file, name = record.drop.shown_uri, short_name(record.drop.key)
    what = Bilingual(
        "was deleted before it could be checked, and was not loaded.",
        "検査の前に削除されたため、取り込んでいません。",
    )
    if record.attempt > 1:
        what = Bilingual(
            "was deleted before it could be checked again. The table holds what it held before.",
            "再検査の前に削除されました。テーブルの内容は変わりません。",
        )
    body = Bilingual(
        f"{file} {what} That is no breach of its contract {contract.dataset} {contract.version}.\n\n"
        "What to do: if the file is needed, send it again under the same key; else nothing.\n"
        f"{_written(record)}.",
        f"{file} は{japanese(what)}契約 {contract.dataset} {contract.version} の違反ではありません。\n\n"
        "対応: 必要なファイルであれば、同じキーでもう一度送信してください。不要であれば、対応は必要ありません。\n"
        f"{japanese(_written(record))}",
    )
    return Problem(
        kind=Kind.GONE,
        about=About.drop(record),
        subject=_subject(record, f"deleted before its check: {name}", f"検査前に削除: {name}"),
        body=body,
        fingerprint=record.id,
    )


def imperfect(record: DropRecord, contract: Contract, set_aside: int, told: str, aside_uri: str) -> Problem:
    """Report that a file is accepted though records were set aside or a quality figure only warns; `told`: which."""
    file, kept = record.drop.shown_uri, f"{contract.dataset} {contract.version}"
    records = "record" if set_aside == 1 else "records"
    without = Bilingual(", with a warning.", "ただし警告があります。")
    remark = Bilingual("accepted with a warning", "警告付きで受け入れ")
    aside = Bilingual("", "")
    if set_aside:
        without = Bilingual(
            f", without {set_aside:,} {records} that do not keep it.",
            f"満たさないレコード {set_aside:,} 件は除外しました。",
        )
        remark = Bilingual(f"{set_aside:,} {records} set aside", f"{set_aside:,} 件を除外")
        aside = Bilingual(
            f"The {records} set aside, personal values and all: {aside_uri}\n",
            f"除外したレコード（個人情報もそのまま含みます）: {aside_uri}\n",
        )
    body = Bilingual(
        f"{file} is accepted under the contract {kept} and goes on to its table{without}\n\n{told}\n{aside}\n"
        "What to do: nothing, if that can stay so; else correct the file and send it again under the same key.\n"
        f"{_written(record)}.",
        f"{file} は契約 {kept} により受け入れ、テーブルに取り込みます。{japanese(without)}\n\n{told}\n"
        f"{japanese(aside)}\n"
        "対応: このままでよければ不要です。そうでなければファイルを訂正し、同じキーでもう一度送信してください。\n"
        f"{japanese(_written(record))}",
    )
    name = short_name(record.drop.key)
    return Problem(
        kind=Kind.IMPERFECT,
        about=About.drop(record),
        subject=_subject(record, f"{remark}: {name}", f"{japanese(remark)}: {name}"),
        body=body,
        fingerprint=record.run_id,
    )


def unusual_volume(record: DropRecord, told: str) -> Problem:
    """Report that a file has much less or more than those of comparable days and is accepted; `told`: what."""
    file, name = record.drop.shown_uri, Bilingual(*[short_name(record.drop.key)] * 2)
    if record.members:
        name = Bilingual("the whole set", "セット全体")
    return Problem(
        kind=Kind.VOLUME,
        about=About.drop(record),
        subject=_subject(record, f"of unusual volume: {name}", f"量が通常と異なる: {japanese(name)}"),
        body=Bilingual(
            f"{file} is accepted and goes on to its table, though its volume is unusual.\n\n{told}\n\n"
            "What to do: ask the sender whether the file is whole. If not, have it sent again under the same key; to "
            f"take back what is loaded: suimon retract {record.id} --reason …{OF_STACK}\n{_written(record)}.",
            f"{file} の量は通常と異なりますが、受け入れてテーブルに取り込みます。\n\n{told}\n\n"
            "対応: ファイルに欠けがないか送信元に確認してください。欠けていれば、同じキーで再送してもらってください。"
            f"取り込んだ内容を取り消すには: suimon retract {record.id} --reason …{OF_STACK}\n"
            f"{japanese(_written(record))}",
        ),
        fingerprint=record.run_id,
    )


def volume_id(record: DropRecord) -> IncidentId:
    """Return the incident of a key whose accepted file is of unusual volume."""
    return IncidentId.of(Kind.VOLUME, About.drop(record))


def imperfect_id(record: DropRecord) -> IncidentId:
    """Return the incident of a key whose accepted file is not all it should be."""
    return IncidentId.of(Kind.IMPERFECT, About.drop(record))


def no_contract(drop: Drop, contracts: Contracts, now: datetime) -> Problem:
    """Report that files come under keys that nothing is declared for; one e-mail for keys of one shape, and day."""
    if problem := _impossible_date(drop, contracts):
        return problem
    shape = key_shape(drop.key)
    patterns = "\n".join(f"  {pattern.text}" for contract in contracts.all for pattern in contract.patterns)
    file, near = drop.shown_uri, _nearest(drop, contracts)
    body = Bilingual(
        f"{file} matches no contract and was not looked at.{near}\n\nKnown keys:\n{patterns}\n\n"
        "There, {ds} stands for a date written YYYY-MM-DD; yyyy, MM, dd and HH for its parts; "
        "{month} for YYYY-MM, {week} for YYYY-Www, {hour} for HH.\n\n"
        "What to do: send it under one of these keys, or add a contract for it.\n"
        "Further files of this shape are recorded without another e-mail today.",
        f"{file} に合う契約がないため、検査していません。{japanese(near)}\n\n登録済みのキー:\n{patterns}\n\n"
        "{ds} は YYYY-MM-DD 形式の日付、yyyy・MM・dd・HH はその各部分、{month} は YYYY-MM、{week} は YYYY-Www、"
        "{hour} は HH です。\n\n"
        "対応: 上記のいずれかのキーで送信するか、契約を追加してください。\n"
        "同じ形のキーのファイルは、本日中は台帳に記録するのみで、メールは送りません。",
    )
    named = shown(shape, LONGEST_NAME)
    return Problem(
        kind=Kind.UNMATCHED,
        about=About(shape=shape),
        subject=Bilingual(f"Files that no contract knows: {named}", f"契約のないファイル: {named}"),
        body=body,
        fingerprint=f"{now:%Y-%m-%d}",
    )


def _nearest(drop: Drop, contracts: Contracts) -> Bilingual:
    """Name the pattern that a key was most likely meant for, and where it leaves it."""
    if not (near := contracts.nearest(drop.key)):
        return Bilingual("", "")
    contract, pattern = near
    misfit = pattern.misfit(drop.key)
    fits, found = shown(misfit.fits), shown(misfit.found)
    nearest = f"Nearest is {pattern.text} of {contract.dataset}"
    where = f"after {fits} " if fits else "at its beginning "
    has = f"has {found}" if found else "ends"
    after = f"{fits} の後" if fits else "先頭"
    there = f"が {found} です" if found else "でキーが終わっています"
    return Bilingual(
        f"\n\n{nearest}: {where}the key {has}, where {misfit.expected} is expected.",
        f"\n\n最も近いのは {contract.dataset} の {pattern.text} です。"
        f"{after}{there}（期待されるもの: {misfit.expected}）。",
    )


def _impossible_date(drop: Drop, contracts: Contracts) -> Problem | None:
    """Report a key that matches but for its date, which no calendar has; one e-mail for each such date."""
    for contract in contracts.all:
        for pattern in contract.patterns:
            if day := pattern.impossible_date(drop.key):
                dataset, meant = contract.dataset, f"{contract.dataset} ({pattern.text})"
                return Problem(
                    kind=Kind.UNMATCHED,
                    about=About(dataset=dataset, shape=pattern.shape(drop.key)),
                    subject=Bilingual(
                        f"A file of {dataset} for {day}, which is no date",
                        f"{dataset} のファイルの日付 {day} は存在しません",
                    ),
                    body=Bilingual(
                        f"{drop.shown_uri} matches no contract and was not looked at: it would be a file of {meant}, "
                        f"but {day} is in no calendar.\n\nWhat to do: send it under the key of its right date.",
                        f"{drop.shown_uri} に合う契約がないため、検査していません。{meant} のファイルと思われますが、"
                        f"{day} という日付は存在しません。\n\n対応: 正しい日付のキーで送信してください。",
                    ),
                    fingerprint=day,
                )
    return None


def key_shape(key: str) -> str:
    """Write the pattern of a key: its first folder, with # for words that hold a digit, and the ending of its name.

    `2026-11-20/stores/tokyo.csv.gz` is `#/…/*.csv.gz`: coarse, so that names of people's choice make no new pattern.
    """
    *folders, name = key.split("/")
    first = re.sub(r"#(?:[-_. ]#)+", "#", re.sub(r"[^\W_]*\d[^\W_]*", "#", folders[0])) + "/" if folders else ""
    ending = "".join(re.findall(r"\.[A-Za-z]{1,8}", name)[-2:]) if "." in name else ""
    shape = f"{first}{'…/' if len(folders) > 1 else ''}*{ending}"
    return shape if len(shape) <= SHAPE_CHARACTERS else f"{shape[:SHAPE_CHARACTERS]}…"


def run_failed(record: DropRecord, run: RunFinished) -> Problem:
    """Report the run of an accepted file that failed, before its rows were committed to the table or after."""
    key, rows, reason = record.drop.shown_key, f"{record.rows:,}", run.error or "it gave no reason"
    where = f"Task {run.failed_task}" if run.failed_task else "The run"
    where_ja = f"タスク {run.failed_task} " if run.failed_task else "DAG 実行"
    end, short, stands = _ENDS[run.committed]
    details = [f"DAG {run.dag_id}, run {run.run_id}, {record.dataset} {record.partition}, drop {record.id}."]
    logs = [f"Log: {run.log_url}"] if run.log_url else []
    again = f"replay {record.dataset} --from {record.partition} --to {record.partition}"
    if record.retraction:
        again = f"retract {record.id} --reason …"
    en = [
        f"{key} was accepted ({rows} rows) {end}.",
        str(stands),
        "",
        *[f"{where} failed: {reason}", *logs],
        "",
        *details,
        "What to do: mend the cause, then run it again:",
        f"  suimon {again}{OF_STACK}",
    ]
    ja = [
        f"{key} を受け入れました（{rows} 行）が、{japanese(end)}。",
        japanese(stands),
        "",
        *[f"{where_ja}が失敗しました: {run.error or '理由の報告はありません'}", *logs],
        "",
        *details,
        "対応: 原因を取り除いたうえで、再実行してください。",
        f"  suimon {again}{OF_STACK}",
    ]
    return Problem(
        kind=Kind.RUN_FAILED,
        about=replace(About.drop(record, dag_id=run.dag_id), run_id=run.run_id),
        subject=_subject(record, str(short), japanese(short)),
        body=Bilingual("\n".join(en), "\n".join(ja)),
        fingerprint=run.run_id,
    )


# By whether the rows were committed: how the run ended, in a sentence and in a subject, and what the table holds now.
_ENDS = {
    True: (
        Bilingual("and loaded, but its run failed afterwards", "取り込んだ後に DAG 実行が失敗しました"),
        Bilingual("is loaded, but its run failed", "取り込み後に DAG 実行が失敗"),
        Bilingual(
            "The new rows stand in the table: they were committed before that, and people read them now.",
            "新しい行はすでにテーブルにあります。失敗の前にコミットされ、利用者に見えています。",
        ),
    ),
    False: (
        Bilingual("but could not be loaded", "取り込めませんでした"),
        Bilingual("could not be loaded", "取り込み失敗"),
        Bilingual("The table holds what it held before.", "テーブルの内容は変わっていません。"),
    ),
    None: (
        Bilingual("but its run failed", "DAG 実行が失敗しました"),
        Bilingual("run failed: see what the table holds", "DAG 実行が失敗: テーブルの内容を要確認"),
        Bilingual(
            "The load is one transaction: the table holds what it held before, or all of the new rows if only the "
            "wait for the load ended.",
            "取り込みは 1 つのトランザクションです。テーブルの内容は以前のままか、"
            "取り込みの待機だけが打ち切られた場合は"
            "新しい行がすべて入っています。",
        ),
    ),
}
