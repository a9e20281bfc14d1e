"""Starting the run of an accepted drop, and reporting when that is not possible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.drops.hold import waits_since
from suimon.drops.states import State
from suimon.incidents.incident import Recovery
from suimon.incidents.kinds import KINDS, Kind
from suimon.incidents.messages import airflow as messages
from suimon.incidents.messages.recoveries import DAG_IS_ACTIVE, run_was_started
from suimon.incidents.recovery import ids_by_start
from suimon.intake.errors import RetryLaterError
from suimon.ledger.drops import Ledger, LostClaimError
from suimon.ledger.followers import follow
from suimon.mwaa.conf import conf_for
from suimon.mwaa.pace import BusyError
from suimon.mwaa.run_state import DagState
from suimon.mwaa.trigger import start_run
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from suimon.contract.model import Contract
    from suimon.drops.drop import DropRecord
    from suimon.drops.hold import Hold
    from suimon.incidents.store import IncidentStore
    from suimon.mwaa.airflow import Airflow
    from suimon.settings import Settings


@dataclass(frozen=True, kw_only=True)
class RunStart:
    """Starts runs in Airflow. `clock` returns the time in UTC."""

    ledger: Ledger
    airflow: Airflow
    incidents: IncidentStore
    settings: Settings
    clock: Callable[[], datetime]

    def start(self, record: DropRecord, contract: Contract, hold: Hold | None) -> DropRecord:
        """Start the run of an accepted drop unless it was started before; `hold`: its dataset's, already over.

        RetryLaterError when it could not be started; reported when that does not pass by itself or has lasted.
        """
        dag_id = contract.dag_id or ""
        if record.opened_dag != dag_id:  # the contract names another DAG since the drop was accepted
            record = self.ledger.touch(record, opened_dag=dag_id)
        if why := start_run(self.airflow, dag_id, record, conf_for(record, self.settings)):
            now = self.clock()
            if KINDS[Kind(why.cause)].has_lasted(waits_since(record, hold), now):
                problem = messages.not_triggered(self.settings.mwaa_environment, dag_id, record, why)
                self.incidents.report(problem, now)
            raise RetryLaterError(f"drop {record.id} is accepted, its run could not be started: {why.reason}")
        self._close_incidents(record, dag_id)
        self._report_pause(dag_id)
        try:
            record = self.ledger.move(record, State.TRIGGERED, self.clock())
        except LostClaimError:
            # The run was faster than we: its end has moved the drop already.
            record = self.ledger.get(record.id) or record  # mark: run-was-faster
        if record.members:
            follow(self.ledger, record, self.clock())
        return record

    def _close_incidents(self, record: DropRecord, dag_id: str) -> None:
        """Close what was wrong with starting runs, now that one has started."""
        over = ids_by_start(self.settings.mwaa_environment, dag_id, record)
        self.incidents.recover([Recovery(one, run_was_started(record)) for one in over], self.clock())

    def _report_pause(self, dag_id: str) -> None:
        """Report a DAG that takes runs and starts none, or that it starts them again."""
        try:
            state = self.airflow.dag_state(dag_id, self.clock())
        except (ClientError, BotoCoreError, BusyError):
            return  # the run exists, and that is what was asked for; the sweep asks too
        if state is DagState.PAUSED:
            self.incidents.report(messages.paused(dag_id), self.clock())
        elif state is DagState.ACTIVE:
            over = (messages.paused(dag_id).id, messages.dag_is_gone(dag_id).id)
            self.incidents.recover([Recovery(one, DAG_IS_ACTIVE) for one in over], self.clock())
