"""ODCS in, compiled contract out; and whatever nothing would enforce is refused at its line."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract, read_contract_files
from tests.datasets import FOLDERS, contract_file

FILES = [folder.contract for folder in FOLDERS.values()]


SALES = contract_file("sales").read_text(encoding="utf-8")


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a contract, without the path of the file."""
    path = tmp_path / "c.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract(path)
    return [str(problem).removeprefix(f"{path}:") for problem in caught.value.problems]


def changed(old: str, new: str) -> str:
    assert old in SALES
    return SALES.replace(old, new, 1)


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def watched() -> str:
    """The sales contract without a word about its file."""
    text = SALES[: SALES.index("customProperties:")]
    text = re.sub(r"(?m)^    quality:\n(      .*\n)+", "", text)
    text = re.sub(r"(?m)^        (required|unique): .*\n", "", text)
    return re.sub(r"(?m)^        logicalTypeOptions:\n          .*\n", "", text)


def test_a_contract_without_a_key_pattern_is_only_watched(tmp_path: Path) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(watched(), encoding="utf-8")
    contract = read_contract(path)
    assert (contract.key_pattern, contract.dag_id, contract.file, contract.columns) == (None, None, None, ())
    assert contract.freshness is not None
    assert contract.freshness.to_json() == {
        "table": "sales_fact",
        "column": "order_date",
        "error_after": {"count": 1, "unit": "d"},
    }


@pytest.mark.parametrize(
    ("old", "new", "path", "advice"),
    [
        ("maxLength: 32", "exclusiveMaximum: 3", "schema[0].properties[0].logicalTypeOptions.exclusiveMaximum", "max"),
        ("unique: true", "uniqe: true", "schema[0].properties[0].uniqe", "did you mean unique?"),
        ("classification: personal", "encryptedName: x", "schema[0].properties[2].encryptedName", "remove it"),
        ("classification: personal", "partitioned: true", "schema[0].properties[2].partitioned", "customProperties"),
        ("classification: personal", "items: {}", "schema[0].properties[2].items", "remove it"),
        ("domain: sales", "servers: []", "servers", "parameters of the stack"),
        ("domain: sales", "roles: []", "roles", "template.yaml"),
        ("domain: sales", "colour: red", "colour", "remove it"),
        ("type: library", "query: SELECT 1", "schema[0].quality[0].query", "write a condition"),
        ("type: library", "schedule: 0 0 * * *", "schema[0].quality[0].schedule", "remove it"),
        ("unit: d", "schedule: 0 0 * * *", "slaProperties[0].schedule", "remove it"),
        ("deadline:", "calendar: x\n      deadline:", "customProperties[4].value.calendar", "remove it"),
        ("nullTokens:", "sniff: true\n      nullTokens:", "customProperties[3].value.sniff", "remove it"),
    ],
)  # fmt: skip
def test_a_clause_that_nothing_enforces_is_refused_at_its_line(
    tmp_path: Path, old: str, new: str, path: str, advice: str
) -> None:
    text = changed(old, new)
    key = path.rpartition(".")[2]
    said = [problem for problem in problems(tmp_path, text) if problem.split(": ")[1] == path]
    assert len(said) == 1
    assert said[0].startswith(f"{line_of(text, key + ':')}: {path}: is not enforced by any part of Suimon; ")
    assert advice in said[0]


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("v3.1.0", "v2.2.2", "apiVersion: is 'v2.2.2'; Suimon reads v3.1.0 and v3.2.0"),
        ("version: 1.0.0", "version: 1.0", "version: must be a text, is 1.0"),
        ("logicalType: integer", "logicalType: float", "schema[0].properties[4].logicalType: must be one of string"),
        ("decimal(12,2)", "money", "schema[0].properties[5].physicalType: must be decimal(precision,scale)"),
        ("decimal(12,2)", "decimal(40,2)", "schema[0].properties[5].physicalType: needs a precision from 1 to 38"),
        ("minimum: 0", "minimum: 0.005", "schema[0].properties[5].logicalTypeOptions.minimum: 0.005 does not fit"),
        ("minimum: 1", "minimum: 0.5", "schema[0].properties[4].logicalTypeOptions.minimum: must be a whole number"),
        ("minimum: 1", "format: i16", "schema[0].properties[4].logicalTypeOptions.format: 'i16' is not enforced"),
        ("minimum: 1", "pattern: ^1$", "schema[0].properties[4].logicalTypeOptions.pattern: pattern is not enforced"),
        ("maxLength: 32", "pattern: ORD", "schema[0].properties[0].logicalTypeOptions.pattern: must start with ^"),
        ("maxLength: 32", "pattern: ^(?=x)$", "schema[0].properties[0].logicalTypeOptions.pattern: is no RE2"),
        ("maxLength: 32", "maxLength: -1", "schema[0].properties[0].logicalTypeOptions.maxLength: must be a whole"),
        ("maxLength: 32", "maxLength: 16384", "schema[0].properties[0].logicalTypeOptions.maxLength: must be at most"),
        (
            "physicalName: sales_fact",
            "physicalName: mart.sales_fact",
            "schema[0].physicalName: 'mart.sales_fact' needs",
        ),
        ("physicalName: sales_fact", "physicalName: Sales", "schema[0].physicalName: 'Sales' needs quotes in Redshift"),
        ("maxLength: 32", "format: uuid", "schema[0].properties[0].logicalTypeOptions.format: format is not enforced"),
        ("yyyy-MM-dd", "yyyy-mm-dd", "schema[0].properties[1].logicalTypeOptions.format: must hold each of MM dd yyyy"),
        ("classification: personal", "classification: 4", "schema[0].properties[2].classification: "),
        ("name: order_date", "name: ORDER_ID", "schema[0].properties[1]: a second column 'ORDER_ID'"),
        ("name: sales\n    phys", "name: Sales!\n    phys", "schema[0].name: must be a small letter"),
        ("value: order_date", "value: day", "customProperties[2].value: 'day' is no column"),
        ("value: order_date", "value: order_id", "customProperties[2].value: the partition is a business date"),
        ("mustBeGreaterOrEqualTo: 1", "mustBeGreaterOrEqualTo: many", "schema[0].quality[0].mustBeGreaterOrEqualTo: "),
        ("metric: rowCount", "metric: nullValues", "schema[0].quality[0]: nullValues counts cells of one column"),
        ("property: freshness", "property: frequency", "slaProperties[0].property: 'frequency' is not enforced"),
        ("unit: d", "unit: m", "slaProperties[0].unit: 'm' is not enforced; write min, h or d"),
        ("unit: d", "unit: h", "slaProperties[0].element: 'order_date' is a date, which has no hours"),
        ("element: sales.order_date", "element: order_date", "slaProperties[0].element: 'order_date' is no column"),
        ("{ds}", "{hour}", "customProperties[0].value: key pattern"),
        ("value: daily_sales_etl", "value: a/b", "customProperties[1].value: 'a/b' is no DAG id"),
        ("value: daily_sales_etl", "value: '.'", "customProperties[1].value: '.' is no DAG id"),
        ("value: daily_sales_etl", "value: ..", "customProperties[1].value: '..' is no DAG id"),
        ("value: daily_sales_etl", f"value: {'x' * 31}", "customProperties[1].value: has 31 characters; MWAA"),
        ("encoding: utf-8", "encoding: utf-7", "customProperties[3].value.encoding: must be one of utf-8"),
        ('delimiter: ","', 'delimiter: "::"', "customProperties[3].value.delimiter: must be one ASCII mark"),
        ("escape: '\"'", "escape: '^'", "customProperties[3].value.escape: must be the quote"),
        ("header: true", "header: yes please", "customProperties[3].value.header: must be true or false"),
        ("header: true", "", "customProperties[3].value: header is missing"),
        ('nullTokens: [""]', "nullTokens: []", "customProperties[3].value.nullTokens: must be a list of texts"),
        ('deadline: "06:00"', "deadline: 16:00", "customProperties[4].value.deadline: 16:00 is 960 to YAML"),
        ('deadline: "06:00"', 'deadline: "25:00"', "customProperties[4].value.deadline: is no time of the day"),
        ("daysAfter: 1", "daysAfter: 1000", "customProperties[4].value.daysAfter: must be at most 366, is 1000"),
        ("name: quantity", "name: '`quantity`'", "schema[0].properties[4].name: must be a text without control"),
        ("Asia/Tokyo", "Asia/Edo", "customProperties[4].value.timeZone: 'Asia/Edo' is no time zone"),
        ("property: arrival", "property: arival", "customProperties[4].property: 'arival' is not enforced"),
        ("property: arrival", "property: dag", "customProperties[4].property: 'dag' stands twice"),
        ("  - property: dag\n    value: daily_sales_etl\n", "", "a contract with a keyPattern needs customProperties"),
        ("status: active", "version: 2.0.0", "version: stands twice; keep one"),
        ("tags: [daily, csv]", "tags: &a [daily, *a]", "tags[1]: is an alias; write it out"),
        ("tags: [daily, csv]", "tags: [daily", "not YAML"),
    ],
)
def test_a_clause_that_cannot_be_used_is_refused_and_says_what_to_do(
    tmp_path: Path, old: str, new: str, wanted: str
) -> None:
    said = problems(tmp_path, changed(old, new))
    assert any(problem.partition(": ")[2].startswith(wanted) for problem in said), said


def test_a_problem_stands_at_the_line_of_its_clause(tmp_path: Path) -> None:
    text = changed("encoding: utf-8", "encoding: utf-7")
    assert [problem.split(":")[0] for problem in problems(tmp_path, text)] == [str(line_of(text, "encoding:"))]


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    one, other = tmp_path / "a.odcs.yaml", tmp_path / "b.odcs.yaml"
    one.write_text(changed("unit: d", "unit: h").replace("Asia/Tokyo", "Mars"), encoding="utf-8")
    other.write_text("kind: x\n", encoding="utf-8")
    with pytest.raises(ContractFileError) as caught:
        read_contract_files([one, other])
    files = [problem.file for problem in caught.value.problems]
    assert files.count(str(one)) == 2
    assert files.count(str(other)) > 2
    lines = [problem.line for problem in caught.value.problems if problem.file == str(one)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "rule",
    [
        "required: true",
        "unique: true",
        "primaryKey: true",
        "enum: [{value: A}]",
        "logicalTypeOptions: {maxLength: 3}",
        "quality: [{metric: nullValues, mustBe: 0}]",
        "customProperties: [{property: label, value: A}]",
    ],
)
def test_rules_on_a_table_that_is_only_watched_are_refused(tmp_path: Path, rule: str) -> None:
    text = watched().replace("- name: order_id\n", f"- name: order_id\n        {rule}\n", 1)
    key = rule.partition(":")[0]
    (said,) = problems(tmp_path, text)
    where = f"{line_of(text, rule)}: schema[0].properties[0].{key}"
    assert said == f"{where}: is not enforced: without a keyPattern no file is checked; remove it"


@pytest.mark.parametrize("name", ["timestamp", "LoadedAt", "user", "ctid", "更新日時", "loaded at", "x" * 128])
def test_a_watched_column_that_redshift_takes_in_quotes_only_is_refused(tmp_path: Path, name: str) -> None:
    text = watched().replace("name: order_date", f"name: {name}").replace("sales.order_date", f"sales.{name}")
    (said,) = problems(tmp_path, text)
    assert said.startswith(f"{line_of(text, 'element:')}: slaProperties[0].element: ")
    assert "needs quotes in Redshift" in said


def test_metrics_and_file_clauses_of_a_table_that_is_only_watched_are_refused(tmp_path: Path) -> None:
    text = SALES.replace("keyPattern", "key_pattern")
    said = problems(tmp_path, text)
    for path in ("schema[0].quality[0]", "customProperties[1].value", "customProperties[3].value"):
        assert any(f": {path}: " in problem and "keyPattern" in problem for problem in said), path


def test_two_contracts_for_the_same_keys_are_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "a.odcs.yaml", tmp_path / "b.odcs.yaml"
    one.write_text(SALES, encoding="utf-8")
    renamed = SALES.replace("name: sales\n    phys", "name: sold\n    phys").replace(
        "sales.order_date", "sold.order_date"
    )
    other.write_text(renamed, encoding="utf-8")
    with pytest.raises(ContractFileError, match="could match the same key"):
        read_contract_files([one, other])


@pytest.mark.parametrize(
    "text", ["", "3", "[]", "a: [", "\0", "schema: 3", "schema: [3]", "- a", "? {a: b}\n: c", "&a [*a]"]
)
def test_what_is_no_contract_at_all_is_refused_without_a_crash(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)


def test_a_date_pattern_becomes_the_one_that_functions_and_spark_read(tmp_path: Path) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(changed("yyyy-MM-dd", "dd/MM/yyyy"), encoding="utf-8")
    assert read_contract(path).columns[1].format == "%d/%m/%Y"


def test_what_came_with_a_later_standard_is_refused_in_an_earlier_one(
    draft: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / "c.odcs.yaml"
    text = draft("name: a, logicalType: string, enum: [{value: A}]").replace("v3.2.0", "v3.1.0")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError, match=r"\.enum: enum is of ODCS v3\.2\.0; write that apiVersion, or quality"):
        read_contract(path)


@pytest.mark.parametrize(("said", "read"), [("", "en"), ("en", "en"), ("ja", "ja")])
def test_reports_are_in_the_language_that_the_contract_names(tmp_path: Path, said: str, read: str) -> None:
    text = SALES
    path = tmp_path / "c.odcs.yaml"
    path.write_text(text + (f"  - property: language\n    value: {said}\n" if said else ""), encoding="utf-8")
    assert read_contract(path).language == read


def test_a_language_that_nobody_has_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.odcs.yaml"
    path.write_text(SALES + "  - property: language\n    value: fr\n", encoding="utf-8")
    with pytest.raises(ContractFileError, match="must be one of en, ja, is 'fr'"):
        read_contract(path)


def test_a_dag_has_two_runs_at_once_unless_its_contract_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "c.odcs.yaml"
    said = [read_contract(contract_file(dataset)).runs_at_once for dataset in ("inventory", "sales")]
    assert said == [2, 4]
    for wrong in ("0", "21", "true", '"4"', "1.5"):
        path.write_text(SALES.replace("value: 4\n", f"value: {wrong}\n"), encoding="utf-8")
        with pytest.raises(ContractFileError, match="must be a whole number from 1 to 20"):
            read_contract(path)
