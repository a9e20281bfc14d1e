"""Every metric on every type of column, asked of the twin's Redshift: no error, and the figure of the gate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from suimon_etl import quality
from suimon_etl.request import RunRequest
from suimon_etl.tables import Column, PartitionColumn, Table
from tests.dags.redshift_hook import hook
from tests.twin.redshift_server import Endpoint, endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator

DECLARED = {
    "string": "VARCHAR(20)",
    "integer": "INTEGER",
    "decimal": "DECIMAL(12, 2)",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
}
# Three values of each type, of which two are the same.
VALUES = {
    "string": ("'x'", "'x'", "''"),
    "integer": ("1", "1", "-1"),
    "decimal": ("1.50", "1.50", "-1"),
    "date": ("'2026-11-20'", "'2026-11-20'", "'1900-01-01'"),
    "timestamp": ("'2026-11-20 10:00:00'", "'2026-11-20 10:00:00'", "'1900-01-01 00:00:00'"),
    "boolean": ("true", "true", "false"),
}
# As people write them: the empty text, words for nothing, and what is a value of some types.
MISSING = ("", "N/A", "-1", "1900/01/01", "いいえ")
METRICS: dict[str, dict[str, Any]] = {
    "rowCount": {"columns": []},
    "nullValues": {},
    "missingValues": {"values": MISSING},
    "invalidValues": {"values": ("x", "", "1", "2026/11/20")},
    "duplicateValues": {},
}


@pytest.fixture(scope="module")
def redshift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with endpoint(tmp_path_factory.mktemp("redshift")) as running:
        for kind, declared in DECLARED.items():
            assert running.run(f"CREATE TABLE of_{kind} (day DATE, a {declared})").get("Error") is None
            rows = ", ".join(f"('2026-11-20', {value})" for value in (*VALUES[kind], "NULL"))
            assert running.run(f"INSERT INTO of_{kind} VALUES {rows}").get("Error") is None  # noqa: S608 ours
        yield running


def asked(redshift: Endpoint, conf: dict[str, Any], table: Table, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the figure of each check by its name, from the query that the DAG sends."""
    monkeypatch.setattr(quality, "table_named", lambda _name: table)
    figures = quality.partition_figures(hook(redshift.client()), table.name, RunRequest.from_params(conf))
    return {check.name: figures[f"check_{number}"] for number, check in enumerate(quality.checks(table))}


def table_of_one(column: Column, *metrics: dict[str, Any]) -> Table:
    return Table(
        "d",
        "d_etl",
        "1",
        f"of_{column.type}",
        (column,),
        "",
        (PartitionColumn("day", "date", "partition", in_file=False),),
        (),
        metrics,
    )


@pytest.mark.parametrize("kind", DECLARED)
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_can_be_asked_of_every_type(
    redshift: Endpoint, conf: dict[str, Any], kind: str, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"name": metric, "columns": ["a"], "maximum": "9"} | METRICS[metric]
    found = asked(redshift, conf, table_of_one(Column("a", DECLARED[kind], kind), one), monkeypatch)

    of_text = {"missingValues": {"a missing": 2}, "invalidValues": {"a not among its values": 0}}
    of_all = {"rowCount": {"rows": 4}, "nullValues": {"a missing": 1}, "duplicateValues": {"repeated a": 1}}
    assert found == (of_all | (of_text if kind == "string" else {})).get(metric, {})


@pytest.mark.parametrize("kind", DECLARED)
def test_every_rule_can_be_asked_of_every_type(
    redshift: Endpoint, conf: dict[str, Any], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = {"integer": "0", "decimal": "0.5", "date": "2000-01-01", "timestamp": "2000-01-01T00:00:00"}.get(kind)
    column = Column("a", DECLARED[kind], kind, required=True, allowed=("x", "1", "1,5", "2026/11/20"), minimum=bound)
    found = asked(redshift, conf, table_of_one(column), monkeypatch)

    expected = {"a missing": 1}
    if kind == "string":
        expected["a not among its values"] = 1  # the empty text
    if kind in quality.BOUNDED:
        expected[f"a beyond its minimum {bound}"] = 1
    assert found == expected


# Precision and scale of every shape: no fraction, much of it, nothing else, and all digits that there are.
DIGITS = [
    (1, 0),
    (12, 2),
    (20, 12),
    (18, 18),
    (28, 0),
    (29, 0),
    (29, 1),
    (38, 0),
    (38, 10),
    (38, 11),
    (38, 20),
    (38, 38),
]


@pytest.mark.parametrize(("precision", "scale"), DIGITS)
def test_a_bound_is_compared_to_the_last_digit_of_the_column(
    redshift: Endpoint, conf: dict[str, Any], precision: int, scale: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = f"{'9' * (precision - scale) or '0'}.{'9' * scale}".rstrip(".")
    below = largest[:-1] + "8"
    declared, name = f"DECIMAL({precision}, {scale})", f"digits_{precision}_{scale}"
    assert redshift.run(f"CREATE TABLE {name} (day DATE, a {declared} NOT NULL)").get("Error") is None
    rows = f"('2026-11-20', {largest}), ('2026-11-20', -{largest})"
    assert redshift.run(f"INSERT INTO {name} VALUES {rows}").get("Error") is None  # noqa: S608 ours

    for bound, beyond in ((largest, 0), (below, 1)):
        column = Column("a", f"{declared} NOT NULL", "decimal", scale, minimum=f"-{bound}", maximum=bound)
        table = Table(
            "d",
            "d_etl",
            "1",
            name,
            (column,),
            "",
            (PartitionColumn("day", "date", "partition", in_file=False),),
            (),
            (),
        )
        found = asked(redshift, conf, table, monkeypatch)
        assert found == {f"a beyond its minimum -{bound}": beyond, f"a beyond its maximum {bound}": beyond}


@pytest.mark.parametrize(("declared", "bits"), [("INTEGER", 32), ("BIGINT", 64)])
def test_the_bounds_of_a_whole_number_may_be_its_type_s(
    redshift: Endpoint, conf: dict[str, Any], declared: str, bits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = (1 << (bits - 1)) - 1
    assert redshift.run(f"CREATE TABLE bits_{bits} (day DATE, a {declared})").get("Error") is None
    assert redshift.run(f"INSERT INTO bits_{bits} VALUES ('2026-11-20', {most})").get("Error") is None  # noqa: S608 ours
    column = Column("a", declared, "integer", 0, minimum=str(-most - 1), maximum=str(most))
    table = Table(
        "d",
        "d_etl",
        "1",
        f"bits_{bits}",
        (column,),
        "",
        (PartitionColumn("day", "date", "partition", in_file=False),),
        (),
        (),
    )
    assert set(asked(redshift, conf, table, monkeypatch).values()) == {0}
