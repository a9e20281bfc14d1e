"""What AWS keeps for one schedule: services that never fail, but whose troubles can begin and end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.meddling import RefusingS3
from tests.simulation.plan import BOTH, ENVIRONMENT, LAKE, RAW, REPORTS
from tests.simulation.plan_of_sets import SETS_DAG
from tests.simulation.services.airflow import Dag
from tests.simulation.services.buckets import Bucket
from tests.simulation.services.events import Events
from tests.simulation.services.mwaa import Mwaa
from tests.simulation.services.sns import Sns
from tests.simulation.services.sqs import Queue, Sqs
from tests.simulation.services.stepfunctions import StepFunctions
from tests.simulation.services.table import Table
from tests.simulation.services.warehouse import Warehouse

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulation.world import World

TOPIC = "arn:aws:sns:ap-northeast-1:123456789012:alerts"
CREATED = 200  # as Airflow answers, see services/airflow.py
VISIBILITY = 5_400  # as template.yaml has it
RECEIVES = 30
TASKS = ("run_glue", "check_parquet", "load_redshift", "report_outcome")


class Services:
    """What AWS keeps: it never fails, never waits and remembers everything."""

    def __init__(self, world: World) -> None:
        now = world.unix
        self.table = Table()
        self.s3 = RefusingS3(now)
        self.s3._writes = 12  # the sixteenth has a shorter sequencer than those around it
        self.s3.add(Bucket(RAW, tells=True))
        for name in (LAKE, REPORTS):
            self.s3.add(Bucket(name, versioned=False))
        self.sqs = Sqs(now)
        self.dead = self.sqs.add(Queue("dead-letters"))
        self.intake = self.sqs.add(
            Queue("intake", visibility=VISIBILITY, dead_letters=self.dead, max_receives=RECEIVES)
        )
        self.undelivered = self.sqs.add(Queue("undelivered"))
        self.sns = Sns(now, TOPIC)
        self.mwaa = ContraryMwaa(now, ENVIRONMENT)
        self.mwaa.on_trigger = lambda _: None
        self.sfn = StepFunctions(now)
        self.events = Events(now)
        self.warehouse = Warehouse(now)
        for dag_id in (*(contract.dag_id or "" for contract in BOTH.all), SETS_DAG):
            self.mwaa.add(Dag(dag_id, tasks=TASKS))

    def trouble(self, what: str) -> None:
        """Begin a trouble."""
        self._set(what, is_so=True)

    def well(self, what: str) -> None:
        """End it."""
        self._set(what, is_so=False)

    def _set(self, what: str, *, is_so: bool) -> None:
        mwaa = self.mwaa
        if what == "away":
            mwaa.is_away = is_so
        elif what == "conflict":
            # As after a transaction that was rolled back, or for another run of the same date.
            mwaa.conflicts = is_so
        elif what == "denied":
            mwaa.role_is_missing = is_so
        else:
            for dag in mwaa.dags.values():
                if what == "unknown":
                    dag.is_known = not is_so
                elif what == "refused":
                    dag.refuses = (lambda _conf: "written") if is_so else _refuses_nothing
                elif is_so:
                    mwaa.pause(dag.dag_id)
                elif dag.is_paused:
                    mwaa.unpause(dag.dag_id)


def _refuses_nothing(_conf: dict[str, Any]) -> None:
    return None


class ContraryMwaa(Mwaa):
    """An Airflow that can answer 409 to a run that it does not have."""

    conflicts = False
    on_trigger: Callable[[dict[str, Any]], None]

    def _trigger(self, dag_id: str, body: Any) -> tuple[int, Any]:
        status, told = super()._trigger(dag_id, body)
        if status == CREATED:
            self.on_trigger(body["conf"])
        return status, told

    def _is_taken(self, dag_id: str, run_id: str, logical_date: str | None) -> bool:
        return self.conflicts or super()._is_taken(dag_id, run_id, logical_date)
