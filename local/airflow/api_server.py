"""Start Airflow's API server for this machine only, without its audit log, by Airflow's own Python.

Every request to it is an administrator's, so no page of a browser may send one: see local/same_machine.py.

On SQLite the audit log can stop the server. Two requests that come together:

    request 1, in a worker thread               request 2, on the event loop
    inserts its row: holds SQLite's one lock
                                                inserts its audit entry: waits for the lock, and the loop with it
    is done; its commit is up to the loop       (waits for request 1, until SQLite gives up after seconds)

MWAA's database is PostgreSQL, where both inserts pass each other. Nobody reads the audit log of the twin.
"""

import importlib.util
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from airflow.__main__ import main
from airflow.api_fastapi import app as api
from airflow.api_fastapi.logging import decorators


def action_logging(event: str | None = None) -> Callable[[], Awaitable[None]]:
    """Stand in for Airflow's dependency of the same name, which every route of the public API asks for."""
    del event

    async def log_nothing() -> None:
        return

    return log_nothing


def guard() -> None:
    """Put the check of Host and Origin in front of the application that Airflow makes."""
    # By its path: nothing else of the project may be found by Airflow's imports.
    spec = importlib.util.spec_from_file_location("same_machine", Path(__file__).parents[1] / "same_machine.py")
    assert spec is not None  # noqa: S101 the file is there
    assert spec.loader is not None  # noqa: S101 as above
    same_machine = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(same_machine)
    create = api.create_app

    def create_guarded(*arguments: Any, **named: Any) -> Any:
        made = create(*arguments, **named)
        made.add_middleware(same_machine.only_from_this_machine)
        return made

    api.create_app = create_guarded


if __name__ == "__main__":
    if not callable(getattr(api, "create_app", None)):
        sys.exit("This Airflow has no airflow.api_fastapi.app.create_app: look at this file again.")
    guard()
    if not callable(getattr(decorators, "action_logging", None)):
        sys.exit("This Airflow has no airflow.api_fastapi.logging.decorators.action_logging: look at this file again.")
    decorators.action_logging = action_logging
    main()
