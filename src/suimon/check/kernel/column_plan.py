"""The plan of one column: its type, its rules and its figures as the kernel's structures."""

import struct
from collections.abc import Iterable
from dataclasses import field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from suimon.check.kernel import library
from suimon.check.kernel.patterns import UnknownPatternError, automaton
from suimon.check.rules_as_sql import Key, Rule
from suimon.check.verdict import Code
from suimon.contract.file import Column, FileFormat
from suimon.contract.model import Contract
from suimon.contract.partition import Partition
from suimon.values import dataclass

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
NO_LIMIT = 2**62
_SHORT = 8  # decimal places that the kernel reads at once
_DAY_ONE = date(1970, 1, 1)
_SEED = 0x632BE59BD9B4E019
_MASK = 2**64 - 1


class UnplannedError(ValueError):
    """A rule that the kernel does not know, or only in another form."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the columns of a plan have in common. `encoding` is that of the bytes the kernel sees."""

    dialect: FileFormat
    encoding: str
    partition: Partition | None
    memory: list[Any] = field(default_factory=list)  # what the structures point to

    def text(self, text: str) -> bytes:
        """Encode a text of the contract as the file has it."""
        try:
            return text.encode(self.encoding)
        except UnicodeEncodeError:
            raise UnplannedError(f"{self.encoding} cannot write a text of the contract") from None

    def array(self, kind: Any, items: Iterable[Any]) -> Any:
        """Return an array of C that lives as long as the plan."""
        listed = list(items)
        made = (kind * max(1, len(listed)))(*listed)
        self.memory.append(made)
        return made

    def texts(self, values: Iterable[str]) -> library.Texts:
        """Return texts in the order in which the kernel looks for one."""
        raw = sorted({self.text(value) for value in values}, key=lambda one: (len(one), one))
        self.memory.append(raw)
        return library.Texts(self.array(library.Text, [library.Text(one, len(one)) for one in raw]), len(raw))

    def automaton(self, pattern: str) -> library.Automaton:
        """Return what matches a pattern; UnplannedError if nothing here can."""
        try:
            made = automaton(pattern)
        except UnknownPatternError as error:
            raise UnplannedError(f"pattern {pattern}: {error}") from None
        self.memory.append(made)
        return library.Automaton(*made)


@dataclass(frozen=True)
class ColumnPlan:
    """The plan of one column."""

    sheet: Sheet
    contract: Contract
    column: Column
    made: library.Column

    @cached_property
    def form(self) -> str:
        """How dates and timestamps are written."""
        return self.column.format or _ISO_DATE

    def plan(self, rules: list[Rule]) -> None:
        """Plan the column's type and its rules."""
        column, made = self.column, self.made
        if column.type in {"string", "boolean"} and column.form("."):
            raise UnplannedError("texts that are read otherwise than they stand there")
        made.type = _TYPES[column.type]
        if column.type != "string" and Code.TYPE_ERROR not in {rule.code for rule in rules}:
            raise UnplannedError("values of no type")
        made.bits = column.bits or 32
        made.scale = column.scale or 0
        made.one = 10 ** min(made.scale, _SHORT)
        made.limit_low, made.limit_high = halves(10 ** (column.precision or 38))
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
                made.minimum_low, made.minimum_high = halves(self._bound(column.minimum))
            case Code.MAXIMUM_ERROR if column.maximum is not None:
                made.flags |= library.MAXIMUM
                made.maximum_low, made.maximum_high = halves(self._bound(column.maximum))
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
                self._within(days_of(str(of.first)), days_of(str(of.last)))
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
        made.minimum_low, made.minimum_high = halves(least)
        made.maximum_low, made.maximum_high = halves(most)

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
                return days_of(text)
            case "timestamp":
                moment = datetime.fromisoformat(text)
                seconds = days_of(text[:10]) * 86_400 + moment.hour * 3600 + moment.minute * 60 + moment.second
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
        """Plan which keys and which sum the column takes part in."""
        parts = [part_of(number, key.columns.index(place)) for number, key in enumerate(keys) if place in key.columns]
        self.made.parts, self.made.part_count = self.sheet.array(library.Part, parts), len(parts)
        if place in sums:
            self.made.sum = sums.index(place)

    def metrics(self, rules: list[tuple[int, Rule]], order: tuple[int, ...]) -> None:
        """Plan what the column counts for the contract's metrics."""
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


def part_of(key: int, number: int) -> library.Part:
    """Return a column's part in a key: its factor in the key's hash."""
    return library.Part(_SEED * (number + 1) & _MASK, key)


def days_of(text: str) -> int:
    """Return a date as days since 1970."""
    try:
        return (date.fromisoformat(text) - _DAY_ONE).days
    except ValueError:
        raise UnplannedError(f"{text} is no date") from None


def halves(number: int) -> tuple[int, int]:
    """Return the lower and the upper 64 bits of a number."""
    low, high = struct.unpack("<Qq", number.to_bytes(16, "little", signed=True))
    return low, high
