"""A table's change: what loses nothing is planned, whatever Redshift cannot do is refused with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from suimon.cli.main import main
from suimon.warehouse.migration import Migration, TableColumn, declared, from_catalog, normal_type, plan_migration
from tests.datasets import release

ID, NAME = TableColumn("id", "BIGINT", required=True), TableColumn("name", "VARCHAR(40)", required=False)


def test_a_table_as_declared_needs_nothing() -> None:
    assert plan_migration("t", [ID, NAME], [ID, NAME]) == Migration("t")


def test_the_order_of_columns_does_not_matter() -> None:
    assert plan_migration("t", [NAME, ID], [ID, NAME]) == Migration("t")


def test_a_column_that_may_be_missing_is_added_and_a_text_made_longer() -> None:
    longer, new = TableColumn("name", "VARCHAR(80)", required=False), TableColumn("n", "INTEGER", required=False)
    assert plan_migration("t", [ID, NAME], [ID, new, longer]).statements == (
        "ALTER TABLE t ADD COLUMN n INTEGER",
        "ALTER TABLE t ALTER COLUMN name TYPE VARCHAR(80)",
    )


@pytest.mark.parametrize(
    ("there", "wanted", "why"),
    [
        ([], [TableColumn("n", "INTEGER", required=True)], "n INTEGER NOT NULL cannot be added"),
        (
            [TableColumn("n", "DECIMAL(12, 2)", required=False)],
            [TableColumn("n", "DECIMAL(14, 2)", required=False)],
            "changes no type but the length of a VARCHAR",
        ),
        (
            [TableColumn("n", "INTEGER", required=False)],
            [TableColumn("n", "BIGINT", required=False)],
            "changes no type but the length of a VARCHAR",
        ),
        (
            [TableColumn("n", "VARCHAR(4)", required=False, encoding="text255")],
            [TableColumn("n", "VARCHAR(8)", required=False)],
            "is encoded as TEXT255",
        ),
        (
            [TableColumn("n", "VARCHAR(4)", required=False, default="'x'")],
            [TableColumn("n", "VARCHAR(8)", required=False)],
            "has a default",
        ),
        (
            [TableColumn("n", "DATE", required=True)],
            [TableColumn("n", "DATE", required=False)],
            "Redshift takes no NOT NULL away",
        ),
        ([TableColumn("n", "DATE", required=True)], [], "so that every load would fail"),
    ],
)
def test_what_redshift_does_not_do_or_would_lose_something_is_refused(
    there: list[TableColumn], wanted: list[TableColumn], why: str
) -> None:
    plan = plan_migration("t", [ID, *there], [ID, *wanted])
    assert plan.statements == ()
    (refusal,) = plan.refused
    assert why in refusal


def test_nothing_is_made_shorter_and_no_column_dropped() -> None:
    plan = plan_migration(
        "t", [NAME, TableColumn("old", "DATE", required=False)], [TableColumn("name", "VARCHAR(9)", required=False)]
    )
    assert (plan.statements, plan.refused, len(plan.notes)) == ((), (), 2)


@pytest.mark.parametrize(
    ("catalog", "declared_type"),
    [
        ("character varying(256)", "VARCHAR(256)"),
        ("numeric(12,2)", "DECIMAL(12, 2)"),
        ("timestamp without time zone", "TIMESTAMP"),
        ("integer", "INTEGER"),
        ("boolean", "BOOLEAN"),
    ],
)
def test_a_type_of_the_catalog_is_read_as_it_was_declared(catalog: str, declared_type: str) -> None:
    assert normal_type(catalog) == declared_type


class Answers:
    """A Data API that knows the columns of tables, and records each statement, sent by itself."""

    def __init__(self, tables: dict[str, list[TableColumn]]) -> None:
        self.tables, self.sent, self.last = tables, list[str](), ""

    def execute_statement(self, **request: Any) -> dict[str, str]:
        if request["Sql"].startswith("--") and "Parameters" in request:
            self.last = next(one["value"] for one in request["Parameters"] if one["name"] == "table")
        else:
            self.sent.append(request["Sql"])
        return {"Id": "1"}

    def describe_statement(self, **_: Any) -> dict[str, str]:
        return {"Status": "FINISHED"}

    def get_statement_result(self, **_: Any) -> dict[str, Any]:
        names = ("column_name", "data_type", "is_nullable", "encoding", "column_default")
        rows = [
            [
                column.name,
                column.type.lower().replace("varchar", "character varying"),
                "NO" if column.required else "YES",
            ]
            for column in self.tables.get(self.last, [])
        ]
        records = [[*({"stringValue": cell} for cell in row), {"stringValue": "lzo"}, {"isNull": True}] for row in rows]
        return {"ColumnMetadata": [{"name": name, "typeName": "varchar"} for name in names], "Records": records}


SALES = declared(release().tables["sales_fact"])


def migrate(monkeypatch: pytest.MonkeyPatch, there: list[TableColumn], *options: str) -> tuple[Result, list[str]]:
    answers = Answers({"sales_fact": there})
    monkeypatch.setattr("boto3.client", lambda _service: answers)
    monkeypatch.chdir(Path(__file__).resolve().parents[3])
    done = CliRunner().invoke(main, ["warehouse", "migrate", "sales", *options])
    return done, answers.sent


def without(name: str, **changes: Any) -> list[TableColumn]:
    return [
        TableColumn(one.name, changes.get("type", one.type), one.required) if one.name == name else one
        for one in SALES
        if one.name != name or changes
    ]


def test_the_command_sends_each_statement_by_itself_and_nothing_where_all_is_as_declared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done, sent = migrate(monkeypatch, without("product_name", type="VARCHAR(100)"), "--yes")
    assert sent == ["ALTER TABLE sales_fact ALTER COLUMN product_name TYPE VARCHAR(1600)"]
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, f"done: {sent[0]}")
    done, sent = migrate(monkeypatch, SALES, "--yes")
    assert (done.exit_code, sent, done.output) == (0, [], "sales_fact: is as declared\n")


def test_a_refusal_leaves_the_whole_table_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    there = [one for one in without("product_name", type="VARCHAR(100)") if one.name != "quantity"]
    done, sent = migrate(monkeypatch, there, "--yes")
    assert (done.exit_code, sent) == (1, [])
    assert "refused: quantity INTEGER NOT NULL cannot be added" in done.output


@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_nobody_who_agrees_is_nothing_sent(monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]) -> None:
    done, sent = migrate(monkeypatch, without("product_name", type="VARCHAR(100)"), *options)
    assert (done.exit_code, sent) == (1, [])
    assert "Nothing was sent." in done.output


def test_a_table_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = migrate(monkeypatch, [])
    assert (done.exit_code, done.output) == (1, "sales_fact is not there: suimon warehouse create\n")


def test_the_catalog_is_read_column_by_column() -> None:
    row = {
        "column_name": "n",
        "data_type": "numeric(4,1)",
        "is_nullable": "NO",
        "encoding": "none",
        "column_default": None,
    }
    assert list(from_catalog([row])) == [TableColumn("n", "DECIMAL(4, 1)", required=True)]
