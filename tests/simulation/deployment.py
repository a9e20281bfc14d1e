"""The real code of one schedule over services in memory, as the functions' entry points wire it."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from suimon.aws.objects import Objects
from suimon.contract.model import Contracts
from suimon.drops.run_finished_event import RunFinished
from suimon.freshness.watch import Watch
from suimon.incidents.publisher import Publisher
from suimon.incidents.recipients import Recipients
from suimon.incidents.store import IncidentStore
from suimon.intake import gate, queue, replays
from suimon.intake.errors import FailingError, RetryLaterError
from suimon.intake.gate import Gate
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.drops import Ledger
from suimon.ledger.replays import ReplayLedger
from suimon.ledger.round_lease import RoundIsRunningError, RoundLease
from suimon.ledger.shares import Shares
from suimon.ledger.unreadable_items import Unusable
from suimon.ledger.waivers import Waivers
from suimon.mwaa.airflow import Airflow
from suimon.mwaa.pace import Pace
from suimon.outcome.confirming_reports import RunReports
from suimon.outcome.run_end import RunEnds
from suimon.replay.message import SummaryMessages
from suimon.replay.steps import ReplaySteps, id_of
from suimon.settings import Settings
from suimon.sweep.closing import Closing, close
from suimon.sweep.parts import do_each
from suimon.sweep.plans.round import BESIDE_THE_SWEEP, DEADLINES
from suimon.sweep.round import Sweep, SweepError
from suimon.warehouse.data_api import Warehouse as WarehouseName
from tests.simulation.aws import SWEEP_TIMEOUT
from tests.simulation.checker import ByMark
from tests.simulation.faults import Faulty
from tests.simulation.kept_services import TOPIC, Services
from tests.simulation.plan import ENVIRONMENT, LAKE, RAW, REPORTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

    from suimon.intake.replays import ReplayRequest
    from suimon.replay.request import Request
    from tests.simulation.world import World

WAREHOUSE = WarehouseName(database="analytics", workgroup_name="workgroup")
SETTINGS = Settings(
    ledger_table="ledger",
    alerts_topic_arn=TOPIC,
    raw_bucket=RAW,
    lake_bucket=LAKE,
    reports_bucket=REPORTS,
    mwaa_environment=ENVIRONMENT,
    glue_job="glue",
    event_bus="suimon",
    copy_role_arn="arn:aws:iam::123456789012:role/copy",
    redshift=WAREHOUSE,
)


class Functions:
    """The four functions over services whose every call is a point."""

    def __init__(self, world: World, services: Services, contracts: Contracts) -> None:
        self.contracts = contracts
        self.rounds_overlap = False
        self.rounds: list[tuple[str, float, float]] = []  # who made a round, from when until when
        self._world = world
        self.services = self._services = services
        self.clock = world.clock
        self._table = Faulty(world, services.table, "dynamodb")
        self.s3 = Faulty(world, services.s3, "s3")
        self.sqs = Faulty(world, services.sqs, "sqs")
        self.events = Faulty(world, services.events, "events")
        self.warehouse = Faulty(world, services.warehouse, "redshift")
        self._sfn: Any = Faulty(world, services.sfn, "sfn")
        self._objects = Objects(self.s3)  # type: ignore[arg-type]  # as faithful as the conformance tests say
        self._sleep = world.sleep
        topic: Any = Faulty(world, services.sns, "sns")
        self._topic = topic
        publisher = Publisher(topic, TOPIC, recipients=Recipients.of(contracts))
        self._incidents = IncidentStore(self._table, publisher, world.sleep)  # type: ignore[arg-type]
        self._unusable = Unusable()
        self._incidents_of_rounds = IncidentStore(self._table, publisher, world.sleep, self._unusable)  # type: ignore[arg-type]
        self._pace = Pace(self._table, ENVIRONMENT, world.clock, world.sleep)  # type: ignore[arg-type]
        self._airflow = Airflow(Faulty(world, services.mwaa, "mwaa"), ENVIRONMENT, self._pace)  # type: ignore[arg-type]
        self._inspector = ByMark(self._objects)
        of_sets = tuple(replace(one, arrival=None) for one in contracts.all if one.set_rule)
        self._of_sets = Contracts(of_sets) if of_sets else None

    def gate(self, owner: str) -> Gate:
        """The gate of one invocation."""
        return Gate(
            ledger=self.ledger(owner),
            objects=self._objects,
            airflow=self._airflow,
            incidents=self._incidents,
            sfn=self._sfn,
            contracts=self.contracts,
            settings=SETTINGS,
            inspector=self._inspector,
            shares=Shares(self._table, 2, large=0),  # type: ignore[arg-type]  # as above
            owner=owner,
            clock=self.clock,
        )

    def run_reports(self, owner: str) -> RunReports:
        """Return what the outcome function takes the reports of runs with."""
        return RunReports(RunEnds(self.ledger(owner), self._incidents, self._sfn), self._airflow)

    # ------------------------------------------------------------ what the entry points do with these

    def take(self, owner: str, message: Mapping[str, Any]) -> None:
        """Take one message of the intake queue; whatever fails is raised after its wait has been shortened."""
        try:
            gate.receive(self.gate(owner), message["Body"])
        except Exception as error:
            receives = int(message["Attributes"]["ApproximateReceiveCount"])
            if isinstance(error, (RetryLaterError, FailingError)) and receives >= queue.HANDED_OVER:
                return  # the sweep goes on with it
            self.sqs.change_message_visibility(
                QueueUrl=self._services.intake.url,
                ReceiptHandle=message["ReceiptHandle"],
                VisibilityTimeout=queue.delay_for(receives),
            )
            raise

    def enter(self, event: dict[str, Any]) -> None:
        """Enter a run's end."""
        self.run_reports("outcome").take(RunFinished.from_event(event), self.clock())

    def replay(self, owner: str, request: ReplayRequest) -> None:
        """Start an attempt."""
        replays.replay(self.gate(owner), request)

    def replay_steps(self) -> ReplaySteps:
        """Return what the replay function does its steps with."""
        return ReplaySteps(
            ledger=self.ledger("replay"),
            replays=ReplayLedger(self._table),  # type: ignore[arg-type]  # as above
            contracts=self.contracts,
            s3=self.s3,  # type: ignore[arg-type]  # as above
            sfn=self._sfn,
            reports_bucket=REPORTS,
            messages=SummaryMessages(self._topic, TOPIC, Recipients.of(self.contracts), "simulated"),
        )

    def plan_replay(self, request: Request) -> dict[str, Any]:
        """Plan a replay for a person."""
        return self.replay_steps().plan(request, self.clock())

    def begin_replay(self, request: Request, execution: str) -> dict[str, Any]:
        """Begin a replay for the state machine."""
        return self.replay_steps().begin(request, execution, self.clock())

    def fail_replay(self, failed: dict[str, Any]) -> None:
        """Record what could not be loaded, for the state machine."""
        self.replay_steps().fail(failed, self.clock())

    def summarise_replay(self, dataset: str, execution: str, end: str) -> dict[str, Any]:
        """Sum up a replay for the state machine."""
        return self.replay_steps().summarise(dataset, id_of(execution), end, self.clock())

    def stopped_replay(self, dataset: str, execution: str) -> dict[str, Any]:
        """Sum up a replay for the person who has stopped it."""
        return self.replay_steps().stopped(dataset, id_of(execution), self.clock())

    def make_round(self, holder: str) -> int | None:
        """Make a round, SweepError if a part failed; return what it cannot explain, None beside another round."""
        try:
            with self.lease(holder), self._at_work(holder):
                return self._round(self.clock())
        except RoundIsRunningError:
            return None

    def lease(self, holder: str) -> AbstractContextManager[None]:
        """Return the lease of a round: where rounds never overlap, schedules are spared its calls."""
        if not self.rounds_overlap:
            return nullcontext()
        return RoundLease(self._table).taken(holder, self.clock(), SWEEP_TIMEOUT)  # type: ignore[arg-type]  # as above

    @contextmanager
    def _at_work(self, holder: str) -> Iterator[None]:
        began = self._world.now
        try:
            yield
        finally:
            self.rounds.append((holder, began, self._world.now))

    def _round(self, now: datetime) -> int:
        sweep = self.sweep("sweep")
        _, failed = do_each({DEADLINES: lambda: self.check_freshness(now)})
        sweep.report_parts({DEADLINES}, failed, now)
        findings = sweep.round(now, watched=not failed)
        sweep.report_parts(BESIDE_THE_SWEEP - {DEADLINES}, (), now)  # none of which is simulated
        if failures := (*failed, *findings.failures):
            raise SweepError("; ".join(f"{one.part}: {one.reason}" for one in failures))
        return findings.unexplained

    def check_freshness(self, now: datetime) -> dict[str, Any]:
        """Check whether sets are whole in time; deadlines of files and ages of tables are not simulated."""
        if self._of_sets:
            no_table_is_asked: Any = self.warehouse
            watch = Watch(
                contracts=self._of_sets,
                ledger=self.ledger("freshness", self._unusable),
                incidents=self._incidents_of_rounds,
                waivers=Waivers(self._table, self._unusable),  # type: ignore[arg-type]  # as above
                checkpoints=Checkpoints(self._table),  # type: ignore[arg-type]  # as above
                redshift=no_table_is_asked,
                warehouse=WAREHOUSE,
                unusable=self._unusable,
            )
            watch.round(now)
        return {}

    def close(self, drop_id: str) -> None:
        """Close a drop for a person."""
        closing = Closing(drop_id, "nothing comes of it", "somebody")
        close(self.ledger("somebody"), self._sfn, closing, self.clock())

    def retract(self, drop_id: str) -> None:
        """Take a drop back for a person."""
        request = {"drop_id": drop_id, "reason": "wrong prices", "who": "somebody"}
        self.sweep("somebody").retracting().retract(request, self.clock())

    def hold(self, dataset: str, until: str) -> None:
        """Hold a dataset for a person."""
        request = {"dataset": dataset, "reason": "the month is being closed", "until": until}
        self.sweep("somebody").holding().hold(request, self.clock())

    def release(self, dataset: str) -> None:
        """Release a dataset for a person."""
        self.sweep("somebody").holding().release({"dataset": dataset}, self.clock())

    def sweep(self, owner: str) -> Sweep:
        """The sweep of one round."""
        ledger, services = self.ledger(owner, self._unusable), self._services
        return Sweep(
            contracts=self.contracts,
            ledger=ledger,
            run_ends=RunEnds(ledger, self._incidents_of_rounds, self._sfn),
            incidents=self._incidents_of_rounds,
            airflow=self._airflow,
            table=self._table,  # type: ignore[arg-type]
            s3=self.s3,  # type: ignore[arg-type]
            sqs=self.sqs,  # type: ignore[arg-type]
            settings=replace(
                SETTINGS,
                intake_queue=services.intake.url,
                intake_dead_letter_queue=services.dead.url,
                undelivered_queue=services.undelivered.url,
            ),
            site=lambda: "airflow.test",
            unusable=self._unusable,
        )

    def ledger(self, owner: str, unusable: Unusable | None = None) -> Ledger:
        """Return the ledger in somebody's hands."""
        return Ledger(self._table, owner, self._sleep, unusable)  # type: ignore[arg-type]
