"""A person holds a dataset and takes files back, on a whole twin: real Airflow, Spark and SQL do what the ledger says.

A twin of its own. The story is told once: a day is loaded and corrected, the correction is taken back, then the day
itself; a file waits for a hold, and one is taken back while it waits. Each test looks at one thing of it. By day the
simulation plays the same, and tests/dags loads what a retraction leaves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from local import mailbox
from local.demo.sales import sales_file
from local.lifecycle import up
from local.progress import Board
from local.supervisor import stop
from suimon.drops.states import State
from tests.twin.by_hand import as_operator
from tests.twin.story import DAY_BEFORE, LAST_DUE, ROOT, Story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

pytestmark = pytest.mark.long
ROWS, FEWER = 40, 30


@dataclass
class Taken:
    """The twin, what `suimon` answered, and what stood in the table after each step."""

    story: Story
    answers: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, tuple[int, Decimal | None]] = field(default_factory=dict)
    waiting: State | None = None

    def command(self, name: str, *words: str) -> None:
        """Run `suimon` as the operator and keep its answer."""
        result = as_operator(self.story, *words, "--json")
        assert result.exit_code == 0, result.output
        self.answers[name] = json.loads(result.stdout)

    def retract(self, name: str) -> None:
        """Take a drop back and see its run to its end."""
        self.command(name, "retract", self.story.drops[name].id, "--reason", "the prices are wrong")
        self.story.wait_for(name, State.RETRACTED)
        self.look(f"{name} taken back")

    def look(self, name: str) -> None:
        """Keep how many rows of the day stand in the table, and their sum."""
        sql = "SELECT COUNT(*) AS orders, SUM(amount) AS amount FROM sales_fact WHERE order_date = CAST(:day AS DATE)"
        [row] = self.story.ask(sql, day=LAST_DUE)
        self.tables[name] = row["orders"], row["amount"]


def tell(taken: Taken) -> None:
    """Play the story, and keep what is seen after each step."""
    story = taken.story
    for name, rows in (("first", ROWS), ("correction", FEWER)):
        story.put(name, sales_file(LAST_DUE, rows, seed=rows).content)
        story.wait_for(name, State.LOADED)
        taken.look(name)
    taken.retract("correction")
    taken.retract("first")
    taken.command("hold", "hold", "sales", "--reason", "the month is being closed")
    story.put("held", sales_file(LAST_DUE, ROWS, seed=3).content)
    story.put("regretted", sales_file(DAY_BEFORE, ROWS, seed=4).content, DAY_BEFORE)
    for name in ("held", "regretted"):
        story.wait_for(name, State.ACCEPTED)
    story.invoke("FreshnessFunctionName", {})
    taken.waiting = story.moves("held")[-1].state
    taken.command("regretted", "retract", story.drops["regretted"].id, "--reason", "of another shop")
    taken.command("release", "release", "sales")
    story.wait_for("held", State.LOADED)
    taken.look("held")


@pytest.fixture(scope="module")
def taken() -> Iterator[Taken]:
    twin, _ = up(ROOT, Board(Console()), ROOT / ".suimon" / "taken-twin")
    try:
        for asking in mailbox.letters(twin.mail):  # one letter a topic
            mailbox.confirm(asking)
        found = Taken(Story(twin, sales_file(LAST_DUE, ROWS, seed=1)))
        tell(found)
        yield found
    finally:
        stop(twin)


def test_what_a_correction_replaced_is_loaded_again_when_it_is_taken_back(taken: Taken) -> None:
    assert [taken.tables[name][0] for name in ("first", "correction", "correction taken back")] == [ROWS, FEWER, ROWS]
    assert taken.tables["correction taken back"] == taken.tables["first"]
    assert taken.answers["correction"]["restores"] == taken.story.drops["first"].id


def test_a_day_that_had_nothing_before_is_emptied(taken: Taken) -> None:
    assert taken.answers["first"]["restores"] == ""
    assert taken.tables["first taken back"] == (0, None)


def test_a_retraction_is_a_run_of_its_own_and_an_end(taken: Taken) -> None:
    for name in ("correction", "first"):
        states = [move.state for move in taken.story.moves(name) if move.attempt == 2]
        assert states == [State.ACCEPTED, State.TRIGGERED, State.RETRACTED]


def test_what_is_held_waits_and_is_loaded_when_somebody_releases_it(taken: Taken) -> None:
    assert taken.waiting is State.ACCEPTED
    assert taken.answers["release"]["sent"] == 1
    assert taken.tables["held"][0] == ROWS


def test_a_file_that_is_taken_back_before_its_run_never_gets_one(taken: Taken) -> None:
    assert taken.answers["regretted"]["state"] == State.CLOSED
    states = [move.state for move in taken.story.moves("regretted")]
    assert states == [State.RECEIVED, State.VALIDATING, State.ACCEPTED, State.CLOSED]


def test_people_hear_of_the_hold_and_of_its_end(taken: Taken) -> None:
    told, over = taken.story.letters("held:sales")
    assert told.subject.startswith("[WARNING] sales is held")
    assert over.subject.startswith("[RECOVERED]")
