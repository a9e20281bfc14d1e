"""What the alert e-mails of the gate and of failed runs say: what happened, where, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drop import run_id
from suimon.incidents import Problem
from suimon.trigger import file_name

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, Contracts
    from suimon.drop import Drop, DropRecord
    from suimon.outcome import RunFinished
    from suimon.trigger import TriggerResult


def rejected(record: DropRecord, contract: Contract, reason: str) -> Problem:
    """Tell that a file breaks its contract; `reason` lists where, without personal values."""
    file, kept = f"s3://{record.drop.bucket}/{record.drop.key}", f"{contract.dataset} {contract.version}"
    if contract.language == "ja":
        body = (
            f"{file} は契約 {kept} を満たしていないため、取り込んでいません。\n\n{reason}\n\n"
            "対応: ファイルを訂正し、同じキーでもう一度送信してください。あらためて検査します。\n"
            f"ドロップ {record.id}、バージョン {record.drop.version_id}"
        )
    else:
        body = (
            f"{file} does not keep the contract {kept} and was not loaded.\n\n{reason}\n\n"
            "What to do: correct the file and send it again under the same key; it is then checked anew.\n"
            f"Drop {record.id}, version {record.drop.version_id}."
        )
    return Problem(
        id=f"rejected:{record.dataset}:{record.partition}",
        subject=f"{record.dataset} {record.partition} rejected: {file_name(record)}",
        body=body,
        fingerprint=run_id(record),
    )


def imperfect(record: DropRecord, contract: Contract, set_aside: int, told: str, aside_uri: str) -> Problem:
    """Tell that a file is accepted though records were set aside or a quality figure only warns; `told`: which."""
    file, kept = f"s3://{record.drop.bucket}/{record.drop.key}", f"{contract.dataset} {contract.version}"
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
            f"ドロップ {record.id}、バージョン {record.drop.version_id}",
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
            f"Drop {record.id}, version {record.drop.version_id}.",
        ]
    remark = f"{set_aside:,} {records} set aside" if set_aside else "accepted with a warning"
    return Problem(
        id=imperfect_id(record),
        subject=f"{record.dataset} {record.partition}, {remark}: {file_name(record)}",
        body="\n".join(lines),
        fingerprint=run_id(record),
    )


def imperfect_id(record: DropRecord) -> str:
    """The incident of a partition whose accepted file is not all it should be."""
    return f"imperfect:{record.dataset}:{record.partition}"


def paused(dag_id: str) -> Problem:
    """Tell that Airflow takes runs and starts none."""
    return Problem(
        id=f"paused:{dag_id}",
        subject=f"DAG {dag_id} is paused: files are accepted, nothing is loaded",
        body=f"While {dag_id} is paused, Airflow takes its runs but starts none. Unpause it: the waiting ones start.",
        fingerprint="paused",
    )


def not_triggered(dag_id: str, record: DropRecord, result: TriggerResult) -> Problem:
    """Tell that accepted files wait for a run that cannot be started; the same cause for many files is one incident."""
    incident_id = f"trigger:{dag_id}:{record.id}" if result.of_drop else f"trigger:{dag_id}"
    concerned = f"for {record.drop.key}" if result.of_drop else "can be started"
    return Problem(
        id=incident_id,
        subject=f"No run of {dag_id} {concerned}",
        body=(
            f"{record.drop.key} is accepted, but its run could not be started.\n\n{result.reason}\n\n"
            "The file is kept and tried again by itself; nothing has to be sent again."
        ),
        fingerprint=incident_id,
    )


def no_contract(drop: Drop, contracts: Contracts, now: datetime) -> Problem:
    """Tell that files come under keys that nothing is declared for; one e-mail a folder and day."""
    folder = drop.key.split("/", 1)[0] if "/" in drop.key else "(top level)"
    patterns = "\n".join(f"  {contract.key_pattern.text}" for contract in contracts.all if contract.key_pattern)
    return Problem(
        id=f"unmatched:{folder}",
        subject=f"Files in {folder} that no contract knows",
        body=(
            f"s3://{drop.bucket}/{drop.key} matches no contract and was not looked at. Known keys:\n{patterns}\n\n"
            "What to do: send it under one of these keys, or add a contract for it.\n"
            "Further files there are recorded without another e-mail today."
        ),
        fingerprint=f"{folder} on {now:%Y-%m-%d}",
    )


def run_failed(record: DropRecord, run: RunFinished) -> Problem:
    """Tell that an accepted file did not reach its table."""
    where = f"Task {run.failed_task}" if run.failed_task else "The run"
    lines = [
        f"{record.drop.key} was accepted ({record.rows:,} rows) but could not be loaded.",
        "",
        f"{where} failed: {run.error or 'it gave no reason'}",
        *([f"Log: {run.log_url}"] if run.log_url else []),
        "",
        f"DAG {run.dag_id}, run {run.run_id}, {record.dataset} {record.partition}, drop {record.id}.",
        "The table holds what it held before. When the cause is mended, run it again:",
        f"  suimon replay {record.dataset} --from {record.partition} --to {record.partition}",
    ]
    return Problem(
        id=f"run-failed:{record.dataset}:{record.partition}",
        subject=f"{record.dataset} {record.partition} could not be loaded",
        body="\n".join(lines),
        fingerprint=run.run_id,
    )
