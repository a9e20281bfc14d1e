"""How fast all functions together may ask Airflow: one queue of time slots, kept in the ledger's table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from suimon.ledger.conditional import RefusedError, write_if

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from mypy_boto3_dynamodb.service_resource import Table

# MWAA takes ten requests a second of an environment; one is left to people and to whatever else asks it.
REQUESTS_PER_SECOND = 9
STEP = 1000 // REQUESTS_PER_SECOND + 1  # milliseconds from one request to the next
# Longer than the queue of all functions at their default concurrency; a request that would wait longer is retried.
PATIENCE = 10_000  # milliseconds
# No slot that a correct clock has taken lies further ahead than PATIENCE and what clocks differ by.
BEYOND_BELIEF = 3 * PATIENCE


class BusyError(Exception):
    """The queue is too long: retry later."""


class Pace:
    """A queue of requests: `pk` = `pace#<environment>`, `free_at` = the next free slot in milliseconds.

        function A, at 1000                     function B, at 1010
        free_at < 1000: takes 1000, free_at = 1112
                                                free_at < 1010: refused (mark: slot-is-taken)
                                                adds 112, takes 1112, free_at = 1224
                                                sleeps 102 ms, asks

    A function that crashes wastes one slot. A clock that runs far ahead cannot block the queue: see BEYOND_BELIEF.
    """

    def __init__(
        self, table: Table, environment: str, clock: Callable[[], datetime], sleep: Callable[[float], None]
    ) -> None:
        self._table = table
        self._key = {"pk": f"pace#{environment}", "sk": "pace"}
        self._clock = clock
        self._sleep = sleep

    def wait(self) -> None:
        """Sleep until it is this request's turn; BusyError when that would take more than PATIENCE."""
        now = int(self._clock().timestamp() * 1000)
        values = {":next": now + STEP, ":now": now, ":beyond": now + BEYOND_BELIEF}
        nobody = "attribute_not_exists(free_at) OR free_at < :now OR free_at > :beyond"
        if self._update("SET free_at = :next", nobody, values) is not None:
            return
        values = {":step": STEP, ":latest": now + PATIENCE}
        free_at = self._update("SET free_at = free_at + :step", "free_at < :latest", values)
        if free_at is None:
            raise BusyError(f"more than {PATIENCE // 1000} seconds of requests to Airflow are queued")
        self._sleep(max(0, free_at - STEP - now) / 1000)

    def _update(self, update: str, condition: str, values: dict[str, Any]) -> int | None:
        """Return the new `free_at`, or None when the condition does not hold."""
        try:
            answer = write_if(
                condition,
                self._table.update_item,
                Key=self._key,
                UpdateExpression=update,
                ExpressionAttributeValues=values,
                ReturnValues="UPDATED_NEW",
            )
        except RefusedError:
            return None  # mark: slot-is-taken
        return int(answer["Attributes"]["free_at"])
