"""From ODCS 3.1 YAML to a compiled contract, at build time. What nothing enforces is refused, with its line.

The keys of ODCS carry what they can; the rest stands under `customProperties`, in `known.CUSTOM` and in that of a
column. A contract without `keyPattern` is a table that is only watched: rules on its columns are refused too.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from open_data_contract_standard.model import OpenDataContractStandard
from pydantic import ValidationError

from suimon.contract.conflicts import Conflict, conflict_of
from suimon.contract.dates import USUAL, DateBounds
from suimon.contract.file import LANGUAGES, Condition, FileFormat, Language, Metric, Tolerance
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract, Contracts
from suimon.contract.odcs.absent import refuse_needed
from suimon.contract.odcs.arrival import begin_with, read_arrival, refuse_too_many
from suimon.contract.odcs.clauses import (
    Clause,
    ContractFileError,
    Problem,
    brief,
    parse,
    undecided,
    unenforced,
)
from suimon.contract.odcs.columns import read_columns, read_primary_key, refuse_rules
from suimon.contract.odcs.dialect import fit, read_dialect
from suimon.contract.odcs.freshness import read_freshness
from suimon.contract.odcs.known import ADVICE, CONTRACT, CUSTOM
from suimon.contract.odcs.owner import read_owner
from suimon.contract.odcs.partition import read_partition, read_parts
from suimon.contract.odcs.quality import as_rules, read_quality, refuse_many_keys, refuse_quality
from suimon.contract.odcs.reader import Reader, number, written
from suimon.contract.odcs.runs import read_dag, read_max_run_minutes, read_runs_at_once
from suimon.contract.odcs.sets import read_key_pattern, read_set
from suimon.contract.odcs.sla import FRESHNESS as FRESHNESS_WORD
from suimon.contract.odcs.sla import read_words, with_words
from suimon.contract.odcs.versions import earlier_files, read_effective_from, with_earlier
from suimon.contract.odcs.volume import read_file_volume
from suimon.contract.partition import Unit
from suimon.contract.placeholders import DS
from suimon.contract.reserved import refused_dataset, refused_table

API_VERSIONS = ("v3.1.0", "v3.2.0")
_TABLE = r"[a-z_][a-z0-9_]*"
# A table that is only watched may lie in another schema.
_ANY_TABLE = rf"(?:{_TABLE}\.)?{_TABLE}"
_MOST_DAYS = 36_525  # a hundred years


def read_contract(path: Path) -> Contract:
    """Read one ODCS file, and its earlier versions; ContractFileError with everything that is wrong in them."""
    return _read_versions(path)[0]


def _read_versions(path: Path) -> tuple[Contract, Clause]:
    """Read one ODCS file with the earlier versions that lie beside it, and return its own clauses too."""
    found, problems = list[tuple[Contract, Clause]](), list[Problem]()
    for file in (path, *earlier_files(path)):
        try:
            found.append(_read_file(file))
        except ContractFileError as error:
            problems += error.problems
    if not problems:
        contract, problems = with_earlier(path, found)
    if problems:
        raise ContractFileError(problems)
    return contract, found[0][1]


def _read_file(path: Path) -> tuple[Contract, Clause]:
    """Read one ODCS file, and return its clauses too."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ContractFileError([Problem(str(path), 1, "", f"cannot be read: {error}")]) from error
    document = parse(text, str(path))
    if not isinstance(document.value, dict):
        what = "a list" if isinstance(document.value, list) else "a text"
        raise ContractFileError([document.problem(f"a contract is a mapping, this is {what}; is it a data file?")])
    problems = [*unenforced(document, CONTRACT, ADVICE), *undecided(text, str(path))]
    reader = Reader(problems)
    contract = _read(document, reader)
    ours = {(problem.line, problem.path) for problem in problems}  # these say more of a place than the model does
    problems += [problem for problem in _not_odcs(document) if (problem.line, problem.path) not in ours]
    if problems:
        raise ContractFileError(
            sorted(set(problems), key=lambda problem: (problem.line, problem.path, problem.message))
        )
    return contract, document


def read_contract_files(paths: Iterable[Path]) -> Contracts:
    """Read every contract of a release; ContractFileError with everything that is wrong in any of them."""
    contracts: list[Contract] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            contract, document = _read_versions(path)
        except ContractFileError as error:
            problems += error.problems
            continue
        conflicts = [conflict for known in contracts if (conflict := conflict_of(known, contract))]
        if conflicts:
            problems.append(_place_of(document, conflicts[0]).problem(conflicts[0].message))
        else:
            contracts.append(contract)
    if problems:
        raise ContractFileError(problems)
    return Contracts(tuple(sorted(contracts, key=lambda contract: contract.dataset)))


def _place_of(document: Clause, conflict: Conflict) -> Clause:
    """Return the clause that two contracts share; a control file's key stands beside the pattern of keys."""
    if conflict.clause in {"dataset", "table"}:
        return document.at(("schema", 0, "name" if conflict.clause == "dataset" else "physicalName"))
    wanted = "dag" if conflict.clause == "dag" else "keyPattern"
    given = document["customProperties"] or ()
    return next((one.at(("value",)) for one in given if (name := one["property"]) and name.value == wanted), document)


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
    for key, known in (("apiVersion", API_VERSIONS), ("kind", ("DataContract",))):
        if (clause := reader.needed(document, key)) and clause.value not in known:
            reader.refuse(clause, f"is {brief(clause)}; Suimon reads {' and '.join(known)}")
    schema = _only_schema(document, reader)
    custom = reader.custom_properties(document, CUSTOM)
    gated = "keyPattern" in custom
    entries, words = read_words(document, schema, reader)
    watched = Contract(
        dataset=reader.text(schema, "name", r"[a-z][a-z0-9_]*", "a small letter, then small letters, digits and _"),
        version=reader.text(document, "version"),
        table=reader.text(schema, "physicalName", _TABLE if gated else _ANY_TABLE, "the name of the warehouse table"),
        language=_language(custom["language"], reader) if "language" in custom else "en",
        freshness=read_freshness(entries, custom.get(FRESHNESS_WORD), schema, reader, gated=gated),
        owner=read_owner(document, reader),
    )
    if gated:
        if words and (arrival := with_words(custom.get("arrival"), words, reader)):
            custom["arrival"] = arrival
        return _gated(watched, document, schema, custom, reader)
    for name in ("language", FRESHNESS_WORD):
        custom.pop(name, None)
    for name, clause in words.items():
        reader.refuse(clause, f"{name} is not enforced without a keyPattern; add one or remove it")
    for name, clause in custom.items():
        reader.refuse(clause, f"{name} is not enforced without a keyPattern; add one or remove it")
    refuse_rules(schema, reader)
    refuse_quality(schema, reader)
    return watched


def _gated(watched: Contract, document: Clause, schema: Clause, custom: dict[str, Clause], reader: Reader) -> Contract:
    """Add what concerns the file."""
    _refuse_names(watched, schema, reader)
    given = custom.get("dialect")
    if given is None:
        reader.refuse(
            document, "a contract with a keyPattern needs customProperties, property dialect: it is not guessed"
        )
    dialect = read_dialect(given, reader) if given else FileFormat()
    _refuse_newer(document, schema, reader)
    pattern = read_key_pattern(custom["keyPattern"], read_parts(custom.get("parts"), reader), reader)
    holding = read_partition(custom.get("partition"), custom["keyPattern"], pattern, reader)
    columns = read_columns(schema, dialect, holding, reader)
    conditions: tuple[Condition, ...] = ()
    metrics: tuple[Metric, ...] = ()
    # A condition over a column of unknown type would be refused for reasons that are none of its own.
    if all(reader.sound(column, "name", "logicalType") for column in schema["properties"] or ()):
        if given:
            fit(given, dialect, columns, reader)
        conditions, metrics = read_quality(schema, columns, dialect, reader)
        columns, metrics = as_rules(columns, metrics)
        refuse_many_keys(schema, columns, metrics, reader)
        refuse_needed(schema, dialect, columns, conditions, metrics, reader)
    _refuse_undated(pattern, schema, custom, conditions, reader)
    dates = _dates(custom["dates"], reader) if "dates" in custom else USUAL
    unit = pattern.unit if pattern else Unit.DAY
    arrival = read_arrival(custom["arrival"], unit, reader) if unit is not Unit.NONE and "arrival" in custom else None
    if arrival and pattern:
        refuse_too_many(arrival, pattern, custom["arrival"], reader)
    if arrival and "dates" in custom and dates.not_before > USUAL.not_before:
        arrival = begin_with(arrival, custom["arrival"], dates.not_before, reader)
    if arrival and dates.days_back is not None and dates.days_back < arrival.days_after:
        reader.refuse(custom["dates"], f"daysBack rejects what comes by its deadline, {arrival.days_after} days later")
    return replace(
        watched,
        volume=read_file_volume(custom, columns, reader),
        dag_id=read_dag(document, custom, reader),
        runs_at_once=read_runs_at_once(custom.get("runsAtOnce"), reader),
        max_run_minutes=read_max_run_minutes(custom.get("maxRunMinutes"), reader),
        key_pattern=pattern,
        file=dialect,
        columns=columns,
        primary_key=read_primary_key(schema, reader),
        conditions=conditions,
        metrics=metrics,
        tolerance=_tolerance(custom["tolerance"], reader) if "tolerance" in custom else None,
        dates=dates,
        arrival=arrival,
        set_rule=read_set(custom["keyPattern"], pattern, custom.get("set"), reader),
        effective_from=read_effective_from(custom.get("effectiveFrom"), unit, reader),
    )


def _refuse_names(watched: Contract, schema: Clause, reader: Reader) -> None:
    if refused := refused_table(watched.table):
        table = schema["physicalName"] or schema
        reader.refuse(table, f"{brief(table)} {refused}")
    if refused := refused_dataset(watched.dataset):
        reader.refuse(schema["name"] or schema, refused)


def _refuse_undated(
    pattern: KeyPattern | None,
    schema: Clause,
    custom: dict[str, Clause],
    conditions: tuple[Condition, ...],
    reader: Reader,
) -> None:
    """Refuse what needs a day, of keys that name none."""
    if pattern is None:
        return
    if pattern.unit not in (Unit.DAY, Unit.HOUR) and any(one.names_date for one in conditions):
        what = "no time" if pattern.unit is Unit.NONE else f"a {pattern.unit} and no day"
        reader.refuse(
            schema["quality"] or schema, f"a condition names {DS}, but the key names {what}; compare otherwise"
        )
    if pattern.unit is Unit.NONE:
        for name in ("dates", "arrival"):
            if given := custom.get(name):
                reader.refuse(given, f"{name} is not enforced: a file that replaces the whole table has no date")


def _refuse_newer(document: Clause, schema: Clause, reader: Reader) -> None:
    """Of what is read only `enum` is no part of ODCS 3.1: tools that hold to it would refuse the contract."""
    version = document["apiVersion"]
    for column in schema["properties"] or ():
        if (given := column["enum"]) and version and version.value == "v3.1.0":
            other = "quality: metric invalidValues with arguments.validValues and mustBe: 0"
            reader.refuse(given, f"enum is of ODCS v3.2.0; write that apiVersion, or {other}")


def _only_schema(document: Clause, reader: Reader) -> Clause:
    schemas = list(document["schema"] or ())
    for further in schemas[1:]:
        reader.refuse(further, "a second schema is not enforced; one contract describes one file and one table")
    if not schemas:
        reader.refuse(document["schema"] or document, "a contract needs one schema")
        return document
    return schemas[0]


def _language(clause: Clause, reader: Reader) -> Language:
    for language in LANGUAGES:
        if clause.value == language:
            return language
    reader.refuse(clause, f"must be one of {', '.join(LANGUAGES)}, is {brief(clause)}")
    return "en"


def _tolerance(clause: Clause, reader: Reader) -> Tolerance | None:
    rows = reader.optional_whole(clause, "maxRows", least=1)
    given = clause["maxPercent"]
    percent = number(given) if given else None
    if given and not (percent is not None and 0 < percent <= 100):  # noqa: PLR2004 percent
        reader.refuse(given, f"must be a number above 0 and of at most 100, is {brief(given)}")
    if given is None and rows is None:
        reader.refuse(clause, "needs maxRows, maxPercent or both")
    return Tolerance(rows, written(percent) if percent is not None else None)


def _dates(clause: Clause, reader: Reader) -> DateBounds:
    not_before = USUAL.not_before
    if given := clause["notBefore"]:
        try:
            not_before = date.fromisoformat(reader.text(clause, "notBefore", r"\d{4}-\d\d-\d\d", "a date YYYY-MM-DD"))
        except ValueError:
            if reader.sound(clause, "notBefore"):
                reader.refuse(given, f"{brief(given)} is no real date")
    back = reader.optional_whole(clause, "daysBack", most=_MOST_DAYS)
    ahead = reader.optional_whole(clause, "daysAhead", most=_MOST_DAYS)
    if not any(clause[key] for key in ("notBefore", "daysBack", "daysAhead")):
        reader.refuse(clause, "needs notBefore, daysBack or daysAhead")
    return DateBounds(not_before, back, USUAL.days_ahead if ahead is None else ahead)
