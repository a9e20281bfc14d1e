"""Columns: every rule of a property reaches the compiled form; one that no cell could keep is refused."""

from collections.abc import Callable

import pytest

from suimon.contract.file import Column
from suimon.contract.model import Contract

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

FIRST = "name: first, logicalType: string"
CP932 = "encoding: cp932, delimiter: ',', quote: '', header: true, nullTokens: ['', NA]"


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "string, required: true, unique: true, classification: confidential",
            Column("a", "string", required=True, unique=True, personal=True),
        ),
        (
            "string, logicalTypeOptions: {minLength: 1, maxLength: 9, pattern: '^[A-Z]+$'}",
            Column("a", "string", min_length=1, max_length=9, pattern="^[A-Z]+$"),
        ),
        (
            "string, enum: [{value: A}, {value: B, label: x}]",
            Column("a", "string", allowed=("A", "B")),
        ),
        ("integer", Column("a", "integer", bits=32)),
        (
            "integer, enum: [{value: 1}, {value: -2}]",
            Column("a", "integer", bits=32, allowed=("1", "-2")),
        ),
        (
            "integer, logicalTypeOptions: {format: i64, maximum: 9223372036854775807}",
            Column("a", "integer", bits=64, maximum="9223372036854775807"),
        ),
        (
            "number, physicalType: 'numeric(5, 2)', logicalTypeOptions: {minimum: -0.25, maximum: 999.99}",
            Column("a", "decimal", precision=5, scale=2, minimum="-0.25", maximum="999.99"),
        ),
        (
            f"number, physicalType: 'decimal(38,0)', logicalTypeOptions: {{maximum: {'9' * 38}}}",
            Column("a", "decimal", precision=38, scale=0, maximum="9" * 38),
        ),
        ("date", Column("a", "date", format="%Y-%m-%d")),
        (
            "date, logicalTypeOptions: {format: yyyyMMdd, minimum: 2026-01-01, maximum: '2026-12-31'}",
            Column("a", "date", format="%Y%m%d", minimum="2026-01-01", maximum="2026-12-31"),
        ),
        (
            "date, logicalTypeOptions: {format: yyyy年MM月dd日}",
            Column("a", "date", format="%Y年%m月%d日"),
        ),
        (
            "timestamp, logicalTypeOptions: {format: yyyy/MM/dd HH:mm, minimum: '2026-01-01T00:00:00'}",
            Column("a", "timestamp", format="%Y/%m/%d %H:%M", minimum="2026-01-01T00:00:00"),
        ),
        (
            (
                """timestamp, logicalTypeOptions: {format: "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", """
                "minimum: '2026-01-01T00:00:00+09:00', maximum: 2026-12-31T00:00:00Z}"
            ),
            Column(
                "a",
                "timestamp",
                format="%Y-%m-%dT%H:%M:%S.%g%z",
                minimum="2025-12-31T15:00:00",
                maximum="2026-12-31T00:00:00",
            ),
        ),
        (
            """timestamp, logicalTypeOptions: {format: "HH 'o''clock' mm''ss.SSSSSS dd-MM-yyyy"}""",
            Column("a", "timestamp", format="%H o'clock %M'%S.%f %d-%m-%Y"),
        ),
        *(
            (f"string, logicalTypeOptions: {{pattern: '{pattern}'}}", Column("a", "string", pattern=pattern))
            for pattern in ("^$", "^(a|b)$", "^[a|b]$", r"^a\|b$", r"^a\\$", "^(?:a|(b|c))d$", "^[)]a$")
        ),
        ("boolean", Column("a", "boolean")),
        (
            (
                "boolean, customProperties: [{property: trueWords, value: ['1', はい]}, "
                "{property: falseWords, value: ['0']}]"
            ),
            Column("a", "boolean", true_words=("1", "はい"), false_words=("0",)),
        ),
        (
            "string, customProperties: [{property: label, value: 商品コード}]",
            Column("a", "string", label="商品コード"),
        ),
        ("string, primaryKey: true", Column("a", "string", required=True)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_property_says_is_compiled(draft: Draft, reads: Reads, said: str, read: Column) -> None:
    contract = reads(draft(f"name: a, logicalType: {said}"))
    assert contract.columns == (read,)
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("type_", "options", "key", "problem"),
    [
        ("integer", "format: u8", "format", "'u8' is not enforced"),
        ("integer", "minimum: 2147483648", "minimum", "must be a whole number of 32 bits"),
        ("integer", "minimum: true", "minimum", "must be a whole number of 32 bits"),
        ("integer", "multipleOf: 5", "multipleOf", "is not enforced by any part of Suimon; write a condition"),
        ("integer", "minimum: 2, maximum: 1", "minimum", "is greater than maximum: no value is both"),
        ("integer", "minimum: 10, maximum: 9", "minimum", "is greater than maximum: no value is both"),
        ("string", "minLength: 3, maxLength: 2", "minLength", "is greater than maxLength"),
        ("string", "pattern: abc", "pattern", "must start with ^ and end with $"),
        *(
            ("string", f"pattern: '{pattern}'", "pattern", "must start with ^ and end with $, alternatives in a group")
            for pattern in ("", "^", "a$", "^a|b$", "^a$|^b$", "^(a)|b$", "^[(]a|b$", r"^a\$", r"^\(a|b\)$", "|^a$")
        ),
        ("string", "pattern: '^(?<=a)b$'", "pattern", "is no RE2 expression"),
        ("string", "minimum: 3", "minimum", "minimum is not enforced for logicalType string"),
        (
            "number, physicalType: 'decimal(3,1)'",
            "maximum: 100",
            "maximum",
            "100 does not fit 3 digits with 1 decimal places",
        ),
        ("number, physicalType: 'decimal(3,1)'", "maximum: many", "maximum", "must be a number"),
        ("number, physicalType: 'decimal(3,1)'", "maximum: .inf", "maximum", "must be a number"),
        (
            "number, physicalType: 'decimal(38,20)'",
            "maximum: 0.12345678901234567891",
            "maximum",
            "0.12345678901234567891 has more digits than a number keeps",
        ),
        ("date", "format: YYYY-MM-dd", "format", "must hold each of MM dd yyyy once"),
        ("date", "format: yyyy-MM-dd-dd", "format", "must hold each of MM dd yyyy once"),
        ("date", "format: yyyy%MM-dd", "format", "none of ' [ ] { } # % may stand in it"),
        ("date", 'format: "yyyy-MM-dd[x"', "format", "must hold each of MM dd yyyy once"),
        ("date", 'format: "yyyy-MM-dd\'"', "format", "none of ' [ ]"),
        ("date", "format: 'yyyy,MM,dd'", "format", "holds the delimiter"),
        ("date", "minimum: '2026-02-30'", "minimum", "'2026-02-30' is no date; write YYYY-MM-DD"),
        ("date", "minimum: 20260101", "minimum", "20260101 is no date; write YYYY-MM-DD"),
        ("date", "minimum: '20260101'", "minimum", "'20260101' is no date; write YYYY-MM-DD"),
        ("date", "maximum: '2026-W01-1'", "maximum", "'2026-W01-1' is no date; write YYYY-MM-DD"),
        ("timestamp", "format: 'yyyy-MM-dd HH'", "format", "must hold each of HH MM dd mm yyyy once"),
        ("timestamp", "format: 'yyyy-MM-dd HH:mm.SSS'", "format", "must hold each of"),
        ("timestamp", "format: 'yyyy-MM-dd HH:mm:ssz'", "format", "must hold each of"),
        ("timestamp", "format: 'yyyy-MM-ddTHH:mm:ss'", "format", "must hold each of"),
        ("timestamp", "format: 'XXX yyyy-MM-dd HH:mm:ss'", "format", "the zone, XXX, must come last"),
        (
            "timestamp",
            "format: 'yyyy-MM-dd HH:mm', timezone: true",
            "timezone",
            "is not enforced by any part of Suimon; write XXX into the format",
        ),
        (
            "timestamp",
            "format: 'yyyy-MM-dd HH:mm', minimum: '2026-01-01T00:00:00Z'",
            "minimum",
            "'2026-01-01T00:00:00Z' is no such moment; write YYYY-MM-DDThh:mm:ss without a zone",
        ),
        (
            "timestamp",
            "format: 'yyyy-MM-dd HH:mmXXX', minimum: '2026-01-01T00:00:00'",
            "minimum",
            "'2026-01-01T00:00:00' is no such moment; write YYYY-MM-DDThh:mm:ss and the zone",
        ),
        (
            "timestamp",
            "format: 'yyyy-MM-dd HH:mmXXX', minimum: '0001-01-01T00:00:00+09:00'",
            "minimum",
            "'0001-01-01T00:00:00+09:00' is no such moment",
        ),
    ],
)
def test_an_option_that_no_cell_could_keep_is_refused_at_its_line(
    draft: Draft, refused: Refused, type_: str, options: str, key: str, problem: str
) -> None:
    text = draft(FIRST, f"name: a, logicalType: {type_}, logicalTypeOptions: {{{options}}}", dialect=CP932)
    where = f"schema[0].properties[1].logicalTypeOptions.{key}"
    assert refused(text)[0].startswith(f"{line_of(text)}: {where}: {problem}")


@pytest.mark.parametrize(
    ("said", "path", "problem"),
    [
        ("float", "logicalType", "must be one of string, integer, number, date, timestamp, boolean"),
        ("string, physicalName: b", "physicalName", "is not enforced by any part of Suimon; remove it"),
        ("integer, enum: [{value: x}, {value: 1.5}]", "enum[1].value", "must be a text, is 1.5"),
        ("string, enum: [{value: 1}]", "enum[0].value", "must be a text, is 1; put it in quotes"),
        ("string, enum: [{value: A}, {value: A}]", "enum[1].value", "'A' stands twice; keep one"),
        ("string, enum: [{value: NA}]", "enum[0].value", "'NA' is one of nullTokens: such a cell is missing"),
        (
            "string, enum: [{value: 'a,b'}]",
            "enum[0].value",
            "holds the delimiter or a line break, and nothing is quoted",
        ),
        ("string, enum: [{value: ♥}]", "enum[0].value", "holds '♥', which cp932 cannot write"),
        ("string, enum: [{label: A}]", "enum[0]", "value is missing; add it"),
        ("string, enum: [{value: A, colour: red}]", "enum[0].colour", "is not enforced by any part"),
        ("string, enum: []", "enum", "allows nothing at all"),
        ("date, enum: [{value: 2026-01-01}]", "enum", "enum is not enforced for logicalType date"),
        ("number, physicalType: double", "physicalType", "must be decimal(precision,scale)"),
        ("number", "", "physicalType is missing; add it"),
        ("timestamp", "", "a timestamp needs logicalTypeOptions.format"),
        (
            "boolean, customProperties: [{property: trueWords, value: ['1']}]",
            "customProperties[0].value",
            "needs both trueWords and falseWords",
        ),
        (
            "boolean, customProperties: [{property: trueWords, value: [yes]}, {property: falseWords, value: ['no']}]",
            "customProperties[0].value[0]",
            "yes is true to YAML; write that, or put it into quotes",
        ),
        (
            "boolean, customProperties: [{property: trueWords, value: []}, {property: falseWords, value: ['no']}]",
            "customProperties[0].value",
            "must be a list of texts",
        ),
        (
            "boolean, customProperties: [{property: trueWords, value: [x]}, {property: falseWords, value: [x]}]",
            "customProperties[1].value[0]",
            "'x' means true already",
        ),
        (
            "boolean, customProperties: [{property: trueWords, value: [x]}, {property: falseWords, value: [NA]}]",
            "customProperties[1].value[0]",
            "'NA' is one of nullTokens",
        ),
        (
            "string, customProperties: [{property: trueWords, value: [x]}]",
            "customProperties[0].value",
            "is not enforced for logicalType string",
        ),
        (
            "string, customProperties: [{property: label, value: 4}]",
            "customProperties[0].value",
            "must be a text, is 4",
        ),
        (
            "string, customProperties: [{property: label, value: 'a,b'}]",
            "customProperties[0].value",
            "holds the delimiter or a line break",
        ),
        (
            "string, customProperties: [{property: colour, value: red}]",
            "customProperties[0].property",
            "'colour' is not enforced; remove it. Known are label, mayBeAbsent, trueWords, falseWords",
        ),
        ("string, customProperties: [{property: label}]", "customProperties[0]", "value is missing; add it"),
        ("string, classification: [personal]", "classification", "['personal'] means nothing here"),
        ("string, classification: secret", "classification", "'secret' means nothing here"),
        ("string, required: 'yes'", "required", "must be true or false"),
        ("string, primaryKey: true, required: false", "required", "contradicts primaryKey: true"),
        ("string, primaryKey: true, unique: true", "unique", "is what primaryKey says already; remove it"),
        (
            "string, primaryKey: true, primaryKeyPosition: 2",
            "primaryKeyPosition",
            "is 2, but the key has this column alone; write 1",
        ),
        ("string, primaryKeyPosition: 1", "primaryKeyPosition", "is not enforced without primaryKey: true"),
        (
            "string, partitioned: true",
            "partitioned",
            "is not enforced by any part of Suimon; name the column in customProperties",
        ),
    ],
)
def test_a_property_that_no_cell_could_keep_is_refused_at_its_line(
    draft: Draft, refused: Refused, said: str, path: str, problem: str
) -> None:
    text = draft(FIRST, f"name: a, logicalType: {said}", dialect=CP932)
    where = f"schema[0].properties[1].{path}".rstrip(".")
    assert refused(text)[0].startswith(f"{line_of(text)}: {where}: {problem}")


def line_of(text: str) -> int:
    """Return the line of the column a."""
    return 1 + text[: text.index("name: a,")].count("\n")


@pytest.mark.parametrize(
    ("column", "good"),
    [
        ("name: a, logicalType: date, logicalTypeOptions: {format: dd.MM.yyyy}", True),
        ("name: a, logicalType: timestamp, logicalTypeOptions: {format: 'yyyy-MM-dd HH:mm:ssXXX'}", True),
        ("name: a, logicalType: timestamp, logicalTypeOptions: {format: 'yyyy/MM/dd HH:mm:ss'}", False),
        ("name: a, logicalType: string", False),
    ],
)
def test_a_partition_is_a_day_or_a_moment_that_starts_with_one(
    draft: Draft,
    reads: Reads,
    refused: Refused,
    column: str,
    good: bool,  # noqa: FBT001 - a table of cases
) -> None:
    text = draft(column, custom="property: partition, value: a")
    if good:
        assert reads(text).columns[0].partition
    else:
        (problem,) = refused(text)
        assert "customProperties[3].value: the partition is a business date: it must be of logicalType date" in problem
