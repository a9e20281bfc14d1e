"""From ODCS 3.1 YAML to a compiled contract, at build time. What nothing enforces is refused, with its line.

The keys of ODCS carry what they can; the rest stands under `customProperties`: `keyPattern`, `dag`, `dialect`,
`partition`, `arrival`. A contract without `keyPattern` is a table that is only watched: rules on its columns are
refused too.
"""

import json
import re
from collections.abc import Iterable, Sequence
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from suimon.contract.clauses import PROSE, READ, Clause, ContractFileError, Grammar, Problem, parse, unenforced
from suimon.contract.columns import PROPERTY, read_columns
from suimon.contract.model import Arrival, Contract, ContractError, Contracts, FileFormat, KeyPattern, TableFreshness
from suimon.contract.reader import Reader

API_VERSION = "v3.1.0"
# `/dags/{dag_id}/dagRuns/{run_id}` must fit MWAA's 64 characters; a run id is 16 hex digits, a dot and an attempt.
MAX_DAG_ID = 64 - len("/dags//dagRuns/") - 16 - len(".999")

_ABOUT = dict.fromkeys(("id", "description", "tags", "businessName", "authoritativeDefinitions"), PROSE)
_CONTRACT: Grammar = {
    **_ABOUT,
    **dict.fromkeys(("name", "status", "tenant", "domain", "dataProduct", "support", "price", "team"), PROSE),
    "contractCreatedTs": PROSE,
    "apiVersion": READ,
    "kind": READ,
    "version": READ,
    "schema": [
        {
            **_ABOUT,
            **dict.fromkeys(("physicalType", "dataGranularityDescription", "deprecated", "synonyms"), PROSE),
            "logicalType": PROSE,
            "name": READ,
            "physicalName": READ,
            "properties": [PROPERTY],
            "quality": [
                {
                    **_ABOUT,
                    **dict.fromkeys(("name", "dimension", "businessImpact"), PROSE),
                    **dict.fromkeys(("type", "metric", "mustBeGreaterOrEqualTo", "unit", "severity"), READ),
                }
            ],
        }
    ],
    "slaProperties": [
        {**_ABOUT, "driver": PROSE, **dict.fromkeys(("property", "value", "unit", "element"), READ)},
    ],
    "customProperties": [{**_ABOUT, "property": READ, "value": READ}],
}
_CUSTOM: dict[str, Grammar | str] = {
    "keyPattern": READ,
    "dag": READ,
    "partition": READ,
    "dialect": dict.fromkeys(("encoding", "delimiter", "quote", "escape", "header", "nullTokens"), READ),
    "arrival": dict.fromkeys(("daysAfter", "deadline", "timeZone", "lookbackDays"), READ),
}
_ADVICE = {
    "servers": "remove it: buckets and the warehouse are parameters of the stack",
    "roles": "remove it: access is granted in template.yaml",
    "slaDefaultElement": "write the element into each of slaProperties",
    "primaryKey": "write required: true and unique: true",
    "primaryKeyPosition": "write required: true and unique: true",
    "partitioned": "name the column in customProperties, property partition",
    "partitionKeyPosition": "name the column in customProperties, property partition",
    "exclusiveMinimum": "write minimum",
    "exclusiveMaximum": "write maximum",
    "rule": "write metric: rowCount",
    "enum": "write a pattern such as ^(A|B)$",
    "mustBeGreaterThan": "write mustBeGreaterOrEqualTo",
}


def read_contract(path: Path) -> Contract:
    """Read one ODCS file; ContractFileError with everything that is wrong in it."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractFileError([Problem(str(path), 1, "", f"cannot be read: {error}")]) from error
    document = parse(text, str(path))
    problems = list(unenforced(document, _CONTRACT, _ADVICE))
    reader = Reader(problems)
    contract = _read(document, reader)
    ours = {(problem.line, problem.path) for problem in problems}  # these say more of a place than the model does
    problems += [problem for problem in _not_odcs(document) if (problem.line, problem.path) not in ours]
    if problems:
        raise ContractFileError(
            sorted(set(problems), key=lambda problem: (problem.line, problem.path, problem.message))
        )
    return contract


def read_contract_files(paths: Iterable[Path]) -> Contracts:
    """Read every contract of a release; ContractFileError with everything that is wrong in any of them."""
    contracts: list[Contract] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            contract = read_contract(path)
            Contracts((*contracts, contract))
        except ContractFileError as error:
            problems += error.problems
        except ContractError as error:
            problems.append(Problem(str(path), 1, "", str(error)))
        else:
            contracts.append(contract)
    if problems:
        raise ContractFileError(problems)
    return Contracts(tuple(sorted(contracts, key=lambda contract: contract.dataset)))


def compile_contracts(paths: Sequence[Path], out: Path) -> Contracts:
    """Write the compiled form of every contract, the same bytes for the same contracts; ContractFileError as above."""
    contracts = read_contract_files(paths)
    out.write_text(json.dumps(contracts.to_json(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return contracts


def _not_odcs(document: Clause) -> list[Problem]:
    try:
        OpenDataContractStandard.model_validate(document.plain())
    except ValidationError as error:
        # Unions name their members in the location: `at` stops at the last step that is in the file.
        return [
            document.at(fault["loc"]).problem(f"is not ODCS: {fault['msg'].lower()}")
            for fault in error.errors()
            if fault["type"] != "extra_forbidden"  # the walk over the grammar says more
        ]
    return []


def _read(document: Clause, reader: Reader) -> Contract:
    for key, wanted in (("apiVersion", API_VERSION), ("kind", "DataContract")):
        if (clause := reader.needed(document, key)) and clause.value != wanted:
            reader.refuse(clause, f"is {clause.value!r}; Suimon reads {wanted}")
    schema = _only_schema(document, reader)
    custom = _custom_properties(document, reader)
    pattern = _key_pattern(custom, reader)
    partition = custom.get("partition")
    columns = read_columns(schema, reader, gated=pattern is not None, partition=partition)
    if pattern is None:
        for name, clause in custom.items():
            reader.refuse(clause, f"{name} is not enforced without a keyPattern; add one or remove it")
    dataset = reader.text(schema, "name", r"[a-z][a-z0-9_]*", "a small letter, then small letters, digits and _")
    return Contract(
        dataset=dataset,
        version=reader.text(document, "version"),
        table=reader.text(schema, "physicalName", r"[a-z_][a-z0-9_]*", "the name of the warehouse table"),
        dag_id=_dag(document, custom, reader) if pattern else None,
        key_pattern=pattern,
        file=_dialect(document, custom, reader) if pattern else None,
        columns=columns,
        min_rows=_min_rows(schema, reader, gated=pattern is not None),
        arrival=_arrival(custom["arrival"], reader) if pattern and "arrival" in custom else None,
        freshness=_freshness(document, schema, reader),
    )


def _only_schema(document: Clause, reader: Reader) -> Clause:
    schemas = list(document["schema"] or ())
    for further in schemas[1:]:
        reader.refuse(further, "a second schema is not enforced; one contract describes one file and one table")
    if not schemas:
        reader.refuse(document["schema"] or document, "a contract needs one schema")
        return document
    return schemas[0]


def _custom_properties(document: Clause, reader: Reader) -> dict[str, Clause]:
    """Give the values of customProperties by their name."""
    found: dict[str, Clause] = {}
    for entry in document["customProperties"] or ():
        name = reader.needed(entry, "property")
        value = reader.needed(entry, "value")
        if name is None or value is None:
            continue
        if not isinstance(name.value, str) or name.value not in _CUSTOM:
            reader.refuse(name, f"{name.value!r} is not enforced; remove it. Known are {', '.join(_CUSTOM)}")
        elif name.value in found:
            reader.refuse(name, f"{name.value!r} stands twice; keep one")
        else:
            grammar = _CUSTOM[name.value]
            if isinstance(grammar, dict):
                reader.problems.extend(unenforced(value, grammar, {}))
            found[name.value] = value
    return found


def _key_pattern(custom: dict[str, Clause], reader: Reader) -> KeyPattern | None:
    clause = custom.get("keyPattern")
    if clause is None:
        return None
    try:
        return KeyPattern(clause.value if isinstance(clause.value, str) else "")
    except ContractError as error:
        reader.refuse(clause, str(error))
        return None


def _dag(document: Clause, custom: dict[str, Clause], reader: Reader) -> str | None:
    clause = custom.get("dag")
    if clause is None:
        reader.refuse(document, "a contract with a keyPattern needs customProperties, property dag: the DAG to open")
    elif not isinstance(clause.value, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", clause.value):
        reader.refuse(clause, f"{clause.value!r} is no DAG id")
    elif len(clause.value) > MAX_DAG_ID:
        reader.refuse(clause, f"has {len(clause.value)} characters; MWAA's 64-character path leaves {MAX_DAG_ID}")
    else:
        return clause.value
    return None


def _dialect(document: Clause, custom: dict[str, Clause], reader: Reader) -> FileFormat | None:
    clause = custom.get("dialect")
    if clause is None:
        reader.refuse(
            document, "a contract with a keyPattern needs customProperties, property dialect: it is not guessed"
        )
        return None
    encoding = reader.text(clause, "encoding", "utf-8", "utf-8, the only one so far")
    delimiter = reader.text(clause, "delimiter", r"[,;|\t]", "one of , ; | and tab")
    quote = reader.text(clause, "quote", "[\"']", "one of \" and '")
    escape = reader.text(clause, "escape", "[\"']", "the quote, doubled inside a cell")
    if escape != quote and (given := clause["escape"]):
        reader.refuse(given, "must be the quote: a quote inside a cell is doubled")
    header = reader.flag(clause, "header", needed=True)
    tokens = reader.needed(clause, "nullTokens")
    texts = [token.value for token in tokens or ()]
    if tokens and (not texts or not all(isinstance(text, str) for text in texts)):
        reader.refuse(tokens, 'must be a list of texts, [""] when an empty cell means a missing value')
        return None
    return FileFormat(encoding, delimiter, quote, escape, header, tuple(texts))


def _min_rows(schema: Clause, reader: Reader, *, gated: bool) -> int:
    rows = 0
    for check in schema["quality"] or ():
        if not gated:
            reader.refuse(check, "is not enforced: without a keyPattern no file is checked; remove it")
            continue
        for key, enforced in (("type", "library"), ("metric", "rowCount"), ("unit", "rows"), ("severity", "error")):
            if (clause := check[key]) and clause.value != enforced:
                reader.refuse(clause, f"{key} {clause.value!r} is not enforced; only {enforced} is")
        reader.needed(check, "metric")
        rows = max(rows, reader.whole(check, "mustBeGreaterOrEqualTo"))
    return rows


def _arrival(clause: Clause, reader: Reader) -> Arrival:
    deadline, zone = time(), reader.text(clause, "timeZone")
    try:
        deadline = time.fromisoformat(reader.text(clause, "deadline", r"\d\d:\d\d", 'HH:MM in quotes, as in "06:00"'))
    except ValueError:
        if given := clause["deadline"]:
            reader.refuse(given, "is no time of the day")
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        reader.refuse(clause["timeZone"] or clause, f"{zone!r} is no time zone; write one such as Asia/Tokyo")
    return Arrival(reader.whole(clause, "daysAfter"), deadline, zone, reader.whole(clause, "lookbackDays", least=1))


def _freshness(document: Clause, schema: Clause, reader: Reader) -> TableFreshness | None:
    found = None
    dataset = schema["name"]
    names = [name.value for column in schema["properties"] or () if (name := column["name"])]
    for sla in document["slaProperties"] or ():
        property_ = reader.needed(sla, "property")
        if property_ and property_.value != "freshness":
            reader.refuse(property_, f"{property_.value!r} is not enforced; only freshness is. Remove it")
            continue
        if found:
            reader.refuse(sla, "a second freshness is not enforced; keep one")
            continue
        days = reader.whole(sla, "value", least=1)
        if (unit := reader.needed(sla, "unit")) and unit.value not in {"d", "day", "days"}:
            reader.refuse(unit, f"{unit.value!r} is not enforced; write d, for days")
        if element := reader.needed(sla, "element"):
            table, _, column = str(element.value).rpartition(".")
            if dataset is None or table != dataset.value or column not in names:
                reader.refuse(element, f"{element.value!r} is no column here; write <schema name>.<property name>")
            found = TableFreshness(str(schema["physicalName"].value) if schema["physicalName"] else "", column, days)
    return found
