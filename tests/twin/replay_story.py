"""Days replayed on a whole twin: a contract loosened, a range stopped and resumed, new files and a killed function."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import psutil
import pytest

from bench.burst import looking
from local.demo.sales import SalesFile, sales_file
from local.isolation import clean_environment
from local.trial import put_contracts
from suimon.drops.states import AT_AN_END, State
from suimon.intake.gate import LEASE
from suimon.ledger.items import stamp
from suimon.ledger.queries import history, replays_of
from tests.twin.fault_story import ROOT, ROWS, THREADS, YESTERDAY, Story, backdate, on_the_way, workers_of
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from local.twin import Twin
    from suimon.drops.drop import DropRecord
    from suimon.drops.replay_record import ReplayRecord
    from suimon.ledger.queries import HistoryEntry

AT_ONCE = 3
BEGUN = 5  # items, when new files come and the replay is stopped
STILL_SECONDS: Final = 3.0  # a check takes a fraction of a second; one that stands for longer lost its function
# The clause of `amount` that the bad files break, before and after.
_CLAUSE = """physicalType: decimal(14,2)
        required: true
        logicalTypeOptions:
          minimum: """
NONSENSE: tuple[Any, ...] = (
    [],
    "sales",
    {},
    {"dataset": "slaes", "from": "2026-11-01", "to": "2026-11-02"},
    {"dataset": "sales"},
)
STRICT, LOOSE = f"{_CLAUSE}0", f"{_CLAUSE}-10"


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and its exit status."""

    code: int
    output: str


@dataclass
class Replayed:
    """The days of the range, oldest first, the newest file of each, and what each command answered."""

    story: Story
    folder: Path
    days: list[date]
    files: dict[date, SalesFile]
    renewed: list[date] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    rejected: dict[date, str] = field(default_factory=dict)  # drop ids, before the contract was loosened
    killed: set[str] = field(default_factory=set)  # drops under check when their function was killed
    ends: dict[str, Any] = field(default_factory=dict)  # of executions that were started by hand
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def begin(self, name: str, *words: str) -> None:
        """Start `suimon replay sales` in a process with the operator's rights."""
        twin = self.story.twin
        keys = twin.principals["operator"]
        environment = clean_environment(
            os.environ,
            **twin.endpoints(),
            AWS_ACCESS_KEY_ID=keys.access_key_id,
            AWS_SECRET_ACCESS_KEY=keys.secret_access_key,
            COLUMNS="200",
        )
        program = "from suimon.cli.main import main; main()"
        with self._output(name).open("wb") as output:  # a pipe that nobody reads would fill up and hold it back
            self.running[name] = subprocess.Popen(
                [sys.executable, "-c", program, "replay", "sales", *words],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def end(self, name: str) -> None:
        """Wait for a command's end, and keep what it answers."""
        code = self.running[name].wait(PATIENCE)
        self.answers[name] = Answer(code, self._output(name).read_text(encoding="utf-8"))

    def answer(self, name: str, *words: str) -> None:
        """Run the command to its end, and keep what it answers."""
        self.begin(name, *words)
        self.end(name)

    def start_by_hand(self, name: str, given: Any) -> None:
        """Start the state machine as in the console, with no plan that anybody has seen, and keep how it ends."""
        sfn = self.story.twin.session().client("stepfunctions")
        machine = self.story.twin.outputs["ReplayStateMachineArn"]
        execution = sfn.start_execution(stateMachineArn=machine, input=json.dumps(given))["executionArn"]
        self.story.wait(lambda: sfn.describe_execution(executionArn=execution)["status"] != "RUNNING", name, pause=0.2)
        self.ends[name] = sfn.describe_execution(executionArn=execution)

    def kill_what_runs(self) -> None:
        """End commands that a failed story has left running."""
        for command in self.running.values():
            command.kill()

    def _output(self, name: str) -> Path:
        return self.folder / f"{name}.txt"

    def range_of(self, *more: str) -> tuple[str, ...]:
        """Return the options that mean the range."""
        return "--from", str(self.days[0]), "--to", str(self.days[-1]), "--max-concurrency", str(AT_ONCE), *more

    def records(self) -> list[ReplayRecord]:
        """Return the replays, oldest first."""
        return replays_of(self.story.table, "sales")[::-1]

    def items(self, record: ReplayRecord) -> list[dict[str, Any]]:
        """Return what a replay was to run."""
        s3, bucket = self.story.twin.session().client("s3"), self.story.twin.outputs["ReportsBucket"]
        found: list[dict[str, Any]] = json.loads(s3.get_object(Bucket=bucket, Key=record.key)["Body"].read())
        return found

    def begun(self, items: list[dict[str, Any]]) -> int:
        """Count the items of which the attempt has begun."""
        known = self.story.ledger.get_many(item["drop_id"] for item in items)
        return sum(known[item["drop_id"]].attempt >= item["attempt"] for item in items)

    def begun_by(self, record: ReplayRecord) -> dict[str, tuple[datetime, datetime]]:
        """Return when the items that a replay has begun began and ended, by their drops."""
        items = {str(item["drop_id"]): item["attempt"] for item in self.items(record)}
        known = self.story.ledger.get_many(items)
        executions = {one: known[one].replay for one in items}
        own = [one for one, replay in executions.items() if replay and replay.execution == record.execution]
        spans = {}
        for drop_id in own:
            moments = [move.at for move in self.moves(drop_id) if move.attempt == items[drop_id]]
            spans[drop_id] = (moments[0], moments[-1])
        return spans

    def moves(self, drop_id: str) -> list[HistoryEntry]:
        """Return the history of a drop."""
        return history(self.story.table, drop_id)

    def newest(self, day: date) -> DropRecord:
        """Return the newest drop of a day that is no duplicate."""
        found = self.story.ledger.drops_of("sales", str(day))
        return [one for one in found if one.state is not State.DUPLICATE][-1]

    def renew(self, *days: date) -> None:
        """Send another file of each of these days."""
        for day in days:
            self.files[day] = sales_file(day, ROWS + 1, 2)
            s3, bucket = self.story.twin.session("upstream").client("s3"), self.story.twin.outputs["RawBucket"]
            s3.put_object(Bucket=bucket, Key=f"sales/{day}/sales_data.csv", Body=self.files[day].content)
        self.renewed += days


def tell(replayed: Replayed) -> None:
    """Everything that happens: afterwards the tests only look."""
    story = replayed.story
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(story.put, replayed.days))
    for part in range(1, 11):  # of hundreds of days
        story.wait(partial(have_come, story, len(replayed.days) * part // 10), "the files to be loaded", pause=2)
    story.wait(partial(all_rest, story), "the last file to be loaded", pause=2)
    replayed.rejected = {day: replayed.newest(day).id for day in story.bad}
    loosen(story.twin, replayed.folder)
    first, last = min(story.bad), max(story.bad)
    replayed.answer("loosened", "--from", str(first), "--to", str(last), "--what", "rejected", "--yes")
    stop_in_the_middle(replayed)
    resume(replayed)
    story.wait(partial(all_rest, story), "the last run to end", pause=2)
    for number, nonsense in enumerate(NONSENSE):
        replayed.start_by_hand(f"nonsense {number}", nonsense)


def loosen(twin: Twin, folder: Path) -> None:
    """Release a contract that takes what the bad files have: in each function, as a deployment puts it there."""
    shutil.copytree(ROOT / "datasets", folder / "datasets")
    contract = folder / "datasets/sales/contract.odcs.yaml"
    text = contract.read_text(encoding="utf-8")
    assert text.count(STRICT) == 1
    contract.write_text(text.replace(STRICT, LOOSE), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SUIMON_DATASETS", str(folder / "datasets"))
        assert put_contracts(twin)


def stop_in_the_middle(replayed: Replayed) -> None:
    """Replay the range; a second one is refused, new files come of its last day and of its first one, it is stopped."""
    story = replayed.story
    replayed.begin("stopped", *replayed.range_of("--yes", "--reason", "the warehouse was rebuilt"))
    story.wait(lambda: len(replayed.records()) > 1, "the replay to begin", pause=0.2)
    record = replayed.records()[-1]
    items = replayed.items(record)
    story.wait(lambda: replayed.begun(items) >= BEGUN, "some days to begin", pause=0.2)
    replayed.answer("second", *replayed.range_of("--yes"))
    replayed.start_by_hand("overlapping", {"dataset": "sales", "from": str(replayed.days[-1]), "to": str(YESTERDAY)})
    replayed.renew(replayed.days[-1], replayed.days[0])
    replayed.answer("stop", "--stop", record.id, "--reason", "the wrong month", "--json")
    replayed.end("stopped")
    story.wait(partial(all_rest, story), "what had begun to end", pause=2)


def resume(replayed: Replayed) -> None:
    """Resume what was stopped; a new file comes of a day that it has not begun, and a function is killed at work."""
    story = replayed.story
    stopped = replayed.records()[-1]
    replayed.begin("resumed", "--resume", stopped.id, "--yes")
    story.wait(lambda: len(replayed.records()) > 2, "the replay to be resumed", pause=0.2)
    items = replayed.items(replayed.records()[-1])
    replayed.renew(replayed.days[-2])
    # Nobody brings back a message whose function is killed within the time of a test.
    story.wait(partial(is_renewed, replayed, replayed.days[-2]), "the new file to be loaded", pause=0.2)
    kill_a_function_at_work(replayed)
    # A replay of hundreds of days may take longer than patience bears at once.
    for part in range(1, 11):
        enough = (len(items) - 1) * part // 10
        story.wait(partial(has_begun, replayed, items, enough), f"{enough} days to begin")
    replayed.end("resumed")


def kill_a_function_at_work(replayed: Replayed) -> None:
    """Kill intake's processes while a drop is under check, and end its lease as a quarter of an hour would.

    The state machine invokes intake again at once, which asks it to retry later while the lease lasts.
    """
    story = replayed.story
    cloud = psutil.Process(story.part("cloud").pid)

    def is_met() -> bool:
        before = {one.id: one.lease for one in story.standing_in(State.VALIDATING)}
        if not before:
            return False
        for worker in workers_of(cloud):
            worker.kill()
        time.sleep(STILL_SECONDS)  # of a function that goes on, the check ends meanwhile
        still = [one for one in story.standing_in(State.VALIDATING) if one.lease and before.get(one.id) == one.lease]
        past = stamp(datetime.now(UTC) - LEASE)
        for one in still:
            backdate(story, one.id, lease_until=past)
        replayed.killed.update(one.id for one in still)
        return bool(still)

    story.wait(is_met, "a function to be met at work", pause=0.02)


def has_begun(replayed: Replayed, items: list[dict[str, Any]], enough: int) -> bool:
    """Whether so many of the items have begun."""
    return replayed.begun(items) >= enough


def is_renewed(replayed: Replayed, day: date) -> bool:
    """Whether the new file of a day is at its end."""
    return len(replayed.story.ledger.drops_of("sales", str(day))) > 1 and replayed.newest(day).state in AT_AN_END


def have_come(story: Story, enough: int) -> bool:
    """Whether so many drops are at their end."""
    drops = story.drops()
    return len(drops) - len(on_the_way(drops)) >= enough


def all_rest(story: Story) -> bool:
    """Whether every version has a drop and no drop is on its way."""
    drops = story.drops()
    return set(looking.versions(story.twin)) == drops.keys() and not on_the_way(drops)
