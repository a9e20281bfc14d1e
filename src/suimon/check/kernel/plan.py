"""From a contract to the kernel's plan of a file. What the plan cannot say, the kernel is not asked."""

from dataclasses import replace
from typing import Any

from suimon.check.grammar import MAX_RECORD_BYTES
from suimon.check.kernel import library
from suimon.check.kernel.column_plan import NO_LIMIT, ColumnPlan, Sheet, UnplannedError, days_of, halves, part_of
from suimon.check.kernel.tables import tables
from suimon.check.rules_as_sql import Rule, Rules
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.contract.partition import partition_of
from suimon.values import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, and the figures of it that are asked for. `raw`: the kernel sees the file's own encoding."""

    structure: library.PlanOfFile
    memory: list[Any]
    raw: bool
    keys: int
    sums: int
    metrics: tuple[int, ...]  # places of the rules that count for a metric

    @property
    def width(self) -> int:
        """How many cells a record has."""
        return int(self.structure.width)


def plan_for(contract: Contract, partition: str | None, places: tuple[int | None, ...], rules: Rules) -> Plan:
    """Return the plan of a file with these columns; UnplannedError if a rule of it would be left out.

    It is made of the very rules that DuckDB would be given: one that is not known here is refused.
    """
    dialect = contract.file
    if dialect is None:
        raise UnplannedError("no dialect")
    raw = reads_raw(contract, dialect)
    sheet = Sheet(dialect, dialect.encoding if raw else "utf-8", partition_of(partition) if partition else None)
    metrics = tuple(number for number, rule in enumerate(rules.rules) if rule.metric is not None)
    if max(len(rules.keys), len(rules.sums), len(metrics)) > library.MOST_FIGURES:
        raise UnplannedError("more figures than there is room for")
    by_column: dict[int, list[tuple[int, Rule]]] = {place: [] for place in places if place is not None}
    for number, rule in enumerate(rules.rules):
        if len(rule.columns) != 1:
            raise UnplannedError(f"{rule.code} over several columns")
        by_column[rule.columns[0]].append((number, rule))
    columns = [_unknown() for _ in places]
    for made, place in zip(columns, places, strict=True):
        if place is not None:
            planner = ColumnPlan(sheet, contract, contract.columns[place], made)
            planner.plan([rule for _, rule in by_column[place] if rule.metric is None])
            planner.figures(place, rules.keys, rules.sums)
            planner.metrics([(number, rule) for number, rule in by_column[place] if rule.metric is not None], metrics)
    structure = _structure(sheet, columns)
    structure.key_count, structure.sum_count, structure.metric_count = len(rules.keys), len(rules.sums), len(metrics)
    return Plan(structure, sheet.memory, raw, len(rules.keys), len(rules.sums), metrics)


def reads_raw(contract: Contract, dialect: FileFormat) -> bool:
    """Return whether the bytes of a file need not be transcoded: no mark of the dialect may be half a character."""
    if dialect.encoding not in {"cp932", "shift_jis", "euc-jp"} or dialect.escape == "\\":
        return False
    texts = [*dialect.null_tokens, *(value for metric in contract.metrics for value in metric.values or ())]
    marks = dialect.delimiter + dialect.quote
    return all(mark < "@" for mark in marks) and all(text.isascii() for text in texts)


def plan_of_keys(columns: tuple[Column, ...], *, by_code_points: bool) -> Plan:
    """Return the plan of a file that DuckDB writes of the keys it found: a number, then the parts of one key."""
    sheet = Sheet(FileFormat(null_tokens=()), "utf-8", None)
    made = [_unknown() for _ in range(len(columns) + 1)]
    for number, (one, column) in enumerate(zip(made[1:], columns, strict=True)):
        if column.type == "string":
            one.type = library.TEXT
        else:  # written as a whole number
            one.type = library.DECIMAL
            one.limit_low, one.limit_high = halves(10**38)
        one.parts, one.part_count = sheet.array(library.Part, [part_of(0, number)]), 1
    structure = _structure(sheet, made)
    structure.key_count, structure.by_code_points = 1, by_code_points
    return Plan(structure, sheet.memory, raw=False, keys=1, sums=0, metrics=())


def plan_to_find_keys(plan: Plan) -> Plan:
    """Return a plan of the same file that reads no cells but those of its keys: enough to find records by them."""
    structure = library.PlanOfFile.from_buffer_copy(plan.structure)
    columns = (library.Column * plan.width)()
    for place in range(plan.width):
        known = plan.structure.columns[place]
        columns[place] = known if known.part_count else _unknown()
        columns[place].metric_count, columns[place].sum = 0, -1
    structure.columns, structure.sum_count, structure.metric_count = columns, 0, 0
    return Plan(structure, [*plan.memory, columns], plan.raw, plan.keys, sums=0, metrics=())


def plan_of_sheets(plan: Plan) -> Plan:
    """Return a plan of what DuckDB reads of the same file: UTF-8 without comments, quotes doubled, any line ending.

    It reads no cells but those of the keys, and asks of them only that they are of their types, as a key does.
    """
    made = plan_to_find_keys(plan)
    structure = made.structure
    for place in range(made.width):
        column = structure.columns[place]
        column.flags, column.least, column.most = 0, 0, NO_LIMIT
    structure.wants_lf = structure.wants_crlf = structure.backslash = 0
    structure.comment, structure.encoding = library.Text(), library.Encoding()
    return replace(made, raw=False)


def _unknown() -> library.Column:
    """Return a column without a rule."""
    return library.Column(type=library.UNKNOWN, most=NO_LIMIT, sum=-1)


def _structure(sheet: Sheet, columns: list[library.Column]) -> library.PlanOfFile:
    dialect = sheet.dialect
    structure = library.PlanOfFile(
        columns=sheet.array(library.Column, columns),
        width=len(columns),
        delimiter=ord(dialect.delimiter),
        quote=ord(dialect.quote) if dialect.quote else 0,
        backslash=bool(dialect.quote) and dialect.escape == "\\",
        decimal=ord(dialect.decimal),
        wants_lf=dialect.line_ending == "lf",
        wants_crlf=dialect.line_ending == "crlf",
        empty_is_null="" in dialect.null_tokens,
        null_tokens=sheet.texts(token for token in dialect.null_tokens if token),
        # In UTF-8 a record takes up to three times as many bytes.
        longest=MAX_RECORD_BYTES if sheet.encoding == "utf-8" else MAX_RECORD_BYTES // 3,
    )
    if dialect.comment:
        comment = sheet.text(dialect.comment)
        structure.comment = library.Text(comment, len(comment))
    if sheet.partition is not None and sheet.partition.first:
        day = sheet.partition.first.isoformat()
        partition = sheet.text(day)
        structure.partition = library.Text(partition, len(partition))
        structure.partition_day = days_of(day)
    if sheet.encoding != "utf-8":
        made = tables(dialect.encoding)
        structure.encoding = library.Encoding(*made)
        structure.by_code_points = 1
        sheet.memory.append(made)
    sheet.memory.append(columns)
    return structure


__all__ = ["Plan", "UnplannedError", "plan_for", "plan_of_keys", "plan_of_sheets", "plan_to_find_keys", "reads_raw"]
