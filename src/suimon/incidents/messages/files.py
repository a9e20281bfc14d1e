"""What the alert e-mails of the gate and of failed runs say: what happened, where, what to do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from suimon.drops.drop import run_id
from suimon.incidents.store import Problem
from suimon.mwaa.trigger import OF_DROP, OF_ENVIRONMENT, Cause, file_name

if TYPE_CHECKING:
    from datetime import datetime

    from suimon.contract.model import Contract, Contracts
    from suimon.drops.drop import Drop, DropRecord
    from suimon.mwaa.trigger import TriggerResult
    from suimon.outcome.run_end import RunFinished

SHAPE_CHARACTERS = 200  # a key has up to 1,024 bytes, an incident's id should stay readable


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
        id=rejected_id(record),
        subject=f"{record.dataset} {record.partition} rejected: {file_name(record)}",
        body=body,
        fingerprint=run_id(record),
    )


def rejected_id(record: DropRecord) -> str:
    """The incident of a partition whose file breaks its contract."""
    return f"rejected:{record.dataset}:{record.partition}"


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
        id=imperfect_id(record, contract),
        subject=f"{record.dataset} {record.partition}, {remark}: {file_name(record)}",
        body="\n".join(lines),
        fingerprint=run_id(record),
    )


def imperfect_id(record: DropRecord, contract: Contract) -> str:
    """The incident of a partition, or of one shard of it, whose accepted file is not all it should be."""
    shard = contract.key_pattern.shard(record.drop.key) if contract.key_pattern else ""
    return ":".join(("imperfect", record.dataset, record.partition, *([shard] if shard else [])))


def paused(dag_id: str) -> Problem:
    """Tell that Airflow takes runs and starts none."""
    return Problem(
        id=f"paused:{dag_id}",
        subject=f"DAG {dag_id} is paused: files are accepted, nothing is loaded",
        body=f"While {dag_id} is paused, Airflow takes its runs but starts none. Unpause it: the waiting ones start.",
        fingerprint="paused",
    )


# For each cause: what to say in the subject, and what to do.
_NO_RUN = {
    Cause.AWAY: (
        "MWAA environment {environment} does not answer",
        (
            "See in the MWAA console whether it is being updated, which may take hours, or is unhealthy. Files go on "
            "being checked; their runs start by themselves when it answers."
        ),
    ),
    Cause.BUSY: (
        "MWAA environment {environment} gets more requests than it takes",
        "Runs start late, none is lost. If it lasts, see who else calls InvokeRestApi: it takes ten requests a second.",
    ),
    Cause.DENIED: (
        "MWAA environment {environment} refuses the gate",
        (
            "Allow airflow:InvokeRestApi for the intake function's role on this environment and Airflow role: deploy "
            "template.yaml with the right MwaaEnvironment and MwaaRole."
        ),
    ),
    Cause.MISSING: (
        "There is no MWAA environment {environment}",
        "Deploy template.yaml with the MwaaEnvironment that runs the DAGs, in this account and region.",
    ),
    Cause.INVALID: (
        "MWAA does not accept the gate's requests",
        (
            "See the answer above: as a rule the environment's web server is private and this function is not in its "
            "VPC, or the environment's version has no REST API."
        ),
    ),
    Cause.UNKNOWN_DAG: (
        "Airflow does not know the DAG {dag}",
        "Put its file into the DAG bucket, and see in Airflow's list of import errors whether it can be read.",
    ),
    Cause.FORBIDDEN_DAG: (
        "The gate may not start the DAG {dag}",
        "Give the Airflow role that the gate acts as (MwaaRole) the right to create runs of this DAG.",
    ),
    Cause.LONG_PATH: (
        "The name of the DAG {dag} is too long for MWAA",
        "Shorten the DAG's id, in its file and in the contract.",
    ),
    Cause.REFUSED_CONF: (
        "Airflow refuses the run of {key}",
        "The DAG's params and this release of the gate do not fit together: deploy both from one release.",
    ),
    Cause.FOREIGN_RUN: (
        "Another run stands in the way of {key}",
        "See in Airflow which run of {dag} conflicts, and delete it if nobody needs it.",
    ),
}


def not_triggered(environment: str, dag_id: str, record: DropRecord, result: TriggerResult) -> Problem:
    """Tell that an accepted file waits for a run that cannot be started; one cause for many files is one incident."""
    cause = result.cause or Cause.AWAY
    names = {"environment": environment, "dag": dag_id, "key": file_name(record)}
    subject, remedy = _NO_RUN[cause]
    incident_id = _trigger_incident(cause, environment, dag_id, record)
    return Problem(
        id=incident_id,
        subject=subject.format(**names),
        body=(
            f"{record.drop.key} is accepted, but its run of {dag_id} could not be started.\n\n{result.reason}\n\n"
            f"What to do: {remedy.format(**names)}\n\n"
            "The file is kept and tried again by itself; nothing has to be sent again."
        ),
        fingerprint=incident_id,
    )


def trigger_incidents(environment: str, dag_id: str, record: DropRecord) -> list[str]:
    """List every incident that is over when this drop's run has started."""
    return [_trigger_incident(cause, environment, dag_id, record) for cause in Cause]


def _trigger_incident(cause: Cause, environment: str, dag_id: str, record: DropRecord) -> str:
    if cause in OF_ENVIRONMENT:
        return f"{cause}:{environment}"
    return f"{cause}:{dag_id}:{record.id}" if cause in OF_DROP else f"{cause}:{dag_id}"


def no_contract(drop: Drop, contracts: Contracts, now: datetime) -> Problem:
    """Tell that files come under keys that nothing is declared for; one e-mail for keys of one shape, and day."""
    shape = key_shape(drop.key)
    patterns = "\n".join(f"  {pattern.text}" for contract in contracts.all for pattern in contract.patterns)
    return Problem(
        id=f"unmatched:{shape}",
        subject=f"Files that no contract knows: {shape}",
        body=(
            f"s3://{drop.bucket}/{drop.key} matches no contract and was not looked at. Known keys:\n{patterns}\n\n"
            "What to do: send it under one of these keys, or add a contract for it.\n"
            "Further files of this shape are recorded without another e-mail today."
        ),
        fingerprint=f"{now:%Y-%m-%d}",
    )


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
