"""The steps of a replay that the function does: plan, begin, record a failure, summarise."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from suimon.contract.file import ContractError
from suimon.contract.reserved import REPLAYS
from suimon.drops.refusal import no_contract
from suimon.drops.replay_record import FORGOTTEN, STOPPED, Counts, ReplayRecord
from suimon.drops.wording import Bilingual
from suimon.ledger.replays import LostRunningError, ReplayLedger
from suimon.replay.message import SummaryMessages, told_in_english
from suimon.replay.plan import Item, Plan, gather, read_items, refuse_held
from suimon.replay.request import DamagedItemsError, OverlapError, Request, RequestError
from suimon.replay.summary import counted, results, unlisted
from suimon.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_stepfunctions import SFNClient

    from suimon.contract.model import Contracts
    from suimon.drops.replay_record import Running
    from suimon.ledger.drops import Ledger

FOLDER = f"{REPLAYS}/"  # in the reports bucket
TRIES = 5  # at the list of running replays
STOPPED_STATUS = "ABORTED"
# What S3 says of an object that is not there; AccessDenied to whoever may not list the bucket, as this function.
GONE = frozenset({"NoSuchKey", "AccessDenied"})


@dataclass(frozen=True, kw_only=True)
class ReplaySteps:
    """What the state machine and people ask the replay function for."""

    ledger: Ledger
    replays: ReplayLedger
    contracts: Contracts
    s3: S3Client
    sfn: SFNClient
    reports_bucket: str
    messages: SummaryMessages

    def request(self, event: Mapping[str, Any]) -> Request:
        """Read a request; RequestError of a dataset that is none, for a misspelt one is not a range without files."""
        dataset = Request.from_event(event).dataset
        try:
            return Request.from_event(event, self.contracts.of(dataset))
        except ContractError as error:
            raise RequestError(no_contract(self.contracts.names, dataset), then="suimon status") from error

    def plan(self, request: Request, now: datetime) -> dict[str, Any]:
        """Return the plan of a request, for people; nothing is begun."""
        found = self._planned(request, now)
        self._refuse_overlap(request, "")
        contract = self.contracts.of(request.dataset)
        return {
            "dataset": request.dataset,
            "dag_id": contract.dag_id,
            "table": contract.table,
            "max_concurrency": request.max_concurrency,
            "tolerated": request.tolerated(len(found.items)),
            **found.to_json(),
        }

    def begin(self, request: Request, execution: str, now: datetime) -> dict[str, Any]:
        """Plan again, join the running replays, put the items where the state machine reads them; idempotent.

        StalePlanError, HeldError and OverlapError when it may not begin. A retry of the same execution plans what the
        first try planned, for nothing runs before this has returned.
        """
        found = self._planned(request, now)
        begun = {
            "dataset": request.dataset,
            "replay": id_of(execution),
            "count": len(found.items),
            "max_concurrency": request.max_concurrency,
            "tolerated": request.tolerated(len(found.items)),
            "as_accepted": request.as_accepted,
            "bucket": self.reports_bucket,
        }
        if not found.items:
            return {**begun, "key": ""}
        self._join(request, execution)
        key = f"{FOLDER}{request.dataset}/{id_of(execution)}.json"
        items = json.dumps([asdict(item) for item in found.items], ensure_ascii=False).encode()
        self.s3.put_object(Bucket=self.reports_bucket, Key=key, Body=items, ContentType="application/json")
        record = ReplayRecord(
            dataset=request.dataset,
            id=id_of(execution),
            execution=execution,
            first=str(request.first),
            last=str(request.last),
            what=str(request.what),
            order=str(request.order),
            plan=found.fingerprint,
            planned=len(found.items),
            max_concurrency=request.max_concurrency,
            tolerated=request.tolerated(len(found.items)),
            began_at=now,
            key=key,
            reason=request.reason,
            who=request.who,
            as_accepted=request.as_accepted,
            tolerate=request.tolerate,
        )
        self.replays.begin(record)
        return {**begun, "key": key}

    def fail(self, failed: Mapping[str, Any], now: datetime) -> None:
        """Record why a partition was not loaded."""
        execution = id_of(str(failed["execution"]))
        self.replays.fail(str(failed["dataset"]), execution, str(failed["partition"]), str(failed["error"]), now)

    def stopped(self, dataset: str, replay_id: str, now: datetime) -> dict[str, Any]:
        """Summarise a replay that ended without a summary; RequestError if it still runs, or never was.

        A person has stopped it, here or in the console; or it ran out of time, or its summary failed.
        """
        record = self._known(dataset, replay_id)
        status = STOPPED_STATUS if record.ended_at else self._status(record.execution)
        if status == "RUNNING":
            raise RequestError(
                Bilingual(
                    f"replay {replay_id} runs: stop it first, with --stop",
                    f"再実行 {replay_id} は実行中です。先に --stop で停止してください",
                ),
                then=f"suimon replay {dataset} --stop {replay_id}",
            )
        return self.summarise(dataset, replay_id, STOPPED if status == STOPPED_STATUS else status, now)

    def summarise(self, dataset: str, replay_id: str, end: str, now: datetime) -> dict[str, Any]:
        """Read what became of each item, keep the counts, tell people, leave the running ones; harmless again.

        the function                         Step Functions
        records the end and its counts
        -- terminated --
                                             tries again
        finds the end, nobody told of it
        publishes, records that              (mark: summary-is-told)
        """
        record = self._known(dataset, replay_id)
        failures = self.replays.failures(dataset, replay_id)
        try:
            items = self.items(record)
        except DamagedItemsError:  # people hear how it ended all the same
            items = self._begun(record)
        found = results(items, self.ledger.get_many(item.drop_id for item in items), failures)
        found += unlisted(failures, items)
        record = self.replays.end(replace(record, end=end, ended_at=now, counts=counted(found, record.planned)))
        if record.told_at is None:  # mark: summary-is-told
            self.messages.publish(record, found, now)
            self.replays.told(record, now)
        self.replays.leave(dataset, record.execution)
        return summary_of(record)

    def items(self, record: ReplayRecord) -> list[Item]:
        """Return the items of a replay, in their order; DamagedItemsError when they are not there as they were put."""
        try:
            body = self.s3.get_object(Bucket=self.reports_bucket, Key=record.key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in GONE:
                raise
            where = f"s3://{self.reports_bucket}/{record.key}"
            why = Bilingual(f"{where} cannot be read: {error}", f"{where} を読み取れません: {error}")
            raise DamagedItemsError(why) from error
        return read_items(body, record.plan)

    def _begun(self, record: ReplayRecord) -> list[Item]:
        """Return those items of a replay that it has begun, which the ledger knows by itself."""
        first, last = (end.partition("/")[0] for end in (record.first, record.last))
        return [
            Item(one.id, one.partition, one.attempt)
            for one in self.ledger.drops_between(record.dataset, first, last)
            if one.replay and one.replay.execution == record.execution
        ]

    def _resumed(self, request: Request) -> list[Item]:
        """Return the items of the replay that a request resumes."""
        record = self._known(request.dataset, request.resume)
        try:
            return self.items(record)
        except DamagedItemsError as error:
            raise DamagedItemsError(
                Bilingual(
                    f"replay {record.id} cannot be resumed, for its items are lost ({error}): plan its range again, "
                    f"from {record.first} to {record.last}",
                    f"再実行 {record.id} は対象の一覧が失われ、再開できません（{error.why.ja}）。"
                    f"{record.first} から {record.last} までをもう一度計画してください",
                )
            ) from error

    def _planned(self, request: Request, now: datetime) -> Plan:
        contract = self.contracts.of(request.dataset)
        if request.as_accepted and contract.set_rule is not None:
            raise RequestError(
                Bilingual(
                    "the parts of a set are not checked again by a replay: leave as_accepted out",
                    "セットの構成ファイルは再実行で検査し直されません。as_accepted を外してください",
                )
            )
        refuse_held(self.ledger.holds.of(request.dataset), now)
        resumed = self._resumed(request) if request.resume else None
        return gather(request, self.ledger.drops_between, sets=contract.set_rule is not None, resumed=resumed)

    def _known(self, dataset: str, replay_id: str) -> ReplayRecord:
        record = self.replays.of(dataset, replay_id)
        if record is None:
            raise RequestError(
                Bilingual(f"{dataset} has no replay {replay_id}", f"{dataset} に再実行 {replay_id} はありません"),
                then=f"suimon replay {dataset} --list",
            )
        return record

    def _join(self, request: Request, execution: str) -> None:
        """Enter the execution among the running ones of its dataset, unless one of them shares a partition."""
        for _ in range(TRIES):
            running = self._refuse_overlap(request, execution)
            try:
                return self.replays.put_running(replace(running, ranges={**running.ranges, execution: request.span}))
            except LostRunningError:
                continue
        raise OverlapError(
            Bilingual(
                f"other replays of {request.dataset} begin and end at this moment: try again",
                f"{request.dataset} のほかの再実行がちょうど開始・終了しています。もう一度試してください",
            ),
            then=f"suimon replay {request.dataset} --list",
        )

    def _refuse_overlap(self, request: Request, execution: str) -> Running:
        """Return those that run, without those that are over; OverlapError if one shares a partition."""
        running = self.replays.running(request.dataset)
        over = {other for other in running.ranges if other != execution and self._status(other) != "RUNNING"}
        running = replace(running, ranges={other: at for other, at in running.ranges.items() if other not in over})
        others = running.overlapping(execution, *request.span)
        if others:
            first, last = running.ranges[others[0]]
            raise OverlapError(
                Bilingual(
                    f"a replay of {request.dataset} from {first} to {last} runs, and no partition runs twice at once. "
                    f"Follow replay {id_of(others[0])}, or stop it",
                    f"{request.dataset} の {first}～{last} を再実行中で、同じパーティションは同時に実行できません。"
                    f"再実行 {id_of(others[0])} の終わりを待つか、停止してください",
                ),
                then=f"suimon replay {request.dataset} --follow {id_of(others[0])}",
            )
        return running

    def _status(self, execution: str) -> str:
        try:
            return self.sfn.describe_execution(executionArn=execution)["status"]
        except self.sfn.exceptions.ExecutionDoesNotExist:  # AWS forgets them after 90 days
            return FORGOTTEN


def id_of(execution: str) -> str:
    """Return the name of an execution, which is its replay's id."""
    return execution.rpartition(":")[2]


def summary_of(record: ReplayRecord) -> dict[str, Any]:
    """Return how a replay ended, in figures and in one sentence."""
    counts: Counts = record.counts
    return {
        "dataset": record.dataset,
        "replay": record.id,
        "end": record.end,
        "planned": record.planned,
        **asdict(counts),
        "told": told_in_english(counts),
    }
