"""Messages that could not be delivered: what lies in the two dead-letter queues is processed again, or kept whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from suimon.drops.drop import Drop, EventError
from suimon.drops.run_finished_event import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES, gone
from suimon.incidents.kinds import Kind
from suimon.incidents.messages.recoveries import NOTHING_IS_KEPT
from suimon.intake.entry import enter
from suimon.mwaa.run_state import CannotAskError
from suimon.sweep.findings import Finding
from suimon.sweep.plans.dead_letters import Resume, Scheduled, UnusableMessageError, read
from suimon.sweep.resuming import resume
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_sqs import SQSClient

    from suimon.contract.model import Contracts
    from suimon.incidents.incident import Incident
    from suimon.incidents.store import IncidentStore
    from suimon.intake.kept_messages import KeptMessages
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.outcome.confirming_reports import RunReports

DEAD_LETTER = "dead letter"
# Of all queues in a round; each takes some 50 ms.
PROCESSED_AT_MOST = 100
# A message that fails again stays hidden until this round has surely ended, and is there for the next one.
HIDDEN_SECONDS = 600


@dataclass(frozen=True)
class Message:
    """One message; `queue`: the URL of its queue."""

    queue: str
    id: str
    body: str
    receipt: str


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """Processes dead letters. Unless it waits for a second, SQS looks at some of its servers only."""

    contracts: Contracts
    ledger: Ledger
    reports: RunReports
    incidents: IncidentStore
    queue: IntakeQueue
    sqs: SQSClient
    kept: KeptMessages
    queues: tuple[str, ...]
    raw_bucket: str
    wait_seconds: int = 1

    def process(self, opened: Sequence[Incident], now: datetime) -> Finding:
        """Process what lies in the queues; a message is deleted only when what it says is safe elsewhere.

        Airflow confirms the ends of runs. Once it does not answer it is left alone, for each try costs 15 seconds.
        """
        repaired, kept, failed = 0, {}, []
        silent: CannotAskError | None = None
        for message in self._messages():
            try:
                self._process(message.body, now, silent)
            except (UnusableMessageError, EventError, OutcomeError) as error:
                kept[self.kept.keep(message.id, message.queue, message.body, error)] = message
            except CannotAskError as error:
                silent = error
                failed.append(f"{type(error).__name__}: {error}")
            except Exception as error:  # noqa: BLE001 whatever it is, the message stays where it is
                failed.append(f"{type(error).__name__}: {error}")
            else:
                repaired += 1
                self._delete(message)
        if kept:
            self.kept.report(list(kept), now)
            for message in kept.values():
                self._delete(message)
        elif (over := gone(opened, Kind.UNDELIVERABLE, NOTHING_IS_KEPT)) and not self.kept.are_there():
            self.incidents.report_all((), over, now)
        count = repaired + len(kept) + len(failed)
        return Finding(DEAD_LETTER, count, count, repaired, len(kept), tuple([*kept, *failed][:EXAMPLES]))

    def _messages(self) -> Iterator[Message]:
        left = PROCESSED_AT_MOST
        for queue in self.queues:
            while left > 0:
                answer = self.sqs.receive_message(
                    QueueUrl=queue,
                    MaxNumberOfMessages=min(10, left),
                    VisibilityTimeout=HIDDEN_SECONDS,
                    WaitTimeSeconds=self.wait_seconds,
                )
                if not (messages := answer.get("Messages")):
                    break
                left -= len(messages)
                for one in messages:
                    yield Message(queue, one["MessageId"], one["Body"], one["ReceiptHandle"])

    def _process(self, body: str, now: datetime, silent: CannotAskError | None) -> None:
        match read(body):
            case Drop() as drop if drop.bucket != self.raw_bucket:
                raise UnusableMessageError(f"it is about the bucket {drop.bucket}; the raw bucket is {self.raw_bucket}")
            case Drop() as drop:
                record = enter(drop, self.contracts, self.ledger, self.incidents, now)
                if record.state is not State.UNMATCHED:  # the gate could do nothing with it
                    resume(self.ledger, self.queue, [record])
            case RunFinished() as run:
                if silent:
                    raise silent
                self.reports.take(run, now)
            case Resume(drop_id):  # the sweep finds the drop by its state, if the ledger has it
                if self.ledger.get(drop_id) is None:
                    raise UnusableMessageError(f"the ledger knows no drop {drop_id}")
            case Scheduled.ROUND:
                pass  # a round that failed; this one repeats it

    def _delete(self, message: Message) -> None:
        self.sqs.delete_message(QueueUrl=message.queue, ReceiptHandle=message.receipt)
