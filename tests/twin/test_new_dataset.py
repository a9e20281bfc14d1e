"""A dataset of one's own on a whole twin: three commands from a file to rows, then its contract changes amid files.

The story is told once; each test looks at what must be so afterwards. By day tests/twin/test_trial.py has the steps of
`dataset try`, tests/simulation/test_releases.py the order of things while a contract changes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from rich.console import Console

from local import mailbox
from local.lifecycle import up
from local.progress import Board
from local.supervisor import stop, watch
from local.trial import WAREHOUSE, try_dataset
from local.twin import variables_of
from suimon.cli.main import main
from suimon.dataset.folder import SETTING, DatasetFolder
from suimon.drops.states import AT_AN_END, State
from suimon.intake.gate import LEASE
from suimon.ledger.conditional import setting
from suimon.ledger.items import stamp
from suimon.ledger.queries import Wanted, newest_first
from suimon.warehouse.data_api import run_query
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.twin import Twin
    from suimon.drops.drop import DropRecord

pytestmark = [pytest.mark.process, pytest.mark.long]
ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 11, 20)
BEFORE = [DAY - timedelta(days=back) for back in range(1, 6)]  # sent before the change, and on their way during it
DURING = [DAY - timedelta(days=back) for back in range(6, 9)]  # sent while it is deployed
ROWS = 30
IDLE = timedelta(minutes=2)  # nobody is at a drop that has not moved for so long


@dataclass
class Story:
    """The twin, and what the commands said."""

    twin: Twin
    folder: DatasetFolder
    said: dict[str, str] = field(default_factory=dict)
    tried: dict[str, bool] = field(default_factory=dict)
    at_the_change: dict[date, State] = field(default_factory=dict)
    before_the_retry: dict[date, State] = field(default_factory=dict)
    retried: int = -1

    @property
    def ledger(self) -> Any:
        return self.twin.session().resource("dynamodb").Table(self.twin.outputs["LedgerTable"])

    def put(self, day: date) -> None:
        bucket = self.twin.outputs["RawBucket"]
        s3 = self.twin.session("upstream").client("s3")
        s3.put_object(Bucket=bucket, Key=f"orders/orders_{day:%Y%m%d}.csv", Body=content(day).encode("cp932"))

    def drops(self, day: date) -> list[DropRecord]:
        bucket = self.twin.outputs["RawBucket"]
        return list(newest_first(self.ledger, Wanted(of_key=(bucket, f"orders/orders_{day:%Y%m%d}.csv"))))

    def newest(self) -> dict[date, DropRecord]:
        return {day: found[0] for day in (DAY, *BEFORE, *DURING) if (found := self.drops(day))}

    def states(self) -> dict[date, State]:
        return {day: drop.state for day, drop in self.newest().items()}

    def wait(self, look: Any, what: str) -> None:
        def watched() -> bool:
            watch(self.twin)
            return bool(look())

        eventually(watched, what, pause=1)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        return run_query(self.twin.session().client("redshift-data"), WAREHOUSE, sql, {})


def content(day: date, header: str = "注文番号,日付,商品,数量", more: str = "") -> str:
    lines = (f"A{day:%d}{number:03},{day},緑茶,{number}{more}\r\n" for number in range(ROWS))
    return f"{header}\r\n{''.join(lines)}"


def suimon(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def decide(folder: DatasetFolder, changes: Sequence[tuple[str, str]]) -> None:
    """Change the contract as a person would."""
    text = folder.contract.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, (old, text)
        text = text.replace(old, new)
    folder.contract.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    scratch = tmp_path_factory.mktemp("own")
    datasets = scratch / "datasets"
    shutil.copytree(ROOT / "datasets" / "sales", datasets / "sales")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SETTING, str(datasets))
        twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "dataset-twin")
        try:
            for asking in mailbox.letters(twin.mail):  # one letter a topic
                mailbox.confirm(asking)
            story = Story(twin, DatasetFolder(datasets / "orders"))
            tell(story, scratch)
            yield story
        finally:
            stop(twin)
            (twin.runtime / "twin.json").unlink(missing_ok=True)


def tell(story: Story, scratch: Path) -> None:
    """Everything that happens: afterwards the tests only look."""
    file = scratch / f"orders_{DAY:%Y%m%d}.csv"
    file.write_bytes(content(DAY).encode("cp932"))
    story.said["new"] = suimon("dataset", "new", "orders", "--from", str(file))
    decide(story.folder, [("# DECIDE: ", "# ")])
    story.said["check"] = suimon("dataset", "check", "orders")
    story.tried["new"] = attempt(story, file, "new")

    for day in BEFORE:
        story.put(day)
    story.wait(lambda: State.TRIGGERED in story.states().values(), "the first run")
    change(story.folder)
    story.said["changed"] = suimon("dataset", "check", "orders", "--rewrite")
    story.at_the_change = story.states()
    for day in DURING:
        story.put(day)
    newer = scratch / f"orders_{DAY + timedelta(days=1):%Y%m%d}.csv"
    with_note = content(DAY + timedelta(days=1), "注文番号,日付,商品,数量,備考", ",急ぎ")
    newer.write_bytes(with_note.encode("cp932"))
    story.tried["changed"] = attempt(story, newer, "tried")
    find_what_was_killed(story)
    story.wait(lambda: len(story.states()) == 1 + len(BEFORE) + len(DURING), "a record of every file")
    story.wait(lambda: all_at_their_end(story), "every file to come to an end")
    story.before_the_retry = story.states()
    story.retried = retry(story)


def attempt(story: Story, file: Path, name: str) -> bool:
    console = Console(record=True, width=120)
    done = try_dataset(story.twin, console, "orders", [file], None)
    story.said[f"{name} trial"] = console.export_text()
    return bool(done["loaded"])


def change(folder: DatasetFolder) -> None:
    """Add a column that files may lack, and lengthen a text: what a migration could do around the rows."""
    column = "      - {name: note, logicalType: string, logicalTypeOptions: {maxLength: 40}, customProperties: [{property: label, value: 備考}, {property: mayBeAbsent, value: true}]}\n"  # noqa: E501 one line of YAML
    decide(folder, [("    quality:\n", f"{column}    quality:\n"), ("version: 0.1.0", "version: 0.2.0")])


def find_what_was_killed(story: Story) -> None:
    """Find, by a walk over the bucket, what a killed function had not entered yet.

    AWS lets a function that is replaced end what it does; the emulator kills it, with messages in its hands that come
    again after the queue's hour and a half.
    """
    walk: dict[str, str] | None = {}
    while walk is not None:
        walk = invoke(story, {"reconcile": {"walk": walk}})["walk"]


def all_at_their_end(story: Story) -> bool:
    """Whether every file is; what a killed function has left is found as if a quarter of an hour had passed."""
    now, left = datetime.now(UTC), [one for one in story.newest().values() if one.state not in AT_AN_END]
    idle = [one for one in left if one.state is not State.TRIGGERED and now - one.updated_at > IDLE]
    for one in idle:
        moments = ["updated_at", *(["lease_until"] if one.state is State.VALIDATING else [])]
        key = {"pk": f"drop#{one.id}", "sk": "drop"}
        story.ledger.update_item(Key=key, **setting(dict.fromkeys(moments, stamp(now - LEASE))))
    if idle:
        invoke(story, {})
    return not left


def invoke(story: Story, payload: dict[str, Any]) -> dict[str, Any]:
    client, function = story.twin.session().client("lambda"), story.twin.outputs["FreshnessFunctionName"]
    answer = client.invoke(FunctionName=function, Payload=json.dumps(payload).encode())
    result: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, result
    return result


def retry(story: Story) -> int:
    command = [
        sys.executable,
        "-c",
        "from suimon.cli.main import main; main()",
        "retry",
        "--yes",
        "--reason",
        "changed",
    ]
    environment = variables_of(story.twin, "operator") | {SETTING: os.environ[SETTING]}
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    story.said["retry"] = done.stdout + done.stderr
    return done.returncode


def test_three_commands_lead_from_a_file_to_its_rows(story: Story) -> None:
    assert story.tried["new"], story.said["new trial"]
    assert story.said["check"].startswith("orders: nothing is wrong.")
    told = story.said["new trial"]
    assert "deployed: table orders" in told
    assert f"orders: {ROWS} rows of {DAY}" in told


def test_the_changed_dataset_is_tried_in_place_and_its_table_keeps_its_rows(story: Story) -> None:
    assert story.tried["changed"], story.said["tried trial"]
    assert "deployed: table orders, with its rows" in story.said["tried trial"]
    assert f"orders: {ROWS} rows of {DAY + timedelta(days=1)}" in story.said["tried trial"]


def test_files_were_on_their_way_while_the_contract_changed(story: Story) -> None:
    assert {*story.at_the_change.values()} - {State.LOADED}, story.at_the_change


def test_every_file_has_one_record_and_what_failed_was_told(story: Story) -> None:
    assert {*story.before_the_retry} == {DAY, *BEFORE, *DURING}
    assert {*story.before_the_retry.values()} <= {State.LOADED, State.FAILED}
    letters = [letter.body for letter in mailbox.letters(story.twin.mail)]
    for day, state in story.before_the_retry.items():
        assert len(story.drops(day)) == 1
        if state is State.FAILED:
            assert any(f"Incident: run-failed:orders:{day}\n" in body for body in letters), day


def test_after_a_retry_each_file_is_loaded_once_and_none_is_lost(story: Story) -> None:
    assert story.retried == 0, story.said["retry"]
    assert story.states() == dict.fromkeys((DAY, *BEFORE, *DURING), State.LOADED)
    found = story.rows(
        "SELECT column_2 AS day, COUNT(*) AS rows, SUM(column_4) AS pieces FROM orders GROUP BY column_2"
    )
    days = [DAY + timedelta(days=1), DAY, *BEFORE, *DURING]
    assert {str(one["day"]): (one["rows"], int(one["pieces"])) for one in found} == {
        str(day): (ROWS, sum(range(ROWS))) for day in days
    }
    [noted] = story.rows("SELECT COUNT(note) AS notes FROM orders")
    assert noted["notes"] == ROWS
