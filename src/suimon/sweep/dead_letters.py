"""What could not be delivered, taken up again: events of files and of runs out of the two queues of dead letters."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from suimon.drops.drop import Drop, EventError
from suimon.drops.run_finished import OutcomeError, RunFinished
from suimon.drops.states import State
from suimon.incidents.incident import EXAMPLES
from suimon.incidents.messages.sweep import UNDELIVERABLE, undeliverable_messages
from suimon.intake.entry import enter
from suimon.sweep.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from suimon.contract.model import Contracts
    from suimon.incidents.store import IncidentDesk
    from suimon.intake.queue import IntakeQueue
    from suimon.ledger.drops import Ledger
    from suimon.outcome.run_end import RunEnds

KIND = "dead letter"
# Of all queues in a round; each takes some 50 ms.
TAKEN_AT_MOST = 100
# A message that fails again stays hidden until this round is surely over, and is there for the next one.
HIDDEN_SECONDS = 600


class UnusableError(Exception):
    """A message of which nothing can be made; it says why."""


@dataclass(frozen=True)
class Letter:
    """One message; `queue`: the URL of its queue."""

    queue: str
    id: str
    body: str
    receipt: str


@dataclass(frozen=True, kw_only=True)
class DeadLetters:
    """What the taking up acts through. Without a wait of a second SQS looks at some of its servers only."""

    contracts: Contracts
    ledger: Ledger
    run_ends: RunEnds
    desk: IncidentDesk
    queue: IntakeQueue
    sqs: SQSClient
    s3: S3Client
    queues: tuple[str, ...]
    reports_bucket: str
    wait_seconds: int = 1

    def drain(self, opened: Sequence[str], now: datetime) -> Finding:
        """Take up what lies in the queues; a message is deleted only when what it says is safe elsewhere."""
        healed, kept, failed = 0, {}, []
        for letter in self._letters():
            try:
                self._take_up(letter, now)
            except (UnusableError, EventError, OutcomeError) as error:
                kept[self._keep(letter, error)] = letter
            except Exception as error:  # noqa: BLE001 whatever it is, the message stays where it is
                failed.append(f"{type(error).__name__}: {error}")
            else:
                healed += 1
                self._delete(letter)
        if kept:
            self.desk.report(undeliverable_messages(self.reports_bucket, list(kept)), now)
            for letter in kept.values():
                self._delete(letter)
        elif UNDELIVERABLE in opened and not self._keeps_any():
            self.desk.recover(UNDELIVERABLE, now, "Nothing is kept there any longer.")
        found = healed + len(kept) + len(failed)
        return Finding(KIND, found, found, healed, len(kept), tuple([*kept, *failed][:EXAMPLES]))

    def _letters(self) -> Iterator[Letter]:
        left = TAKEN_AT_MOST
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
                    yield Letter(queue, one["MessageId"], one["Body"], one["ReceiptHandle"])

    def _take_up(self, letter: Letter, now: datetime) -> None:
        message = content(letter.body)
        if "resume" in message:
            if self.ledger.get(str(message["resume"])) is None:
                raise UnusableError(f"the ledger knows no drop {message['resume']}")
            return  # it is in the ledger, where the sweep finds it by its state
        match message.get("detail-type"):
            case "Object Created":
                record = enter(Drop.from_event(message), self.contracts, self.ledger, self.desk, now)
                if record.state is not State.UNMATCHED:  # the gate could do nothing with it
                    self.queue.resume([record.id])
            case "Run Finished":
                self.run_ends.record(RunFinished.from_event(message), now)
            case _ if message.get("source") == "aws.scheduler":
                return  # a round that failed; this one is its repetition
            case kind:
                raise UnusableError(f"a message of an unknown kind: {kind!r}")

    def _keep(self, letter: Letter, error: Exception) -> str:
        key = f"undeliverable/{letter.id}.json"
        kept = {"queue": letter.queue.rpartition("/")[2], "reason": str(error), "body": letter.body}
        body = json.dumps(kept, ensure_ascii=False, indent=1).encode()
        self.s3.put_object(Bucket=self.reports_bucket, Key=key, Body=body, ContentType="application/json")
        return key

    def _delete(self, letter: Letter) -> None:
        self.sqs.delete_message(QueueUrl=letter.queue, ReceiptHandle=letter.receipt)

    def _keeps_any(self) -> bool:
        listed = self.s3.list_objects_v2(Bucket=self.reports_bucket, Prefix="undeliverable/", MaxKeys=1)
        return bool(listed.get("Contents"))


def content(body: str) -> dict[str, Any]:
    """Read a message; what Lambda wraps around an event that its function failed at is taken off."""
    try:
        message = json.loads(body)
    except ValueError as error:
        raise UnusableError(f"no JSON: {error}") from error
    if isinstance(message, dict) and "requestPayload" in message:
        message = message["requestPayload"]
    if not isinstance(message, dict):
        raise UnusableError("JSON, but no object")
    return message
