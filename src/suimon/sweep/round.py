"""The sweep: every 15 minutes bucket, ledger, queues and Airflow are compared, and what was lost between them resumes.

Each part costs a bounded amount a round, whatever lies in the bucket, and begins where the last round ended. One that
fails stops no other: it is reported, and the round fails at its end.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.objects import Objects
from suimon.aws.passing import passes
from suimon.aws.versions import Position, RawBucket
from suimon.drops.foreign_text import one_line
from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual
from suimon.incidents.recipients import zones_of
from suimon.intake.kept_messages import KeptMessages
from suimon.intake.queue import IntakeQueue
from suimon.ledger.checkpoints import Checkpoints
from suimon.ledger.items import stamp
from suimon.ledger.pending_ends import PendingEnds
from suimon.outcome.confirming_reports import RunReports
from suimon.sweep.dead_letters import DeadLetters
from suimon.sweep.findings import Failure, Finding, Findings
from suimon.sweep.holding import Holding
from suimon.sweep.lost_events import LOST_EVENT, LostEvents
from suimon.sweep.parts import do_each
from suimon.sweep.plans.lost_events import walk_of
from suimon.sweep.plans.round import verdict, verdict_of
from suimon.sweep.retracting import Retracting
from suimon.sweep.silent_runs import SilentRuns
from suimon.sweep.stale_incidents import close_stale
from suimon.sweep.stuck_drops import resume_stuck
from suimon.sweep.unmatched_drops import assign_unmatched
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.ledger.drops import Ledger
    from suimon.ledger.unreadable_items import Unusable
    from suimon.mwaa.airflow import Airflow
    from suimon.outcome.run_end import RunEnds
    from suimon.settings import Settings
    from suimon.sweep.plans.lost_events import Walk

# Of an operator's walk over the whole bucket, in each call: every version is compared with the ledger there.
PORTION_PAGES = 20


class SweepError(Exception):
    """Parts of a round failed; the others did their work, and the next round tries again."""


class WalkError(RefusalError):
    """A walk over the bucket that cannot continue where an operator says; the message says why."""


HELD = "held incident"
REMINDED = "reminder"


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Makes rounds.

    site: returns the host of Airflow's pages. unusable: where ledger and incident store note what they cannot read.
    wait_seconds: how long SQS looks for messages.
    """

    contracts: Contracts
    ledger: Ledger
    run_ends: RunEnds
    incidents: IncidentStore
    airflow: Airflow
    table: Table
    s3: S3Client
    sqs: SQSClient
    settings: Settings
    site: Callable[[], str]
    unusable: Unusable
    wait_seconds: int = 1

    def round(
        self, now: datetime, time_left: Callable[[], float] = lambda: 900.0, *, watched: bool = False
    ) -> Findings:
        """Make one round: detect, repair, report. `time_left`: seconds that the function still has; by default, all.

        watched: whether deadlines and tables were checked just before: else nobody knows what they would leave out.
        """
        opened = self.incidents.standing()
        failures = []
        try:
            backlog = self._queue().depth()
        except (ClientError, BotoCoreError) as error:
            failures.append(Failure.of("intake queue", error))
            backlog = 0
        done, failed = do_each(self._parts(opened, backlog, now, time_left), time_left)
        findings: dict[str, Finding] = {}
        for finding in done.values():
            findings[finding.kind] = findings.get(finding.kind, Finding(finding.kind)) + finding
        result = Findings(tuple(findings.values()), (*failures, *failed))
        self.incidents.report_all(*verdict(result, self.unusable.take(), opened, watched=watched), now)
        return result

    def report_parts(self, parts: Collection[str], failures: Sequence[Failure], now: datetime) -> None:
        """Report which parts of a round beside the sweep's own failed; the others of `parts` have recovered."""
        self.incidents.report_all(*verdict_of(parts, failures, self.incidents.standing()), now)

    def portion(self, start: Mapping[str, str], now: datetime) -> tuple[Findings, Walk | None]:
        """Walk over the next portion of the whole bucket and return where it continues; None at its end.

        Every version is looked up, whenever it was written; the sweep's own walk is left as it is. start: where the
        last portion has ended, {} at the beginning; WalkError of what is no such place.
        """
        try:
            walk = walk_of(start, now)
        except ValueError as error:
            raise _no_place(error) from error
        walk = replace(walk, began=walk.began or stamp(now), complete="")
        finding, place = Finding(LOST_EVENT), walk.position
        try:
            for walked, found in self._lost_events(self._queue().depth()).portion(walk, now, PORTION_PAGES):
                walk = walked
                # What this call had no room to enter lies behind the walk's place: the next one finds it.
                finding += replace(found, detected=found.repaired)
        except ClientError as error:
            if walk.position != place or place == Position() or passes(error):
                raise
            raise _no_place(error) from error  # S3 refuses to continue there
        return Findings((finding,)), None if walk.complete else walk

    def _parts(
        self, opened: list[Incident], backlog: int, now: datetime, time_left: Callable[[], float]
    ) -> dict[str, Callable[[], Finding]]:
        """Return the parts by name, in the order in which a round does them."""
        lost_events, checkpoints = self._lost_events(backlog), Checkpoints(self.table)
        return {
            # First: so a drop whose message is a dead letter does not count as one whose event was lost.
            "dead letters": lambda: self._dead_letters().process(opened, now),
            "recent dates": lambda: lost_events.near(now),
            "whole bucket": lambda: lost_events.far(checkpoints, now),
            "unmatched drops": lambda: assign_unmatched(
                ledger=self.ledger,
                contracts=self.contracts,
                queue=self._queue(),
                incidents=self.incidents,
                checkpoints=checkpoints,
                unusable=self.unusable,
                now=now,
            ),
            "incidents": lambda: close_stale(
                ledger=self.ledger,
                contracts=self.contracts,
                incidents=self.incidents,
                opened=opened,
                unusable=self.unusable,
                now=now,
            ),
            "holds": lambda: self.holding().look(opened, now),
            "stuck drops": lambda: self._stuck(opened, backlog, now),
            "runs": lambda: self._silent_runs().check(opened, now, time_left),
            # Last: what the parts before it, and the deadlines before the sweep, hold is told in the same round.
            "held incidents": lambda: self._tell_held(now),
            "reminders": lambda: self._remind(now),
        }

    def _tell_held(self, now: datetime) -> Finding:
        told = self.incidents.tell_held(now)
        return Finding(HELD, checked=told, detected=told, repaired=told)

    def _remind(self, now: datetime) -> Finding:
        reminded = self.incidents.remind(zones_of(self.contracts), now)
        return Finding(REMINDED, checked=reminded)

    def _stuck(self, opened: list[Incident], backlog: int, now: datetime) -> Finding:
        return resume_stuck(
            ledger=self.ledger,
            contracts=self.contracts,
            queue=self._queue(),
            incidents=self.incidents,
            backlog=backlog,
            opened=opened,
            unusable=self.unusable,
            now=now,
        )

    def retracting(self) -> Retracting:
        """Return what takes files back for persons."""
        return Retracting(
            ledger=self.ledger, queue=self._queue(), sfn=self.run_ends.sfn, s3=self.s3, lake=self.settings.lake_bucket
        )

    def holding(self) -> Holding:
        """Return what holds and releases datasets."""
        return Holding(contracts=self.contracts, ledger=self.ledger, incidents=self.incidents, queue=self._queue())

    def _queue(self) -> IntakeQueue:
        return IntakeQueue(self.sqs, self.settings.intake_queue)

    def _lost_events(self, backlog: int) -> LostEvents:
        return LostEvents(
            contracts=self.contracts,
            ledger=self.ledger,
            bucket=RawBucket(self.s3, self.settings.raw_bucket),
            queue=self._queue(),
            incidents=self.incidents,
            unusable=self.unusable,
            backlog=backlog,
        )

    def _dead_letters(self) -> DeadLetters:
        return DeadLetters(
            contracts=self.contracts,
            ledger=self.ledger,
            reports=RunReports(self.run_ends, self.airflow),
            incidents=self.incidents,
            queue=self._queue(),
            sqs=self.sqs,
            kept=KeptMessages(Objects(self.s3), self.settings.reports_bucket, self.incidents),
            queues=(self.settings.intake_dead_letter_queue, self.settings.undelivered_queue),
            raw_bucket=self.settings.raw_bucket,
            wait_seconds=self.wait_seconds,
        )

    def _silent_runs(self) -> SilentRuns:
        return SilentRuns(
            contracts=self.contracts,
            ledger=self.ledger,
            run_ends=self.run_ends,
            incidents=self.incidents,
            airflow=self.airflow,
            queue=self._queue(),
            pending=PendingEnds(self.table, self.unusable),
            unusable=self.unusable,
            site=self.site,
        )


def _no_place(error: Exception) -> WalkError:
    why = one_line(str(error))
    both = Bilingual(
        f"the walk cannot continue there, so begin again: {why}",
        f"そこから確認を続けられません。最初からやり直してください: {why}",
    )
    return WalkError(both, then="suimon reconcile --full")
