"""Messages about MWAA: a run that could not be started, a paused DAG, a run that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import short_name, shown
from suimon.drops.wording import Bilingual, japanese
from suimon.incidents.about import NOTHING, About
from suimon.incidents.email import OF_STACK, clock
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import Kind
from suimon.mwaa.not_started import Cause, NotStarted
from suimon.mwaa.run_state import CannotAskError, RunState, link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from suimon.drops.drop import DropRecord


def paused(dag_id: str) -> Problem:
    """Report that Airflow takes runs and starts none."""
    return Problem(
        kind=Kind.PAUSED,
        about=About(dag_id=dag_id),
        subject=Bilingual(
            f"DAG {dag_id} is paused: files are accepted, nothing is loaded",
            f"DAG {dag_id} が一時停止中: 受け入れは続き、取り込みは止まっています",
        ),
        body=Bilingual(
            f"While {dag_id} is paused, Airflow takes its runs but starts none.\n\n"
            "What to do: unpause it in Airflow, and the waiting runs start. "
            f"`suimon drops --state triggered{OF_STACK}` lists the files that wait.",
            f"{dag_id} が一時停止中のため、Airflow は実行を受け付けますが開始しません。\n\n"
            "対応: Airflow で一時停止を解除してください。待機中の実行が始まります。"
            f"`suimon drops --state triggered{OF_STACK}` で、待機中のファイルを一覧できます。",
        ),
        fingerprint="paused",
    )


def dag_is_gone(dag_id: str) -> Problem:
    """Report that runs wait of a DAG that Airflow has no longer: nobody can unpause it."""
    return Problem(
        kind=Kind.DAG_GONE,
        about=About(dag_id=dag_id),
        subject=Bilingual(
            f"DAG {dag_id} is gone from Airflow: its runs never start",
            f"DAG {dag_id} が Airflow から削除: 実行は始まりません",
        ),
        body=Bilingual(
            f"Airflow has taken runs of {dag_id} and no longer finds its file, or has deleted the DAG.\n\n"
            "What to do: put the DAG's file back into the environment's bucket; runs that still stand there start "
            "then. If it is meant to be gone, close the drops that wait: "
            f"`suimon drops --state triggered{OF_STACK}` lists them.",
            f"Airflow は {dag_id} の実行を受け付けましたが、DAG のファイルがないか、DAG が削除されています。\n\n"
            "対応: DAG のファイルを環境のバケットに戻してください。残っている実行はそれで始まります。"
            "削除が意図したものであれば、"
            f"待機中のドロップを閉じてください（`suimon drops --state triggered{OF_STACK}` で一覧できます）。",
        ),
        fingerprint="gone",
    )


# For each cause: what to say in the subject, and what to do.
_NO_RUN = {
    Cause.AWAY: (
        Bilingual(
            "MWAA environment {environment} does not answer",
            "MWAA 環境 {environment} が応答しません",
        ),
        Bilingual(
            "See in the MWAA console whether it is being updated, which may take hours, or is unhealthy. Files "
            "go on being checked; their runs start by themselves when it answers.",
            "MWAA のコンソールで、更新中（数時間かかることがあります）か、異常な状態かを確認してください。ファイ"
            "ルの検査は続いており、応答が戻れば実行は自動的に始まります。",
        ),
    ),
    Cause.BUSY: (
        Bilingual(
            "MWAA environment {environment} gets more requests than it takes",
            "MWAA 環境 {environment} への要求が多すぎます",
        ),
        Bilingual(
            "Runs start late, none is lost. If it lasts, see who else calls InvokeRestApi: it takes ten requests "
            "a second.",
            "実行の開始が遅れますが、失われるものはありません。続く場合は、ほかに InvokeRestApi を呼び出している"
            "ものがないか確認してください（上限は毎秒 10 件）。",
        ),
    ),
    Cause.DENIED: (
        Bilingual(
            "MWAA environment {environment} refuses the gate",
            "MWAA 環境 {environment} がゲートを拒否しています",
        ),
        Bilingual(
            "Allow airflow:InvokeRestApi for the intake function's role on this environment and Airflow role: "
            "deploy template.yaml with the right MwaaEnvironment and MwaaRole.",
            "intake 関数のロールに、この環境と Airflow ロールに対する airflow:InvokeRestApi を許可してください。"
            "正しい MwaaEnvironment と MwaaRole を指定して template.yaml をデプロイします。",
        ),
    ),
    Cause.MISSING: (
        Bilingual(
            "There is no MWAA environment {environment}",
            "MWAA 環境 {environment} がありません",
        ),
        Bilingual(
            "Deploy template.yaml with the MwaaEnvironment that runs the DAGs, in this account and region.",
            "DAG を実行する環境を MwaaEnvironment に指定し、このアカウントとリージョンに template.yaml をデプロイ"
            "してください。",
        ),
    ),
    Cause.INVALID: (
        Bilingual(
            "MWAA does not accept the gate's requests",
            "MWAA がゲートの要求を受け付けません",
        ),
        Bilingual(
            "See the answer above: as a rule the environment's web server is private and this function is not in "
            "its VPC, or the environment's version has no REST API.",
            "上記の応答を確認してください。多くの場合、環境の Web サーバーがプライベートで関数が VPC 内にないか、"
            "環境のバージョンに REST API がありません。",
        ),
    ),
    Cause.UNKNOWN_DAG: (
        Bilingual(
            "Airflow does not know the DAG {dag}",
            "Airflow に DAG {dag} がありません",
        ),
        Bilingual(
            "Put its file into the DAG bucket, and see in Airflow's list of import errors whether it can be read.",
            "DAG のファイルを DAG バケットに置き、Airflow の import errors で読み込めているか確認してください。",
        ),
    ),
    Cause.FORBIDDEN_DAG: (
        Bilingual(
            "The gate may not start the DAG {dag}",
            "ゲートには DAG {dag} を開始する権限がありません",
        ),
        Bilingual(
            "Give the Airflow role that the gate acts as (MwaaRole) the right to create runs of this DAG.",
            "ゲートが使う Airflow ロール（MwaaRole）に、この DAG の実行を作成する権限を与えてください。",
        ),
    ),
    Cause.LONG_PATH: (
        Bilingual(
            "The name of the DAG {dag} is too long for MWAA",
            "DAG {dag} の名前が MWAA には長すぎます",
        ),
        Bilingual(
            "Shorten the DAG's id, in its file and in the contract.",
            "DAG のファイルと契約の両方で、DAG の ID を短くしてください。",
        ),
    ),
    Cause.REFUSED_CONF: (
        Bilingual(
            "Airflow refuses the run of {key}",
            "Airflow が {key} の実行を拒否しました",
        ),
        Bilingual(
            "The DAG's params and this release of the gate do not fit together: deploy both from one release.",
            "DAG の params と、このリリースのゲートが合っていません。両方を同じリリースからデプロイしてください。",
        ),
    ),
    Cause.FOREIGN_RUN: (
        Bilingual(
            "Another run stands in the way of {key}",
            "別の実行が {key} の妨げになっています",
        ),
        Bilingual(
            "See in Airflow which run of {dag} conflicts, and delete it if nobody needs it.",
            "{dag} のどの実行と競合しているかを Airflow で確認し、不要であれば削除してください。",
        ),
    ),
}


def not_triggered(environment: str, dag_id: str, record: DropRecord, why: NotStarted) -> Problem:
    """Report that an accepted file waits for a run that cannot be started; one cause for many files is one incident."""
    names = {"environment": environment, "dag": dag_id, "key": short_name(record.drop.key)}
    subject, remedy = _NO_RUN[why.cause]
    return Problem(
        kind=Kind(why.cause),
        about=About.drop(record, dag_id=dag_id, environment=environment),
        subject=Bilingual(subject.format(**names), japanese(subject).format(**names)),
        body=Bilingual(
            f"{record.drop.shown_key} is accepted, but its run of {dag_id} could not be started.\n\n"
            f"{shown(why.reason)}\n\n"
            f"What to do: {remedy.format(**names)}\n\n"
            "The file is kept and tried again by itself; nothing has to be sent again.",
            f"{record.drop.shown_key} は受け入れ済みですが、{dag_id} の実行を開始できませんでした。\n\n"
            f"{shown(why.reason)}\n\n"
            f"対応: {japanese(remedy).format(**names)}\n\n"
            "ファイルは保管され、自動的に再試行されます。再送は不要です。",
        ),
        fingerprint=why.cause,
    )


def run_hangs(record: DropRecord, dag_id: str, run: RunState, host: str) -> Problem:
    """A run that has not come to its end in time."""
    head, page = f"{record.dataset} {record.partition}", link(host, dag_id, record.run_id) or record.run_id
    return Problem(
        kind=Kind.HANGING,
        about=About.drop(record, dag_id=dag_id),
        subject=Bilingual(f"{head}: the run has not come to its end", f"{head}: DAG 実行が終わりません"),
        body=Bilingual(
            f"{record.drop.shown_key} was given to {dag_id} at {clock(record.updated_at)}; "
            f"its run is still {shown(run.state or '')}.\n"
            f"Run: {page}\n\n"
            "What to do: see in Airflow which task it is at and what its log says. Mark the task or the run as failed "
            "if nothing will come of it; the file can then be replayed.",
            f"{record.drop.shown_key} を {clock(record.updated_at)} に {dag_id} に渡しましたが、"
            f"実行はまだ {shown(run.state or '')} です。\n"
            f"実行: {page}\n\n"
            "対応: どのタスクで止まっているか、ログに何があるかを Airflow で確認してください。進む見込みがなければ、"
            "タスクまたは"
            "実行を失敗（failed）にしてください。その後、リプレイできます。",
        ),
        fingerprint="hanging",
    )


def runs_queued(dag_id: str, records: Sequence[DropRecord], queued: Sequence[DropRecord]) -> Problem:
    """Runs of one DAG that have not begun in time."""
    oldest = min(queued, key=lambda record: record.updated_at)
    return Problem(
        kind=Kind.QUEUED,
        about=About(dag_id=dag_id),
        subject=Bilingual(
            f"{dag_id}: runs have waited in Airflow's queue for long",
            f"{dag_id}: 実行が 2 時間以上 Airflow のキューで待っています",
        ),
        body=Bilingual(
            f"At least {len(records):,} runs of {dag_id} have not ended in time after they were given to it; of "
            f"{len(queued):,} of them Airflow says that they have not begun.\n"
            f"The oldest is {oldest.run_id}, of {oldest.drop.shown_key}, which has waited since "
            f"{clock(oldest.updated_at)}.\n\n"
            "What to do: after many files at once nothing, they go on one after the other. Else see in Airflow whether "
            "the scheduler is healthy and a worker free, and whether a run in front of them stands still.\n"
            "That is told once for all of them, until none is left.",
            f"{dag_id} に渡したまま終わらない実行が少なくとも {len(records):,} 件あり、"
            f"そのうち {len(queued):,} 件はまだ始まっていません（Airflow による）。\n"
            f"最も古いのは {oldest.drop.shown_key} の {oldest.run_id} で、{clock(oldest.updated_at)} "
            "から待っています。\n\n"
            "対応: 一度に多数のファイルが届いた後であれば不要です。順に処理されます。そうでなければ、"
            "スケジューラーが正常か、"
            "空いているワーカーがあるか、前の実行が止まっていないかを Airflow で確認してください。\n"
            "すべて解消するまで、この通知は 1 回だけです。",
        ),
        fingerprint="queued",
    )


def airflow_silent(overdue: Sequence[DropRecord], error: CannotAskError) -> Problem:
    """Runs whose end is unknown, since Airflow does not answer."""
    return Problem(
        kind=Kind.AIRFLOW_SILENT,
        about=NOTHING,
        subject=Bilingual(
            "Airflow cannot be asked what became of its runs", "Airflow に実行の結果を問い合わせできません"
        ),
        body=Bilingual(
            f"{len(overdue):,} runs have not reported their end in time, and Airflow does not say how "
            f"they are.\n\n{shown(str(error))}\n\n"
            "What to do: see whether the MWAA environment is available, and whether the freshness function may ask it. "
            "The runs are asked about again every 15 minutes.",
            f"終了の報告が遅れている実行が {len(overdue):,} 件ありますが、Airflow から状態を得られません。\n\n"
            f"{shown(str(error))}\n\n"
            "対応: MWAA 環境が利用できるか、freshness 関数に問い合わせの権限があるかを確認してください。15 分ごとに再度"
            "問い合わせます。",
        ),
        fingerprint="silent",
    )
