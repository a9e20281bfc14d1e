"""What a check-up of a stack asks Airflow, by the rights that freshness and outcome have there: version and DAGs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from suimon.mwaa.airflow import NOT_FOUND
from suimon.mwaa.pace import BusyError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from suimon.mwaa.airflow import Airflow

OK = 200
RELEASE = "release "  # the tag of a DAG begins so: dags/suimon_etl/release.py


def look(airflow: Airflow, dag_ids: Iterable[str]) -> dict[str, Any]:
    """Return {"version": …, "dags": {id: {…}}}; in the place of what could not be asked stands {"error": why}."""
    version = _ask(airflow, "/version")
    return {
        "version": version.get("version", version),
        "dags": {dag_id: _dag(airflow, dag_id) for dag_id in dag_ids},
    }


def _dag(airflow: Airflow, dag_id: str) -> dict[str, Any]:
    found = _ask(airflow, f"/dags/{dag_id}")
    wanted = ("is_paused", "is_stale", "has_import_errors", "error", "status")
    names = [str(tag.get("name")) for tag in found.get("tags") or [] if isinstance(tag, dict)]
    release = [name.removeprefix(RELEASE) for name in names if name.startswith(RELEASE)]
    return {name: found[name] for name in wanted if name in found} | ({"release": release[0]} if release else {})


def _ask(airflow: Airflow, path: str) -> dict[str, Any]:
    try:
        answer = airflow.call("GET", path)
    except (ClientError, BotoCoreError, BusyError) as error:
        return {"error": str(error)}
    if answer.status == OK and isinstance(answer.body, dict):
        return answer.body
    told = "not there" if answer.status == NOT_FOUND else f"Airflow answers {answer.status}: {answer.body}"
    return {"error": told, "status": answer.status}
