"""A stack whose replay function answers by the dataset, for the commands that replay."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from suimon.cli.replays import Replays, Target
from suimon.drops.replay_record import Counts
from suimon.replay.execution import ReplayError
from suimon.replay.plan import Window
from tests.unit.replay.mails import RECORD

if TYPE_CHECKING:
    import pytest

    from suimon.drops.replay_record import ReplayRecord

WHY = {"en": "its run failed 2026-11-02", "ja": "2026-11-02 に失敗"}
WHY_NOT = {"en": "no file has come", "ja": "ファイルが届いていません"}
FOUND = {
    "dataset": "sales",
    "dag_id": "load_sales",
    "table": "sales_fact",
    "max_concurrency": 3,
    "tolerated": 1,
    "plan": "0123",
    "items": [{"drop_id": "a", "partition": "2026-11-01", "attempt": 2, "reason": WHY}],
    "skipped": [{"partition": "2026-11-02", "reason": WHY_NOT}],
    "others": 4,
}


class Stack(Replays):
    """A stack whose replay function answers by the dataset, and that keeps what it is asked to execute."""

    def plan(self, wanted: dict[str, Any]) -> dict[str, Any]:
        if wanted["dataset"] == "long" and wanted["from"] != wanted["to"]:
            raise ReplayError("more than 5,000 days", "TooLongError")
        if wanted["dataset"] == "held":
            raise ReplayError("held is held since noon by arn:me", "HeldError")
        if wanted["plan" if "plan" in wanted else "dataset"] == "stale":
            raise ReplayError("the ledger has moved on", "StalePlanError")
        return FOUND | {"dataset": wanted["dataset"], "items": [] if wanted["dataset"] == "calm" else FOUND["items"]}

    def failed(self) -> list[Window]:
        days = "2026-11-01", "2026-11-02"
        return [Window(name, days) for name in FAILED]

    def execute(self, wanted: Any) -> int:
        EXECUTED.extend(one for one, _ in wanted)
        return 0

    def status(self, record: ReplayRecord) -> str:
        return f"as of {record.id}"

    def known(self, dataset: str) -> list[ReplayRecord]:
        return [RECORD] if dataset == RECORD.dataset else []

    def record(self, dataset: str, replay_id: str) -> ReplayRecord:
        assert (dataset, replay_id) == (RECORD.dataset, RECORD.id)
        return RECORD

    def stop(self, record: ReplayRecord, reason: str) -> dict[str, Any]:
        STOPPED.append((record.id, reason))
        return {
            "dataset": "sales",
            "replay": record.id,
            "end": "stopped",
            "told": "1 loaded, 29 not begun",
            **asdict(Counts(loaded=1, remaining=29)),
        }


EXECUTED: list[dict[str, Any]] = []
STOPPED: list[tuple[str, str]] = []
FAILED: list[str] = []


def run(monkeypatch: pytest.MonkeyPatch, of: Any, *arguments: str, answer: str = "") -> Any:
    EXECUTED.clear()
    STOPPED.clear()
    target = Target("machine", "function", "table", "reports")
    made = staticmethod(
        lambda stack, console, lang: Stack(
            target, console, "" if stack == "suimon-local" else f" --stack {stack}", lang
        )
    )
    monkeypatch.setattr(Replays, "of", made)
    return CliRunner(env={"COLUMNS": "80"}).invoke(of, arguments, input=answer)
