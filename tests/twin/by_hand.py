"""What a person does in a story by hand: look at a run, start, fail or replay it, type a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from tests.twin.typed import typed_by

if TYPE_CHECKING:
    from click.testing import Result

    from tests.twin.story import Story


def run_state(story: Story, run: str) -> str:
    """Ask Airflow how a run is."""
    return str(in_airflow(story, f"/dags/daily_sales_etl/dagRuns/{run}")["state"])


def in_airflow(
    story: Story, path: str, method: Literal["GET", "POST", "PATCH"] = "GET", body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Ask Airflow by way of MWAA."""
    mwaa = story.twin.session().client("mwaa")
    sent: dict[str, Any] = {"Body": body} if body else {}
    told = mwaa.invoke_rest_api(Name="suimon-local", Path=path, Method=method, **sent)
    answer: dict[str, Any] = told["RestApiResponse"]
    return answer


def as_operator(story: Story, *command: str) -> Result:
    """Run `suimon` with the operator's rights and nothing else, as in a process of its own."""
    return typed_by(story.twin, "operator", *command)


def finished(story: Story, name: str) -> Any:
    """What the ledger holds of the end of a drop's run."""
    table = story.twin.session().resource("dynamodb").Table(story.twin.outputs["LedgerTable"])
    return table.get_item(Key={"pk": f"drop#{story.drops[name].id}", "sk": "drop"})["Item"]["finished"]


def replay_by_hand(story: Story, name: str) -> str:
    """Ask intake for the next attempt with a token that nobody waits for; return the state it answers."""
    record = story.ledger.get(story.drops[name].id)
    assert record
    request = {
        "drop_id": record.id,
        "attempt": record.attempt + 1,
        "task_token": "nobody waits",
        "execution": "by hand",
    }
    return str(story.invoke("IntakeFunctionName", {"replay": request})["state"])


def fail_the_run(story: Story, attempt: int) -> None:
    """Mark the run of an attempt of the good file as failed, as people do in Airflow; its closing task reports that."""
    in_airflow(story, path_of_run(story, attempt), "PATCH", {"state": "failed"})


def path_of_run(story: Story, attempt: int) -> str:
    """Return where Airflow's API has the run of an attempt of the good file."""
    return f"/dags/daily_sales_etl/dagRuns/{story.drops['good'].id}.{attempt}"
