"""What the alert e-mails of the gate and of failed runs say: what happened, where, what to do."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from suimon.drops.foreign_text import LONGEST_NAME, short_name, shown
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import About, IncidentId, Kind

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
    misdated = contract.dates.broken_by(record.partition, record.received_at) is not None
    if contract.language == "ja":
        remedy = (
            "正しい日付のキーで送信してください。"
            if misdated
            else "ファイルを訂正し、同じキーでもう一度送信してください。あらためて検査します。"
        )
        body = (
            f"{file} は契約 {kept} を満たしていないため、取り込んでいません。\n\n{told}\n\n"
            f"対応: {remedy}\n"
            f"ドロップ {record.id}、バージョン {shown(record.drop.version_id)}"
        )
    else:
        remedy = (
            "send it under the key of its right date"
            if misdated
            else "correct the file and send it again under the same key; it is then checked again"
        )
        body = (
            f"{file} does not keep the contract {kept} and was not loaded.\n\n{told}\n\n"
            f"What to do: {remedy}.\n"
            f"Drop {record.id}, version {shown(record.drop.version_id)}."
        )
    return Problem(
        kind=Kind.MISDATED if misdated else Kind.REJECTED,
        about=About.drop(record),
        subject=f"{record.dataset} {record.partition} rejected: {short_name(record.drop.key)}",
        body=body,
        # A replay that finds the same again is no news, and another file with the same findings a repetition.
        fingerprint=f"{record.id} {content}",
        content=content,
    )


def gone(record: DropRecord, contract: Contract) -> Problem:
    """Report that a file was deleted before it could be checked: it breaks no contract, and yet nothing is loaded."""
    file, again = record.drop.shown_uri, record.attempt > 1
    if contract.language == "ja":
        what = (
            "再検査の前に削除されました。テーブルの内容は変わりません。"
            if again
            else "検査の前に削除されたため、取り込んでいません。"
        )
        body = (
            f"{file} は{what}契約違反ではありません。\n\n"
            "対応: 必要なファイルであれば、同じキーでもう一度送信してください。不要であれば、対応は必要ありません。\n"
            f"ドロップ {record.id}、バージョン {shown(record.drop.version_id)}"
        )
    else:
        what = (
            "was deleted before it could be checked again. The table holds what it held before."
            if again
            else "was deleted before it could be checked, and was not loaded."
        )
        body = (
            f"{file} {what} That is no breach of its contract.\n\n"
            "What to do: if the file is needed, send it again under the same key; else nothing.\n"
            f"Drop {record.id}, version {shown(record.drop.version_id)}."
        )
    return Problem(
        kind=Kind.GONE,
        about=About.drop(record),
        subject=f"{record.dataset} {record.partition} deleted before its check: {short_name(record.drop.key)}",
        body=body,
        fingerprint=record.id,
    )


def imperfect(record: DropRecord, contract: Contract, set_aside: int, told: str, aside_uri: str) -> Problem:
    """Report that a file is accepted though records were set aside or a quality figure only warns; `told`: which."""
    file, kept = record.drop.shown_uri, f"{contract.dataset} {contract.version}"
    records = "record" if set_aside == 1 else "records"
    if contract.language == "ja":
        without = f"満たさないレコード {set_aside:,} 件は除外しました。" if set_aside else "ただし警告があります。"
        lines = [
            f"{file} は契約 {kept} により受け入れ、テーブルに取り込みます。{without}",
            "",
            told,
            *([f"除外したレコード（個人情報もそのまま含みます）: {aside_uri}"] if set_aside else []),
            "",
            "対応: このままでよければ不要です。そうでなければファイルを訂正し、同じキーでもう一度送信してください。",
            f"ドロップ {record.id}、バージョン {shown(record.drop.version_id)}",
        ]
    else:
        without = f", without {set_aside:,} {records} that do not keep it." if set_aside else ", with a warning."
        lines = [
            f"{file} is accepted under the contract {kept} and goes on to its table{without}",
            "",
            told,
            *([f"The {records} set aside, personal values and all: {aside_uri}"] if set_aside else []),
            "",
            "What to do: nothing, if that can stay so; else correct the file and send it again under the same key.",
            f"Drop {record.id}, version {shown(record.drop.version_id)}.",
        ]
    remark = f"{set_aside:,} {records} set aside" if set_aside else "accepted with a warning"
    return Problem(
        kind=Kind.IMPERFECT,
        about=About.drop(record),
        subject=f"{record.dataset} {record.partition}, {remark}: {short_name(record.drop.key)}",
        body="\n".join(lines),
        fingerprint=record.run_id,
    )


def imperfect_id(record: DropRecord) -> IncidentId:
    """Return the incident of a key whose accepted file is not all it should be."""
    return IncidentId.of(Kind.IMPERFECT, About.drop(record))


def no_contract(drop: Drop, contracts: Contracts, now: datetime) -> Problem:
    """Report that files come under keys that nothing is declared for; one e-mail for keys of one shape, and day."""
    if problem := _impossible_date(drop, contracts):
        return problem
    shape = key_shape(drop.key)
    patterns = "\n".join(f"  {pattern.text}" for contract in contracts.all for pattern in contract.patterns)
    return Problem(
        kind=Kind.UNMATCHED,
        about=About(shape=shape),
        subject=f"Files that no contract knows: {shown(shape, LONGEST_NAME)}",
        body=(
            f"{drop.shown_uri} matches no contract and was not looked at.{_nearest(drop, contracts)}\n\n"
            f"Known keys:\n{patterns}\n\n"
            "There, {ds} stands for a date written YYYY-MM-DD; yyyy, MM and dd for its parts.\n\n"
            "What to do: send it under one of these keys, or add a contract for it.\n"
            "Further files of this shape are recorded without another e-mail today."
        ),
        fingerprint=f"{now:%Y-%m-%d}",
    )


def _nearest(drop: Drop, contracts: Contracts) -> str:
    """Name the pattern that a key was most likely meant for, and where it leaves it."""
    if not (near := contracts.nearest(drop.key)):
        return ""
    contract, pattern = near
    misfit = pattern.misfit(drop.key)
    where = f"after {shown(misfit.fits)} " if misfit.fits else "at its beginning "
    found = f"has {shown(misfit.found)}" if misfit.found else "ends"
    nearest = f"Nearest is {pattern.text} of {contract.dataset}"
    return f"\n\n{nearest}: {where}the key {found}, where {misfit.expected} is expected."


def _impossible_date(drop: Drop, contracts: Contracts) -> Problem | None:
    """Report a key that matches but for its date, which no calendar has; one e-mail for each such date."""
    for contract in contracts.all:
        for pattern in contract.patterns:
            if day := pattern.impossible_date(drop.key):
                return Problem(
                    kind=Kind.UNMATCHED,
                    about=About(shape=pattern.filled(day)),
                    subject=f"A file of {contract.dataset} for {day}, which is no date",
                    body=(
                        f"{drop.shown_uri} matches no contract and was not looked at: it would be a file of "
                        f"{contract.dataset} ({pattern.text}), but {day} is in no calendar.\n\n"
                        "What to do: send it under the key of its right date."
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
    where = f"Task {run.failed_task}" if run.failed_task else "The run"
    end = "and loaded, but its run failed afterwards" if run.committed else "but could not be loaded"
    short = "is loaded, but its run failed" if run.committed else "could not be loaded"
    stands = {
        True: "The new rows stand in the table: they were committed before that, and people read them now.",
        False: "The table holds what it held before.",
        None: "The load is one transaction: the table holds what it held before, or all of the new rows if only the "
        "wait for the load ended.",
    }
    lines = [
        f"{record.drop.shown_key} was accepted ({record.rows:,} rows) {end}.",
        "",
        f"{where} failed: {run.error or 'it gave no reason'}",
        *([f"Log: {run.log_url}"] if run.log_url else []),
        "",
        f"DAG {run.dag_id}, run {run.run_id}, {record.dataset} {record.partition}, drop {record.id}.",
        stands[run.committed],
        "When the cause is mended, run it again:",
        f"  suimon replay {record.dataset} --from {record.partition} --to {record.partition}{OF_STACK}",
    ]
    return Problem(
        kind=Kind.RUN_FAILED,
        about=replace(About.drop(record, dag_id=run.dag_id), run_id=run.run_id),
        subject=f"{record.dataset} {record.partition} {short}",
        body="\n".join(lines),
        fingerprint=run.run_id,
    )
