"""The five operations of the Data API that the twin has, as functions of a request and a caller; no HTTP here."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from local.endpoints import AwsError, Caller
from local.redshift import dialect
from local.redshift.statements import ENDED, History, Part, Statement, execute
from local.redshift.targets import Names, no_secrets, target_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from local.redshift.warehouse import Warehouse

MAX_ACTIVE: Final = 200  # documentation: "Considerations when calling the Amazon Redshift Data API"
_PAGE_ROWS: Final = 1000
_PAGE_BYTES: Final = 1_000_000
_CANCEL_SECONDS: Final = 10.0


@dataclass
class DataApi:
    """The Data API over one warehouse; `read_secret` gives the text of a secret that the caller may read.

    The warehouse has no database users, so a secret's user name is taken and its password is not checked.
    """

    names: Names
    warehouse: Warehouse
    read_secret: Callable[[str], str] = no_secrets
    history: History = field(default_factory=History)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1073741825))

    def execute_statement(self, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Start one statement."""
        return self._submit(request, [request["Sql"]], caller, batch=False)

    def batch_execute_statement(self, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Start 1 to 40 statements as one transaction."""
        return self._submit(request, request["Sqls"], caller, batch=True)

    def describe_statement(self, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Return the state of a statement or of one part of a batch (`id:2`)."""
        statement, part = self._find(request["Id"], _owner(caller))
        statement.ended.wait(request.get("WaitTimeSeconds", 0))
        if part is not None:
            number = request["Id"].partition(":")[2]
            return _described_statement(statement) | _described_part(part, f"{statement.id}:{number}")
        described = _described_statement(statement) | _given(
            Id=statement.id,
            Status=statement.status,
            Error=statement.error,
            Duration=statement.duration,
            HasResultSet=statement.has_result,
            RedshiftPid=statement.pid,
        )
        if not statement.batch:
            # Of a part's own state, what describes the query; state and error are the statement's, COMMIT included.
            query = _described_part(statement.parts[0], statement.id)
            kept = ("QueryString", "ResultRows", "ResultSize", "RedshiftQueryId")
            return described | {name: query[name] for name in kept}
        return described | {
            "ExecutionMode": "TRANSACTION",
            "RedshiftQueryId": -1,
            "ResultRows": -1,
            "ResultSize": -1,
            "SubStatements": [
                _described_part(one, f"{statement.id}:{number}") for number, one in enumerate(statement.parts, start=1)
            ],
        }

    def get_statement_result(self, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Return one page of a result; pages end at 1,000 rows or about 1 MB."""
        statement, part = self._find(request["Id"], _owner(caller))
        statement.ended.wait(request.get("WaitTimeSeconds", 0))
        if part is None and not statement.batch:
            part = statement.parts[0]
        ready = statement.ended.is_set() and part is not None and part.status == "FINISHED" and part.has_result
        if (
            part is None
            or part.outcome is None
            or not ready
            or (not statement.batch and statement.status != "FINISHED")
        ):
            message = "Query does not have result. Please check query status with DescribeStatement."
            raise AwsError("ResourceNotFoundException", message, ResourceId=request["Id"])
        records = part.outcome.records
        start = end = _offset(request.get("NextToken"), request["Id"], len(records))
        size = 0
        while end < len(records) and end - start < _PAGE_ROWS and size < _PAGE_BYTES:
            size += len(json.dumps(records[end]))
            end += 1
        more = {"NextToken": _token(request["Id"], end)} if end < len(records) else {}
        return {
            "Records": records[start:end],
            "ColumnMetadata": part.outcome.metadata,
            "TotalNumRows": len(records),
        } | more

    def cancel_statement(self, request: Mapping[str, Any], caller: Caller) -> dict[str, Any]:
        """Stop a running statement and wait until it has: Status true means that it did not commit."""
        statement, part = self._find(request["Id"], _owner(caller))
        if part is not None:
            raise AwsError("ValidationException", f"Could not cancel one statement of a batch: cancel {statement.id}")
        deadline = time.monotonic() + _CANCEL_SECONDS
        while not statement.ended.is_set() and time.monotonic() < deadline:
            if statement.session is not None:
                statement.session.cancel()  # again and again: an interrupt between two queries finds nothing to stop
            statement.ended.wait(0.02)
        if statement.status == "ABORTED":
            return {"Status": True}
        if statement.status in ENDED:
            message = f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}"
            raise AwsError("ValidationException", message)
        return {"Status": False}

    def _submit(self, request: Mapping[str, Any], sqls: list[str], caller: Caller, *, batch: bool) -> dict[str, Any]:
        owner = _owner(caller)
        target = target_of(request, owner, self.names, self.read_secret)
        now = self.warehouse.now()
        statement = Statement(
            target=target,
            owner=owner,
            owner_user_id=caller.user_id,
            parts=[Part(sql, now) for sql in sqls],
            parameters=_parameters(request.get("Parameters", []), sqls),
            created=now,
            updated=now,
            batch=batch,
        )
        token = request.get("ClientToken")
        fingerprint = json.dumps({"batch": batch} | dict(request), sort_keys=True)
        try:
            statement, new = self.history.admit(statement, token, fingerprint, check=_check_active)
        except ValueError as error:
            message = f"The client token {token} was used before with other parameters."
            raise AwsError("ValidationException", message) from error
        if new:
            run = (statement, self.warehouse, self.names.database, self.numbers)
            threading.Thread(target=execute, args=run, name=f"statement-{statement.id}", daemon=True).start()
        answer = _given(
            Id=statement.id,
            CreatedAt=statement.created.timestamp(),
            Database=target.database,
            WorkgroupName=target.workgroup,
            ClusterIdentifier=target.cluster,
            DbUser=target.user,
            SecretArn=target.secret,
        )
        if "WaitTimeSeconds" in request:
            statement.ended.wait(request["WaitTimeSeconds"])
            answer |= {"Status": statement.status, "HasResultSet": statement.has_result, "RedshiftPid": statement.pid}
        return answer

    def _find(self, statement_id: str, owner: str) -> tuple[Statement, Part | None]:
        base, _, number = statement_id.partition(":")
        statement = self.history.get(base, owner)
        if statement is not None and not number:
            return statement, None
        if statement is not None and statement.batch and number.isdigit() and 1 <= int(number) <= len(statement.parts):
            return statement, statement.parts[int(number) - 1]
        raise AwsError("ResourceNotFoundException", "Query does not exist.", ResourceId=statement_id)


def _parameters(given: list[Mapping[str, str]], sqls: list[str]) -> dict[str, str]:
    """Check that parameters and SQL name the same; without any, the text goes to Redshift as it is."""
    parameters = {parameter["name"]: parameter["value"] for parameter in given}
    if len(parameters) < len(given):
        raise AwsError("ValidationException", "Parameters list contains duplicate parameters.")
    if not parameters:
        return parameters
    named = frozenset[str]().union(*(dialect.parameter_names(sql) for sql in sqls))
    if unused := sorted(set(parameters) - named):
        message = f"Parameters list contains unused parameters. Unused parameters: [{', '.join(unused)}]"
        raise AwsError("ValidationException", message)
    if missing := sorted(named - set(parameters)):
        raise AwsError("ValidationException", f"SQL contains parameters without a value: [{', '.join(missing)}]")
    return parameters


def _check_active(active: int) -> None:
    if active >= MAX_ACTIVE:
        raise AwsError(
            "ActiveStatementsExceededException", f"Active statements exceeded the allowed quota ({MAX_ACTIVE})."
        )


def _owner(caller: Caller) -> str:
    """Return who owns a statement: a user, or a role whatever its session (documentation: "Considerations …")."""
    start, middle, rest = caller.arn.partition(":assumed-role/")
    return f"{start}{middle}{rest.partition('/')[0]}" if middle else caller.arn


def _token(what: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{what} {offset}".encode()).decode()


def _offset(token: str | None, what: str, most: int) -> int:
    """Read a NextToken, which must be one that this endpoint gave for `what`."""
    if not token:
        return 0
    try:
        known, _, offset = base64.urlsafe_b64decode(token.encode()).decode().partition(" ")
        start = int(offset)
    except ValueError as error:
        raise AwsError("ValidationException", "Invalid NextToken.") from error
    if known != what or not 0 <= start <= most:
        raise AwsError("ValidationException", "Invalid NextToken.")
    return start


def _described_statement(statement: Statement) -> dict[str, Any]:
    """Return what DescribeStatement says of a statement whatever its parts."""
    return _given(
        CreatedAt=statement.created.timestamp(),
        UpdatedAt=statement.updated.timestamp() if statement.updated else None,
        Database=statement.target.database,
        WorkgroupName=statement.target.workgroup,
        ClusterIdentifier=statement.target.cluster,
        DbUser=statement.target.user,
        SecretArn=statement.target.secret,
        RedshiftPid=statement.pid,
        ResultFormat="json",
        QueryParameters=[{"name": name, "value": value} for name, value in statement.parameters.items()] or None,
    )


def _described_part(part: Part, part_id: str) -> dict[str, Any]:
    """Return SubStatementData."""
    return _given(
        Id=part_id,
        Status=part.status,
        Error=part.error,
        QueryString=part.sql,
        Duration=part.duration,
        ResultRows=part.rows,
        ResultSize=part.size,
        HasResultSet=part.has_result,
        RedshiftQueryId=part.query_id,
        CreatedAt=part.created.timestamp(),
        UpdatedAt=part.updated.timestamp() if part.updated else None,
    )


def _given(**members: Any) -> dict[str, Any]:
    """Leave out what has no value: the protocol has no null."""
    return {name: value for name, value in members.items() if value is not None}
