"""Messages about MWAA: a run that could not be started, a paused DAG, a run that hangs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.foreign_text import short_name, shown
from suimon.incidents.email import OF_STACK
from suimon.incidents.incident import Problem
from suimon.incidents.kinds import NOTHING, About, Kind
from suimon.ledger.items import stamp
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
        subject=f"DAG {dag_id} is paused: files are accepted, nothing is loaded",
        body=(
            f"While {dag_id} is paused, Airflow takes its runs but starts none. Unpause it: the waiting ones start.\n\n"
            f"`suimon drops --state TRIGGERED{OF_STACK}` lists the files that wait."
        ),
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


def not_triggered(environment: str, dag_id: str, record: DropRecord, why: NotStarted) -> Problem:
    """Report that an accepted file waits for a run that cannot be started; one cause for many files is one incident."""
    names = {"environment": environment, "dag": dag_id, "key": short_name(record.drop.key)}
    subject, remedy = _NO_RUN[why.cause]
    return Problem(
        kind=Kind(why.cause),
        about=About.drop(record, dag_id=dag_id, environment=environment),
        subject=subject.format(**names),
        body=(
            f"{record.drop.shown_key} is accepted, but its run of {dag_id} could not be started.\n\n"
            f"{shown(why.reason)}\n\n"
            f"What to do: {remedy.format(**names)}\n\n"
            "The file is kept and tried again by itself; nothing has to be sent again."
        ),
        fingerprint=why.cause,
    )


def run_hangs(record: DropRecord, dag_id: str, run: RunState, host: str) -> Problem:
    """A run that has not come to its end in two hours."""
    return Problem(
        kind=Kind.HANGING,
        about=About.drop(record, dag_id=dag_id),
        subject=f"{record.dataset} {record.partition}: the run has not come to its end",
        body=(
            f"{record.drop.shown_key} was given to {dag_id} at {stamp(record.updated_at)}; "
            f"its run is still {shown(run.state or '')}.\n"
            f"Run: {link(host, dag_id, record.run_id) or record.run_id}\n\n"
            "What to do: see in Airflow which task it is at and what its log says. Mark the task or the run as failed "
            "if nothing will come of it; the file can then be replayed."
        ),
        fingerprint="hanging",
    )


def runs_queued(dag_id: str, records: Sequence[DropRecord], queued: Sequence[DropRecord]) -> Problem:
    """Runs of one DAG that have not begun after two hours."""
    oldest = min(queued, key=lambda record: record.updated_at)
    return Problem(
        kind=Kind.QUEUED,
        about=About(dag_id=dag_id),
        subject=f"{dag_id}: runs have waited in Airflow's queue for more than two hours",
        body=(
            f"At least {len(records):,} runs of {dag_id} have not ended two hours after they were given to it; of "
            f"{len(queued):,} of them Airflow says that they have not begun.\n"
            f"The oldest is {oldest.run_id}, of {oldest.drop.shown_key}, which has waited since "
            f"{stamp(oldest.updated_at)}.\n\n"
            "What to do: after many files at once nothing, they go on one after the other. Else see in Airflow whether "
            "the scheduler is healthy and a worker free, and whether a run in front of them stands still.\n"
            "That is told once for all of them, until none is left."
        ),
        fingerprint="queued",
    )


def airflow_silent(overdue: Sequence[DropRecord], error: CannotAskError) -> Problem:
    """Runs whose end is unknown, since Airflow does not answer."""
    return Problem(
        kind=Kind.AIRFLOW_SILENT,
        about=NOTHING,
        subject="Airflow cannot be asked what became of its runs",
        body=(
            f"{len(overdue):,} runs have not reported their end for more than two hours, and Airflow does not say how "
            f"they are.\n\n{shown(str(error))}\n\n"
            "What to do: see whether the MWAA environment is available, and whether the freshness function may ask it. "
            "The runs are asked about again every 15 minutes."
        ),
        fingerprint="silent",
    )
