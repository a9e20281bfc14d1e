"""The Data API over a table of newest values; moto's never finishes a statement."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

ROWS = 3
_LOCKS = "its locks"


class Redshift:
    """What the query for a table's newest value answers, by table.

    A date or a datetime: the newest value. None: every row's is NULL. "empty": no rows. "STARTED" or "SUBMITTED": the
    statement stands there for good; "LOCKED": so it does, for it waits for a lock. Another text: the error it ends
    with. An exception: what asking raises. The process of a statement has its number. about_locks: what asking for
    locks ends with; None: with the truth.
    """

    def __init__(self, **newest: object) -> None:
        self.newest = newest
        self.requests: list[dict[str, Any]] = []
        self.cancelled: list[str] = []
        self.about_locks: object = None

    def asked(self) -> list[str]:
        """Return the tables that were asked, and forget them."""
        tables = [self._table(number) for number in range(len(self.requests)) if self.requests[number]]
        self.requests = [{} for _ in self.requests]
        return tables

    def execute_statement(self, **request: Any) -> Any:
        if "svv_transactions" in request["Sql"]:
            if isinstance(self.about_locks, Exception):
                raise self.about_locks
            [pid] = request["Parameters"]
            assert f":{pid['name']}" in request["Sql"]
            return {"Id": f"{pid['value']} {_LOCKS}"}
        self.requests.append(request)
        return {"Id": f"{len(self.requests) - 1} {self._table(-1)}"}

    def describe_statement(self, **request: Any) -> Any:
        if request["Id"].endswith(_LOCKS):
            return {"Status": self.about_locks or "FINISHED"}
        answer = self._answer(request["Id"])
        if isinstance(answer, Exception):
            raise answer
        if answer in ("STARTED", "SUBMITTED", "LOCKED"):
            status = "STARTED" if answer == "LOCKED" else answer
            return {"Status": status, "RedshiftPid": int(request["Id"].split()[0])}
        if isinstance(answer, str) and answer != "empty":
            return {"Status": "FAILED", "Error": answer}
        return {"Status": "FINISHED"}

    def cancel_statement(self, **request: Any) -> Any:
        self.cancelled.append(request["Id"].split()[1])
        return {"Status": True}

    def get_statement_result(self, **request: Any) -> Any:
        if request["Id"].endswith(_LOCKS):
            waits = self.newest[self._table(int(request["Id"].split()[0]))] == "LOCKED"
            columns = [{"name": "waiting", "typeName": "int8"}]
            return {"ColumnMetadata": columns, "Records": [[{"longValue": int(waits)}]]}
        answer = self._answer(request["Id"])
        cell, name = _cell(answer)
        columns = [{"name": "newest", "typeName": name}, {"name": "row_count", "typeName": "int8"}]
        return {"ColumnMetadata": columns, "Records": [[cell, {"longValue": 0 if answer == "empty" else ROWS}]]}

    def _table(self, number: int) -> str:
        found = re.search(r"FROM (\w+)", self.requests[number]["Sql"])
        assert found
        return found[1]

    def _answer(self, statement_id: str) -> object:
        return self.newest[statement_id.split()[1]]


def _cell(answer: object) -> tuple[Mapping[str, object], str]:
    if isinstance(answer, datetime):
        return {"stringValue": answer.isoformat(sep=" ")}, "timestamptz" if answer.tzinfo else "timestamp"
    if isinstance(answer, date):
        return {"stringValue": answer.isoformat()}, "date"
    return ({"isNull": True}, "date") if answer in (None, "empty") else ({"longValue": answer}, "int8")
