"""A whole twin under fault: 500 files sent twice while a function is killed and Airflow is away (60 by day).

What would take Spark an hour, a light DAG does in its stead (`light_dag/`): real runs in real Airflow, the project's
own SQL in one transaction through the real Data API, the project's own closing event.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from bench.burst import looking
from local import mailbox
from local.lifecycle import up
from local.progress import Board
from local.supervisor import stop
from suimon.drops.states import State
from suimon.ledger.drops import Ledger
from suimon.ledger.queries import history
from suimon.warehouse.data_api import run_query
from tests.datasets import DATASETS, table_of
from tests.twin.fault_story import BAD, ROOT, ROWS, WAREHOUSE, Story, files, runs_of, take_the_light_dag, tell
from tests.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.burst.figures import Run, Taken

pytestmark = pytest.mark.long
FILES, FILES_BY_NIGHT = 60, 500


@pytest.fixture(scope="module")
def story(request: pytest.FixtureRequest) -> Iterator[Story]:
    twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "fault-twin")
    story = Story(twin, *files(FILES_BY_NIGHT if request.config.getoption("--long") else FILES))
    try:
        for asking in mailbox.letters(twin.mail):  # one letter a topic
            mailbox.confirm(asking)
        take_the_light_dag(story)
        tell(story)
        yield story
    finally:
        stop(story.twin)
        (twin.runtime / "twin.json").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def drops(story: Story) -> dict[str, Taken]:
    return story.drops()


@pytest.fixture(scope="module")
def runs(story: Story) -> list[Run]:
    return runs_of(story)


def test_every_version_has_a_record_and_every_record_is_at_its_end(story: Story, drops: dict[str, Taken]) -> None:
    assert set(looking.versions(story.twin)) == drops.keys()
    states = Counter(drop.state for drop in drops.values())
    good = len(story.files) - BAD
    # A bad file that comes again, after its first was rejected, is a new try, and rejected like that.
    assert BAD <= states[State.REJECTED] <= 2 * BAD, states
    assert states == Counter(
        {
            State.LOADED: good,
            State.REJECTED: states[State.REJECTED],
            State.DUPLICATE: good + 2 * BAD - states[State.REJECTED],
        }
    )


def test_each_day_is_loaded_once_and_every_bad_day_rejected(story: Story) -> None:
    table = story.twin.session().resource("dynamodb").Table(story.twin.outputs["LedgerTable"])
    ledger = Ledger(table)
    for day in story.files:
        of_day = Counter(record.state for record in ledger.drops_of("sales", str(day)))
        if day in story.bad:
            assert of_day.keys() <= {State.REJECTED, State.DUPLICATE}, day
            assert of_day[State.REJECTED], day
        else:
            assert of_day == {State.LOADED: 1, State.DUPLICATE: 1}, day


def test_airflow_ran_each_loaded_drop_once(drops: dict[str, Taken], runs: list[Run]) -> None:
    loaded = [f"{drop_id}.1" for drop_id, drop in drops.items() if drop.state is State.LOADED]
    assert sorted(run.id for run in runs) == sorted(loaded)
    assert {run.state for run in runs} == {"success"}


def test_the_table_holds_every_good_file_and_nothing_else(story: Story) -> None:
    sql = "SELECT order_date AS day, COUNT(*) AS orders, SUM(amount) AS amount FROM sales_fact GROUP BY order_date"
    rows = run_query(story.twin.session().client("redshift-data"), WAREHOUSE, sql, {})
    held = {str(row["day"]): (row["orders"], str(row["amount"])) for row in rows}
    good = {day: file for day, file in story.files.items() if day not in story.bad}
    assert held == {str(day): (file.rows, str(file.amount)) for day, file in good.items()}


def test_the_load_log_has_one_line_a_loaded_drop(story: Story, drops: dict[str, Taken]) -> None:
    sql = "SELECT drop_id, attempt, row_count FROM sales_fact_loads"
    rows = run_query(story.twin.session().client("redshift-data"), WAREHOUSE, sql, {})
    loaded = [(drop_id, 1, ROWS) for drop_id, drop in drops.items() if drop.state is State.LOADED]
    assert sorted((row["drop_id"], row["attempt"], row["row_count"]) for row in rows) == sorted(loaded)


def test_people_hear_of_each_rejected_file_and_else_of_the_outage_alone(story: Story, drops: dict[str, Taken]) -> None:
    letters = [letter for letter in mailbox.letters(story.twin.mail) if letter.kind == "Notification"]
    told = Counter(incident_of(letter) for letter in letters)
    rejected = Counter(
        f"rejected:{record.drop.key}"
        for record in story.ledger.get_many(drops).values()
        if record.state is State.REJECTED
    )
    # The warehouse of this twin has no other table with rows in it; the sweep's round says so.
    explained = ("mwaa-", *(f"stale-table:{table_of(dataset)}" for dataset in DATASETS if dataset != "sales"))
    others = {incident: count for incident, count in told.items() if incident not in rejected}
    # The same bad bytes again are no news: whoever was told of the first hears of them later, when they stay.
    assert not {incident: told[incident] for incident in rejected if not 1 <= told[incident] <= rejected[incident]}
    assert not [incident for incident in others if not incident.startswith(explained)], others


def test_nothing_is_left_in_the_queues_but_the_message_of_the_killed_function(story: Story) -> None:
    assert looking.waiting_messages(story.twin, "IntakeDeadLetterQueueUrl") == 0
    eventually(lambda: looking.waiting_messages(story.twin, "IntakeQueueUrl") == 1, "the end of all others")


def test_the_drop_of_the_killed_function_was_taken_over_by_another(story: Story) -> None:
    assert story.killed
    moves = history(story.table, story.killed.id)
    checks = [move.by for move in moves if move.state is State.VALIDATING]
    assert len(checks) == len(set(checks)) > 1
    assert moves[-1].state is State.LOADED


def incident_of(letter: mailbox.Letter) -> str:
    """Which incident a letter is about, by its line; its subject when it has none."""
    lines = (line.removeprefix("Incident: ") for line in letter.body.splitlines() if line.startswith("Incident: "))
    return next(lines, letter.subject)
