"""The end of a run, told to the rest of Suimon as one event."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from suimon_etl.request import RunRequest

SOURCE = "suimon.dag"
DETAIL_TYPE = "Run Finished"
ERROR_LIMIT = 1_000  # characters; an event holds 256 KiB in all, an e-mail should stay readable


class ReportError(Exception):
    """EventBridge did not take the event; nobody learns of this run's end until it does."""


@dataclass(frozen=True)
class Ending:
    """How a run ended: `failed_task` and why as far as it was told, or `superseded_by` which run; neither: loaded."""

    failed_task: str | None = None
    error: str | None = None
    superseded_by: str | None = None

    @property
    def outcome(self) -> str:
        """What the ledger makes of it."""
        if self.failed_task:
            return "failed"
        return "superseded" if self.superseded_by else "loaded"


def ending_of(
    steps: Sequence[str],
    states: Mapping[str, str | None],
    errors: Mapping[str, str | None],
    superseded_by: str | None,
) -> Ending:
    """Return how the run ended, from its steps' states and what they left.

    A step that failed comes before one that merely did not run because of it, or because somebody stopped the run.
    A step that was skipped is a failure too, unless the fence said by whose load the run is superseded.
    """
    undone = [step for step in steps if states.get(step) != "success"]
    if not undone:
        return Ending()
    if superseded_by and all(states.get(step) == "skipped" for step in undone):
        return Ending(superseded_by=superseded_by)
    culprit = next((step for step in undone if states.get(step) == "failed"), undone[0])
    state = states.get(culprit) or "not started"
    return Ending(culprit, errors.get(culprit) or _without_error(culprit, state))


def committed_by(load: str, states: Mapping[str, str | None]) -> bool | None:
    """Return whether the load's rows stand in the table; None when it has failed, for its batch may go on after it."""
    state = states.get(load)
    return None if state == "failed" else state == "success"


def _without_error(step: str, state: str) -> str:
    if state == "failed":
        return f"{step} failed without an error of its own: it or its worker was killed, or it was marked; see its log"
    return f"{step} is {state} and left no error; see its log"


def run_finished(
    request: RunRequest,
    *,
    dag_id: str,
    run_id: str,
    parquet_rows: int | None,
    table_rows: int | None,
    ending: Ending,
    committed: bool | None,
    log_url: str | None,
) -> dict[str, Any]:
    """Return the detail of the event; rows are None where the run did not get so far."""
    return {
        "dataset": request.dataset,
        "partition": request.partition,
        "drop_id": request.drop_id,
        "attempt": request.attempt,
        "dag_id": dag_id,
        "run_id": run_id,
        "outcome": ending.outcome,
        "rows": {"file": request.rows, "parquet": parquet_rows, "table": table_rows},
        "failed_task": ending.failed_task,
        "error": ending.error[:ERROR_LIMIT] if ending.error else None,
        "superseded_by": ending.superseded_by,
        "committed": committed,
        "log_url": log_url if ending.failed_task else None,
    }


def publish(events: Any, bus: str, detail: Mapping[str, Any]) -> str:
    """Put the event on the bus of the stack that started the run, and return its id.

    Raises:
        ReportError: the bus refuses it.

    """
    text = json.dumps(detail, ensure_ascii=False)
    entry = {"EventBusName": bus, "Source": SOURCE, "DetailType": DETAIL_TYPE, "Detail": text}
    answer = events.put_events(Entries=[entry])
    # A refused entry is no HTTP error: the call succeeds and says so in its answer only.
    if answer["FailedEntryCount"]:
        refused = answer["Entries"][0]
        raise ReportError(
            f"EventBridge refused the end of run {detail['run_id']}: "
            f"{refused.get('ErrorCode')}: {refused.get('ErrorMessage')}"
        )
    return str(answer["Entries"][0]["EventId"])


def error_text(exception: BaseException) -> str:
    """Return an exception in one text, with its kind unless the message speaks for itself."""
    message = str(exception).strip()
    kind = type(exception).__name__
    return message if message and kind in _SPEAKING else f"{kind}: {message}".removesuffix(": ")


# Airflow's own classes say only that a task failed; the message is what a task of ours has written.
_SPEAKING = frozenset({"AirflowException", "AirflowFailException"})
