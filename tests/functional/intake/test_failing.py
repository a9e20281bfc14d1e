"""A check that keeps failing: people hear of it soon, in its own words, and one message circulates for its drop."""

from __future__ import annotations

import heapq
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from suimon.drops.failure import TERMINATED
from suimon.drops.states import State
from suimon.intake.errors import FailingError
from suimon.intake.gate import receive, words_of
from suimon.intake.queue import HANDED_OVER, delay_for, resume_message
from suimon.sweep.stuck_drops import resume_stuck
from tests.functional.conftest import open_ids
from tests.functional.intake.gated import GOOD, KEY, NOON, Clock, FakeMwaa, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from suimon.contract.model import Contracts
    from suimon.drops.drop import Drop, DropRecord
    from suimon.intake.gate import Gate
    from suimon.ledger.unreadable_items import Unusable
    from tests.functional.conftest import Post

MINUTE = timedelta(minutes=1)
HEARD = 20 * MINUTE
ROUND = 15 * MINUTE


def s3_error(code: str, message: str = "in its own words") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetObject")


def raises(error: Exception) -> Callable[..., Any]:
    def fail(**_: Any) -> Any:
        raise error

    return fail


def event_of(drop: Drop) -> str:
    entry = {"key": drop.key, "size": drop.size, "etag": drop.etag, "version-id": drop.version_id, "sequencer": "01"}
    return json.dumps({"detail": {"bucket": {"name": drop.bucket}, "object": entry}})


class Stage:
    """The gate's queue and the rounds of the sweep in their own time, as the intake function treats messages."""

    def __init__(self, gate: Gate, clock: Clock, post: Post, drop: Drop) -> None:
        self.gate, self.clock, self.post = gate, clock, post
        self.count = self.most = self.tries = 0
        self.due: list[tuple[datetime, int, str, int]] = []
        self.heard: list[tuple[timedelta, str]] = []
        self.send(event_of(drop), NOON)

    def send(self, body: str, at: datetime, receives: int = 1) -> None:
        self.count += 1
        heapq.heappush(self.due, (at, self.count, body, receives))

    def resume(self, records: Iterable[DropRecord]) -> None:
        """Be the queue of the sweep."""
        for record in records:
            self.send(resume_message(record), self.clock.now + timedelta(seconds=1))

    def live(self, until: datetime, first_round: timedelta, unusable: Unusable, *, lost: bool = False) -> None:
        self.send("round", NOON + first_round)
        while self.due[0][0] < until:
            self.clock.now, _, body, receives = heapq.heappop(self.due)
            if body == "round":
                self.round(unusable)
            else:
                self.take(body, receives, lost=lost)
            self.heard += [(self.clock.now - NOON, subject) for subject in self.post.subjects()]
            self.most = max(self.most, len(self.due) - 1)

    def take(self, body: str, receives: int, *, lost: bool) -> None:
        self.tries += 1
        try:
            receive(self.gate, body)
        except FailingError:
            if receives < HANDED_OVER and not lost:
                self.send(body, self.clock.now + timedelta(seconds=2 + delay_for(receives)), receives + 1)

    def round(self, unusable: Unusable) -> None:
        gate = self.gate
        resume_stuck(
            ledger=gate.ledger,
            contracts=gate.contracts,
            queue=self,  # type: ignore[arg-type]  # what it uses of the queue
            incidents=gate.incidents,
            backlog=0,
            opened=gate.incidents.open_incidents(),
            unusable=unusable,
            now=self.clock.now,
        )
        self.send("round", self.clock.now + ROUND)


@pytest.fixture
def unusable() -> Unusable:
    from suimon.ledger.unreadable_items import Unusable  # noqa: PLC0415 a type elsewhere

    return Unusable()


ERRORS = [
    s3_error("AccessDenied"),
    s3_error("KMS.DisabledException"),
    ConnectTimeoutError(endpoint_url="s3"),
    OSError(),
]


@pytest.mark.parametrize("phase", [0, 200, 400, 600, 899])
def test_a_check_that_keeps_failing_is_heard_of_in_minutes_whatever_the_phase(
    gate: Gate, clock: Clock, post: Post, unusable: Unusable, monkeypatch: pytest.MonkeyPatch, phase: int
) -> None:
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(s3_error("AccessDenied")))
    stage = Stage(gate, clock, post, put(GOOD))
    stage.live(NOON + 3 * 60 * MINUTE, timedelta(seconds=phase), unusable)
    [(after, subject)] = stage.heard  # once, and no word of a recovery
    assert after <= HEARD
    assert subject == "[ERROR] sales: files do not get through the gate: AccessDenied"
    # One circulates; one that it replaces may not have met the gate again.
    assert stage.most <= 2


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_whatever_a_check_fails_with_is_told_in_its_own_words_and_recovers_when_it_succeeds(
    gate: Gate, clock: Clock, post: Post, unusable: Unusable, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    drop = put(GOOD)
    stage = Stage(gate, clock, post, drop)
    with monkeypatch.context() as patch:
        patch.setattr(gate.objects._s3, "get_object", raises(error))
        stage.live(NOON + 30 * MINUTE, 5 * MINUTE, unusable)
    record = gate.ledger.get(drop.id)
    assert record
    assert record.failing
    assert record.failing.tries > 5
    own_words = words_of(error)[1] if isinstance(error, ClientError) else str(error)
    assert own_words in record.failing.text
    assert len(stage.heard) == 1
    stage.live(NOON + 75 * MINUTE, 45 * MINUTE, unusable)
    assert [subject.startswith("[RECOVERED] ") for _, subject in stage.heard] == [False, True]
    assert open_ids(gate.incidents) == []


def test_a_message_that_is_lost_delays_the_word_by_no_more_than_a_round(
    gate: Gate, clock: Clock, post: Post, unusable: Unusable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(s3_error("AccessDenied")))
    stage = Stage(gate, clock, post, put(GOOD))
    stage.live(NOON + 60 * MINUTE, 10 * MINUTE, unusable, lost=True)
    [(after, _)] = stage.heard
    assert after <= HEARD


def test_the_mail_names_the_error_the_file_and_who_must_do_what(
    gate: Gate, clock: Clock, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = s3_error("AccessDenied", "not authorized to perform: kms:Decrypt on key/1")
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(denied))
    drop = put(GOOD)
    for _ in range(2):
        with pytest.raises(FailingError):
            receive(gate, event_of(drop))
        clock.now += 10 * MINUTE
    [(_, body)] = post.letters()
    assert f"s3://raw/{KEY} (drop {drop.id}, VALIDATING)" in body
    assert "GetObject: AccessDenied: not authorized to perform: kms:Decrypt on key/1" in body
    assert "allow kms:Decrypt to the role of the intake function (IntakeRole of the stack) in the KEY's policy" in body


def test_what_an_error_says_of_the_file_s_content_is_told_to_nobody(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(ValueError("the cell 090-1234-5678")))
    drop = put(GOOD)
    with pytest.raises(FailingError):
        receive(gate, event_of(drop))
    record = gate.ledger.get(drop.id)
    assert record
    assert record.failing
    assert record.failing.text == "ValueError"


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_an_archived_object_is_told_to_the_sender_at_once(gate: Gate, post: Post, storage_class: Any) -> None:
    answer = boto3.client("s3").put_object(Bucket="raw", Key=KEY, Body=GOOD.encode(), StorageClass=storage_class)
    assert rejected(gate, answer, post, "send it in STANDARD")


def test_an_object_under_the_sender_s_own_key_is_told_to_the_sender_at_once(
    gate: Gate, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = boto3.client("s3").put_object(Bucket="raw", Key=KEY, Body=GOOD.encode())
    said = "The object was stored using a form of Server Side Encryption. The correct parameters must be provided"
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(s3_error("InvalidRequest", said)))
    assert rejected(gate, answer, post, "send it without a customer key")


def rejected(gate: Gate, answer: Any, post: Post, advice: str) -> bool:
    drop = put_as(answer)
    record = receive(gate, event_of(drop))
    [(subject, body)] = post.letters()
    assert "rejected" in subject
    assert advice in body
    return record.state is State.REJECTED


def put_as(answer: Any) -> Drop:
    from suimon.drops.drop import Drop  # noqa: PLC0415 a type elsewhere

    return Drop("raw", KEY, answer["VersionId"], answer["ETag"].strip('"'), len(GOOD.encode()), "01")


def test_a_check_whose_function_was_terminated_is_told_of_when_it_is_taken_over(
    gate: Gate, clock: Clock, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop = put(GOOD)
    monkeypatch.setattr(gate.objects._s3, "get_object", raises(KeyboardInterrupt()))  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        receive(gate, event_of(drop))
    monkeypatch.undo()
    clock.now += 17 * MINUTE
    assert receive(gate, event_of(drop)).state is State.TRIGGERED
    [(subject, body)] = post.letters()
    assert subject == f"[ERROR] sales: files do not get through the gate: {TERMINATED}"
    assert "never came to its end" in body


@pytest.mark.hits("turn-is-over")
def test_a_message_whose_turn_is_over_ends(gate: Gate, mwaa: FakeMwaa, contracts: Contracts) -> None:
    del contracts
    drop = put(GOOD)
    record = gate.ledger.receive(drop, gate.take(put(GOOD, sequencer="00")).match, NOON)
    old = resume_message(record)
    record = gate.ledger.touch(record, turn=2)
    runs = len(mwaa.runs)
    for body in (event_of(drop), old):
        assert receive(gate, body).state is State.RECEIVED
    assert len(mwaa.runs) == runs
    assert receive(gate, resume_message(record)).state is not State.RECEIVED
