"""Statements as the API's answers show them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.redshift.statements import Part, Statement


def described_statement(statement: Statement) -> dict[str, Any]:
    """Give what DescribeStatement says of a statement whatever its parts."""
    return given(
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


def described_part(part: Part, part_id: str) -> dict[str, Any]:
    """Give SubStatementData."""
    return given(
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


def listed(statement: Statement) -> dict[str, Any]:
    """Give StatementData, as ListStatements has it."""
    texts = [part.sql for part in statement.parts]
    return given(
        Id=statement.id,
        Status=statement.status,
        StatementName=statement.name or None,
        CreatedAt=statement.created.timestamp(),
        UpdatedAt=statement.updated.timestamp() if statement.updated else None,
        IsBatchStatement=statement.batch,
        QueryString=None if statement.batch else texts[0],
        QueryStrings=texts if statement.batch else None,
        QueryParameters=[{"name": name, "value": value} for name, value in statement.parameters.items()] or None,
        ResultFormat="json",
    )


def given(**members: Any) -> dict[str, Any]:
    """Leave out what has no value: the protocol has no null."""
    return {name: value for name, value in members.items() if value is not None}
