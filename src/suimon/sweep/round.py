"""The sweep: every 15 minutes bucket, ledger, queues and Airflow are compared, and what fell between them goes on.

Each part costs a bounded amount a round, whatever lies in the bucket, and begins where the last round ended. One that
fails stops no other: it is told, and the round fails at its end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from suimon.aws.versions import RawBucket
from suimon.incidents.incident import of_kind
from suimon.incidents.messages.sweep import UNEXPLAINED, sweep_failed, unexplained_left
from suimon.intake.queue import IntakeQueue
from suimon.ledger.checkpoints import Marks
from suimon.ledger.pending_ends import NotedEnds
from suimon.sweep.adoption import adopt_unmatched
from suimon.sweep.dead_letters import DeadLetters
from suimon.sweep.findings import Failure, Finding, Findings
from suimon.sweep.lost_events import KIND as LOST
from suimon.sweep.lost_events import Listing, Walk
from suimon.sweep.silent_runs import Runs
from suimon.sweep.stale_incidents import close_file_incidents, close_trigger_incidents
from suimon.sweep.stuck_drops import resume_stuck
from suimon.sweep.turns import LEAST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from suimon.contract.model import Contracts
    from suimon.incidents.store import IncidentDesk
    from suimon.ledger.drops import Ledger
    from suimon.mwaa.airflow import Airflow
    from suimon.outcome.run_end import RunEnds
    from suimon.settings import Places

# Of an operator's walk over the whole bucket, at each call: every version is held against the ledger there.
PORTION_PAGES = 20


class SweepError(Exception):
    """Parts of a round failed; the others did their work, and the next round tries again."""


@dataclass(frozen=True)
class Sweep:
    """What the sweep acts through; `site` gives the host of Airflow's pages, `wait_seconds` how long SQS looks."""

    contracts: Contracts
    ledger: Ledger
    run_ends: RunEnds
    desk: IncidentDesk
    airflow: Airflow
    table: Table
    s3: S3Client
    sqs: SQSClient
    places: Places
    site: Callable[[], str]
    wait_seconds: int = 1

    def round(self, now: datetime, time_left: Callable[[], float] = lambda: 900.0) -> Findings:
        """Make one round: find, heal, tell. `time_left`: seconds that the function still has; all of them, as a rule.

        A part for which there is no time is told as one that failed: better than to be killed at it, unheard.
        """
        opened, marks = self.desk.open_incidents(), Marks(self.table)
        found: dict[str, Finding] = {}
        failures = []
        try:
            backlog = self._queue().depth()
        except (ClientError, BotoCoreError) as error:
            failures.append(_failure("intake queue", error))
            backlog = 0
        listing = self._listing(backlog)
        noted = NotedEnds(self.table)
        runs = Runs(
            self.contracts, self.ledger, self.run_ends, self.desk, self.airflow, self._queue(), noted, self.site
        )
        parts: dict[str, Callable[[], Finding]] = {
            # First what needs no listing, so that a drop whose message died is not taken for one without an event.
            "dead letters": lambda: self._dead_letters().drain(opened, now),
            "recent dates": lambda: listing.near(now),
            "whole bucket": lambda: listing.far(marks, now),
            "adoption": lambda: adopt_unmatched(self.ledger, self.contracts, self._queue(), self.desk, marks, now),
            "stuck drops": lambda: self._stuck(backlog, opened, now),
            "runs": lambda: runs.look(opened, now, time_left),
        }
        for part, look in parts.items():
            if time_left() < LEAST_SECONDS:
                failures.append(
                    Failure(part, f"no time: less than {LEAST_SECONDS} seconds of the function's were left")
                )
                continue
            try:
                finding = look()
            except Exception as error:  # noqa: BLE001 whatever stops one part, the others go on
                failures.append(_failure(part, error))
            else:
                found[finding.kind] = found.get(finding.kind, Finding(finding.kind)) + finding
        findings = Findings(tuple(found.values()), tuple(failures))
        self._tell(findings, opened, now)
        return findings

    def portion(self, walk: Walk, now: datetime) -> tuple[Findings, Walk | None]:
        """Walk over the next portion of the whole bucket; gives where to go on, None at its end.

        Every version is looked up, whenever it was written; the sweep's own walk is left as it is.
        """
        walk = replace(walk, began=walk.began or now.isoformat(), complete="")
        finding = Finding(LOST)
        for walked, found in self._listing(self._queue().depth()).portion(walk, now, PORTION_PAGES):
            walk = walked
            # What this call had no room to enter lies behind its mark: the next one finds it.
            finding += replace(found, detected=found.repaired)
        return Findings((finding,)), None if walk.complete else walk

    def _stuck(self, backlog: int, opened: list[str], now: datetime) -> Finding:
        close_trigger_incidents(self.ledger, self.contracts, self.desk, opened, now)
        close_file_incidents(self.ledger, self.desk, opened, now)
        return resume_stuck(self.ledger, self.contracts, self._queue(), self.desk, backlog, opened, now)

    def _tell(self, findings: Findings, opened: list[str], now: datetime) -> None:
        for failure in findings.failures:
            self.desk.report(sweep_failed(failure.part, failure.reason), now)
        for part in sorted(of_kind("sweep-failed", opened) - {failure.part for failure in findings.failures}):
            self.desk.recover(f"sweep-failed:{part}", now)
        left = {part.kind: (part.unexplained, part.examples) for part in findings.parts if part.unexplained}
        if left:
            self.desk.report(unexplained_left(left), now)
        elif UNEXPLAINED in opened and not findings.failures:
            self.desk.recover(UNEXPLAINED, now, "Everything in the bucket is accounted for.")

    def _queue(self) -> IntakeQueue:
        return IntakeQueue(self.sqs, self.places.intake_queue)

    def _listing(self, backlog: int) -> Listing:
        bucket = RawBucket(self.s3, self.places.raw_bucket)
        return Listing(self.contracts, self.ledger, bucket, self._queue(), self.desk, backlog)

    def _dead_letters(self) -> DeadLetters:
        return DeadLetters(
            self.contracts,
            self.ledger,
            self.run_ends,
            self.desk,
            self._queue(),
            self.sqs,
            self.s3,
            self.places.dead_letter_queues,
            self.places.reports_bucket,
            self.wait_seconds,
        )


def _failure(part: str, error: Exception) -> Failure:
    return Failure(part, f"{type(error).__name__}: {error}")
