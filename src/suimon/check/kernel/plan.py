"""From a contract to the kernel's plan of a file. What the plan cannot say, the kernel is not asked."""

import struct
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from suimon.check.grammar import MAX_RECORD_BYTES
from suimon.check.kernel import library
from suimon.check.kernel.patterns import UnknownPatternError, automaton
from suimon.check.kernel.tables import tables
from suimon.check.rules_as_sql import Key, Rule, Rules
from suimon.check.verdict import Code
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.contract.partition import Partition, partition_of

_TYPES = {
    "string": library.TEXT,
    "integer": library.INTEGER,
    "decimal": library.DECIMAL,
    "date": library.DATE,
    "timestamp": library.TIMESTAMP,
    "boolean": library.BOOLEAN,
}
_METRICS = {
    "nullValues": library.NULL_VALUES,
    "missingValues": library.MISSING_VALUES,
    "invalidValues": library.INVALID_VALUES,
}
_DIRECTIVES = frozenset("YmdHMSgfz")
_ISO_DATE = "%Y-%m-%d"
_NO_LIMIT = 2**62
_SHORT = 8  # decimal places that the kernel reads at once
_DAY_ONE = date(1970, 1, 1)
_SEED = 0x632BE59BD9B4E019
_MASK = 2**64 - 1


class UnplannedError(ValueError):
    """A rule that the kernel does not know, or only in another form."""


@dataclass(frozen=True, slots=True)
class _Sheet:
    """What the columns of a plan have in common. `encoding` is that of the bytes the kernel sees."""

    dialect: FileFormat
    encoding: str
    partition: Partition | None
    memory: list[Any] = field(default_factory=list)  # what the structures point to

    def text(self, text: str) -> bytes:
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnplannedError(f"{self.encoding} cannot write a text of the contract") from None

    def array(self, kind: Any, items: Iterable[Any]) -> Any:
        listed = list(items)
        made = (kind * max(1, len(listed)))(*listed)
        self.memory.append(made)
        return made

    def texts(self, values: Iterable[str]) -> library.Texts:
        raw = sorted({self.text(value) for value in values}, key=lambda one: (len(one), one))
        self.memory.append(raw)
        return library.Texts(self.array(library.Text, [library.Text(one, len(one)) for one in raw]), len(raw))

    def automaton(self, pattern: str) -> library.Automaton:
        try:
            made = automaton(pattern)
        except UnknownPatternError as error:
            raise UnplannedError(f"pattern {pattern}: {error}") from None
        self.memory.append(made)
        return library.Automaton(*made)


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
    sheet = _Sheet(dialect, dialect.encoding if raw else "utf-8", partition_of(partition) if partition else None)
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
            planner = _ColumnPlan(sheet, contract, contract.columns[place], made)
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
    sheet = _Sheet(FileFormat(null_tokens=()), "utf-8", None)
    made = [_unknown() for _ in range(len(columns) + 1)]
    for number, (one, column) in enumerate(zip(made[1:], columns, strict=True)):
        if column.type == "string":
            one.type = library.TEXT
        else:  # written as a whole number
            one.type = library.DECIMAL
            one.limit_low, one.limit_high = _halves(10**38)
        one.parts, one.part_count = sheet.array(library.Part, [_part(0, number)]), 1
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


def _unknown() -> library.Column:
    """Return a column without a rule."""
    return library.Column(type=library.UNKNOWN, most=_NO_LIMIT, sum=-1)


def _structure(sheet: _Sheet, columns: list[library.Column]) -> library.PlanOfFile:
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
        structure.partition_day = _days(day)
    if sheet.encoding != "utf-8":
        made = tables(dialect.encoding)
        structure.encoding = library.Encoding(*made)
        structure.by_code_points = 1
        sheet.memory.append(made)
    sheet.memory.append(columns)
    return structure


@dataclass(frozen=True)
class _ColumnPlan:
    """The plan of one column."""

    sheet: _Sheet
    contract: Contract
    column: Column
    made: library.Column

    @cached_property
    def form(self) -> str:
        """How dates and timestamps are written."""
        return self.column.format or _ISO_DATE

    def plan(self, rules: list[Rule]) -> None:
        column, made = self.column, self.made
        if column.type in {"string", "boolean"} and column.form("."):
            raise UnplannedError("texts that are read otherwise than they stand there")
        made.type = _TYPES[column.type]
        if column.type != "string" and Code.TYPE_ERROR not in {rule.code for rule in rules}:
            raise UnplannedError("values of no type")
        made.bits = column.bits or 32
        made.scale = column.scale or 0
        made.one = 10 ** min(made.scale, _SHORT)
        made.limit_low, made.limit_high = _halves(10 ** (column.precision or 38))
        if column.type == "boolean":
            made.true_words = self.sheet.texts(column.true_words or ("true",))
            made.false_words = self.sheet.texts(column.false_words or ("false",))
        if column.type in {"date", "timestamp"}:
            steps = list(self._steps())
            made.format, made.format_size = self.sheet.array(library.Step, steps), len(steps)
        for rule in rules:
            self._rule(rule)

    def _rule(self, rule: Rule) -> None:
        column, made = self.column, self.made
        match rule.code:
            case Code.TYPE_ERROR:
                pass
            case Code.REQUIRED_ERROR:
                made.flags |= library.REQUIRED
            case Code.MINIMUM_ERROR if column.minimum is not None:
                made.flags |= library.MINIMUM
                made.minimum_low, made.minimum_high = _halves(self._bound(column.minimum))
            case Code.MAXIMUM_ERROR if column.maximum is not None:
                made.flags |= library.MAXIMUM
                made.maximum_low, made.maximum_high = _halves(self._bound(column.maximum))
            case Code.PARTITION_ERROR if column.partition == "ds" and column.type in {"date", "timestamp"}:
                made.flags |= library.PARTITION | (library.ISO if self.form == _ISO_DATE else 0)
            case Code.PARTITION_ERROR:
                self._rule_of_partition(self.sheet.partition)
            case _:
                self._rule_of_texts(rule)

    def _rule_of_partition(self, of: Partition | None) -> None:
        """Plan it by other rules that the kernel has: bounds of dates and hours, the one value of a text."""
        column, made = self.column, self.made
        match column.partition:
            case "month" | "week" if of and column.type == "date":
                self._within(_days(str(of.first)), _days(str(of.last)))
            case "hour" if of and of.hour is not None and column.type == "integer":
                self._within(of.hour, of.hour)
            case name if of and name in dict(of.parts) and column.allowed is None:
                made.flags |= library.ALLOWED
                made.allowed = self.sheet.texts([dict(of.parts)[name]])
            case name:
                raise UnplannedError(f"{name} of the partition in a {column.type}")

    def _within(self, least: int, most: int) -> None:
        column, made = self.column, self.made
        least = least if column.minimum is None else max(least, self._bound(column.minimum))
        most = most if column.maximum is None else min(most, self._bound(column.maximum))
        made.flags |= library.MINIMUM | library.MAXIMUM
        made.minimum_low, made.minimum_high = _halves(least)
        made.maximum_low, made.maximum_high = _halves(most)

    def _rule_of_texts(self, rule: Rule) -> None:
        column, made = self.column, self.made
        match rule.code:
            case Code.MIN_LENGTH_ERROR if column.min_length is not None and column.type == "string":
                made.least = column.min_length
            case Code.MAX_LENGTH_ERROR if column.max_length is not None and column.type == "string":
                made.most = column.max_length
            case Code.PATTERN_ERROR if column.pattern is not None and column.type == "string":
                made.flags |= library.PATTERN
                made.pattern = self.sheet.automaton(column.pattern)
            case Code.ALLOWED_VALUES_ERROR if column.allowed is not None and column.type in {"string", "integer"}:
                made.flags |= library.ALLOWED
                made.allowed = self.sheet.texts(column.allowed)
            case code:
                raise UnplannedError(f"{code} of {column.type}")

    def _bound(self, text: str) -> int:
        match self.column.type:
            case "integer":
                return int(text)
            case "decimal":
                scaled = Decimal(text).scaleb(self.column.scale or 0)
                if scaled != scaled.to_integral_value():
                    raise UnplannedError("a bound between two values")
                return int(scaled)
            case "date":
                return _days(text)
            case "timestamp":
                moment = datetime.fromisoformat(text)
                seconds = _days(text[:10]) * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
                return seconds * 1_000_000 + moment.microsecond
            case other:
                raise UnplannedError(f"a bound of {other}")

    def _steps(self) -> Iterable[library.Step]:
        form, at = self.form, 0
        while at < len(form):
            if form[at] == "%":
                if form[at + 1 : at + 2] not in _DIRECTIVES:  # as of the Japanese era
                    raise UnplannedError(f"format {form}")
                yield library.Step(ord(form[at + 1]), 0)
                at += 2
            else:
                yield from (library.Step(0, byte) for byte in self.sheet.text(form[at]))
                at += 1

    def figures(self, place: int, keys: tuple[Key, ...], sums: tuple[int, ...]) -> None:
        parts = [_part(number, key.columns.index(place)) for number, key in enumerate(keys) if place in key.columns]
        self.made.parts, self.made.part_count = self.sheet.array(library.Part, parts), len(parts)
        if place in sums:
            self.made.sum = sums.index(place)

    def metrics(self, rules: list[tuple[int, Rule]], order: tuple[int, ...]) -> None:
        made = []
        for number, rule in rules:
            metric = self.contract.metrics[rule.metric or 0]
            if metric.name not in _METRICS:
                raise UnplannedError(f"metric {metric.name}")
            one = library.Metric(kind=_METRICS[metric.name], counter=order.index(number))
            if metric.values is not None:
                one.has_values, one.values = 1, self.sheet.texts(metric.values)
            if metric.pattern is not None:
                one.has_pattern, one.pattern = 1, self.sheet.automaton(metric.pattern)
            made.append(one)
        self.made.metrics, self.made.metric_count = self.sheet.array(library.Metric, made), len(made)


def _part(key: int, number: int) -> library.Part:
    return library.Part(_SEED * (number + 1) & _MASK, key)


def _days(text: str) -> int:
    try:
        return (date.fromisoformat(text) - _DAY_ONE).days
    except ValueError:
        raise UnplannedError(f"{text} is no date") from None


def _halves(number: int) -> tuple[int, int]:
    low, high = struct.unpack("<Qq", number.to_bytes(16, "little", signed=True))
    return low, high


__all__ = ["Plan", "UnplannedError", "plan_for", "plan_of_keys", "plan_to_find_keys", "reads_raw"]
