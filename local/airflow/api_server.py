"""Start Airflow's API server without its audit log: run by Airflow's own Python, with the arguments of `airflow`.

On SQLite the audit log can stop the server. Two requests that come together:

    request 1, in a worker thread               request 2, on the event loop
    inserts its row: holds SQLite's one lock
                                                inserts its audit entry: waits for the lock, and the loop with it
    is done; its commit is up to the loop       (waits for request 1, until SQLite gives up after seconds)

MWAA's database is PostgreSQL, where both inserts pass each other. Nobody reads the audit log of the twin.
"""

import sys
from collections.abc import Awaitable, Callable

from airflow.__main__ import main
from airflow.api_fastapi.logging import decorators


def action_logging(event: str | None = None) -> Callable[[], Awaitable[None]]:
    """Stand in for Airflow's dependency of the same name, which every route of the public API asks for."""
    del event

    async def log_nothing() -> None:
        return

    return log_nothing


if __name__ == "__main__":
    if not callable(getattr(decorators, "action_logging", None)):
        sys.exit("This Airflow has no airflow.api_fastapi.logging.decorators.action_logging: look at this file anew.")
    decorators.action_logging = action_logging
    main()
