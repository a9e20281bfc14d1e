"""What differs between two contracts of a dataset, and for whom that breaks something. Pure.

Breaking for the sender is what makes a file that was right a wrong one; for the table what no ALTER does; for files
already stored what a replay of them, or of a set that is not whole yet, would meet.
"""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from suimon.dataset.create_table import create_table
from suimon.values import dataclass
from suimon.warehouse.describe import partition_columns
from suimon.warehouse.migration import declared, plan_migration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from suimon.contract.file import Column, FileFormat, Metric
    from suimon.contract.model import Contract

Whom = Literal["sender", "table", "stored"]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: whom it concerns, whether it breaks something there, the clause, and in words what follows."""

    whom: Whom
    breaks: bool
    clause: str
    text: str


@dataclass(frozen=True, slots=True)
class Difference:
    """Two contracts compared. `statements`: the DDL that the table needs and `suimon warehouse migrate` sends."""

    changes: tuple[Change, ...]
    statements: tuple[str, ...]

    @property
    def breaks(self) -> bool:
        """Whether something breaks, for anybody."""
        return any(change.breaks for change in self.changes)


def difference(old: Contract, new: Contract) -> Difference:
    """Compare two contracts of one dataset; ValueError when they are not."""
    if old.dataset != new.dataset:
        raise ValueError(f"the one is of dataset {old.dataset}, the other of {new.dataset}")
    sender = [*_keys(old, new), *_files(old, new), *_columns(old, new), *_rules(old, new), *_due(old, new)]
    table, statements = _table(old, new)
    return Difference((*sender, *table, *_stored(old, new, sender)), statements)


# -- the sender --------------------------------------------------------------------------------------------------------


def _keys(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ([pattern.text for pattern in one.patterns] for one in (old, new))
    if before != after:
        yield Change(
            "sender",
            breaks=True,
            clause="keyPattern",
            text=f"{_listed(before)} becomes {_listed(after)}: a file under an old key alone matches no contract",
        )
    if old.set_rule != new.set_rule:
        yield Change("sender", breaks=True, clause="set", text="which files make a date whole is said otherwise")
    if old.dates != new.dates:
        narrower = new.dates.not_before > old.dates.not_before or new.dates.days_ahead < old.dates.days_ahead
        back, before_back = new.dates.days_back, old.dates.days_back
        narrower |= back is not None and (before_back is None or back < before_back)
        yield _bound("dates", "which dates keys may have", tighter=narrower)


# How a file may be written: values that take what others take, and more. Any other change breaks.
_WIDER: dict[str, set[tuple[Any, Any]]] = {
    "encoding": {("utf-8", "utf-8-sig")},
    "line_ending": {("lf", "any"), ("crlf", "any")},
    "header_order": {("fixed", "free")},
    "header_case": {("exact", "ignore")},
    "extra_columns": {
        *(("refuse", "warn"), ("refuse", "ignore")),
        *(("warn", "ignore"), ("ignore", "warn")),
    },
}


def _files(old: Contract, new: Contract) -> Iterator[Change]:
    if old.file is None or new.file is None:
        if old.file != new.file:
            yield Change("sender", breaks=old.file is not None, clause="dialect", text="whether files are taken at all")
        return
    for field in fields(old.file):
        before, after = getattr(old.file, field.name), getattr(new.file, field.name)
        if before != after:
            text = f"{_said(before)} becomes {_said(after)}"
            yield Change(
                "sender", breaks=not _takes_more(field.name, before, after), clause=_camel(field.name), text=text
            )


def _takes_more(name: str, before: Any, after: Any) -> bool:
    if name in {"max_ratio", "max_bytes"}:
        return bool(after > before)
    return (before, after) in _WIDER.get(name, set())


def _columns(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = ({column.name: column for column in one.columns} for one in (old, new))
    form = new.file
    for name in before.keys() - after.keys():
        unknown = form is None or not form.header or form.extra_columns == "refuse"
        yield Change(
            "sender",
            breaks=unknown,
            clause=name,
            text="the column is gone" + _if(unknown, ": a file with it is refused"),
        )
    for name in after.keys() - before.keys():
        needed = not after[name].may_be_absent or form is None or not form.header
        text = "a new column" + _if(needed, ": a file without it is refused (mayBeAbsent would take both)")
        yield Change("sender", breaks=needed, clause=name, text=text)
    both = [name for name in before if name in after]
    if both != [name for name in after if name in before] and form:
        fixed = not form.header or form.header_order == "fixed"
        yield Change("sender", breaks=fixed, clause="schema.properties", text="the columns stand in another order")
    for name in both:
        yield from _column(before[name], after[name], form)


def _if(condition: bool, text: str) -> str:  # noqa: FBT001 - a text or none
    return text if condition else ""


# Each rule of a column: whether the new value lets less through than the old one.
def _raised(old: Any, new: Any) -> bool:
    return new is not None and (old is None or _number(new) > _number(old))


def _lowered(old: Any, new: Any) -> bool:
    return new is not None and (old is None or _number(new) < _number(old))


def _fewer(old: Any, new: Any) -> bool:
    return new is not None and (old is None or not set(old) <= set(new))


def _set(old: Any, new: Any) -> bool:
    return bool(new and not old)


def _differs(old: Any, new: Any) -> bool:
    return new is not None and old != new


_TIGHTER: dict[str, Callable[[Any, Any], bool]] = {
    **dict.fromkeys(("required", "unique", "partition"), _set),
    **dict.fromkeys(("min_length", "minimum"), _raised),
    **dict.fromkeys(("max_length", "maximum"), _lowered),
    "allowed": _fewer,
    "may_be_absent": lambda old, new: bool(old and not new),
    "pattern": _differs,
}
_NO_RULE = {"name", "type", "label", "personal", "precision", "scale", "bits"}


def _column(old: Column, new: Column, form: FileFormat | None) -> Iterator[Change]:
    if form and form.header and old.title != new.title:
        folded = form.header_case == "ignore" and old.title.casefold() == new.title.casefold()
        text = f"the header must call it {new.title} instead of {old.title}"
        yield Change("sender", breaks=not folded, clause=f"{new.name}.label", text=text)
    if (before := _type(old)) != (after := _type(new)):
        yield Change(
            "sender", breaks=not _holds(new, old), clause=f"{new.name}.logicalType", text=f"{before} becomes {after}"
        )
    if old.personal != new.personal:
        text = "its values are masked from now on" if new.personal else "its values stand in reports from now on"
        yield Change("sender", breaks=False, clause=f"{new.name}.classification", text=text)
    for field in fields(new):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in _NO_RULE or before == after:
            continue
        tighter = _TIGHTER.get(field.name)
        breaks = tighter(before, after) if tighter else True  # how a value is written
        clause = f"{new.name}.{_camel(field.name)}"
        yield Change("sender", breaks=breaks, clause=clause, text=f"{_said(before)} becomes {_said(after)}")


def _type(column: Column) -> str:
    return column.sql_type.lower() if column.type != "string" else "string"


def _holds(new: Column, old: Column) -> bool:
    """Whether every cell that was right of the old type is right of the new one."""
    if new.type == old.type == "integer":
        return (new.bits or 32) >= (old.bits or 32)
    if new.type == old.type == "decimal":
        scale, before = new.scale or 0, old.scale or 0
        return scale >= before and (new.precision or 38) - scale >= (old.precision or 38) - before
    # How a text is as long as it may be is told by maxLength.
    return new.type == "string" and old.type == "string"


def _rules(old: Contract, new: Contract) -> Iterator[Change]:
    if old.primary_key != new.primary_key:
        breaks = bool(new.primary_key) and not set(old.primary_key or new.primary_key) < set(new.primary_key)
        breaks |= bool(new.primary_key) and not old.primary_key
        text = f"{_listed(old.primary_key)} becomes {_listed(new.primary_key)}"
        yield Change("sender", breaks=breaks, clause="primaryKey", text=text)
    for before, after in ((old, new), (new, old)):
        known = {condition.sql for condition in before.conditions}
        for condition in after.conditions:
            if condition.sql not in known:
                added = after is new
                text = f"{'a new condition' if added else 'the condition is gone'}: {condition.text}"
                yield Change("sender", breaks=added, clause=f"quality.{condition.name}", text=text)
        for metric in after.metrics:
            if _same(metric) not in [_same(one) for one in before.metrics]:
                added = after is new
                text = f"{'a new threshold' if added else 'the threshold is gone'}: {metric.text}"
                where = ".".join(("quality", *metric.columns, metric.name))
                yield Change("sender", breaks=added and metric.severity == "error", clause=where, text=text)
    if old.tolerance != new.tolerance:
        yield _bound("tolerance", "how many bad records are set aside", tighter=_less_tolerant(old, new))


def _same(metric: Metric) -> dict[str, Any]:
    return {name: value for name, value in metric.to_json().items() if name != "text"}


def _less_tolerant(old: Contract, new: Contract) -> bool:
    if old.tolerance is None or new.tolerance is None:
        return new.tolerance is None
    rows = _lowered(old.tolerance.max_rows, new.tolerance.max_rows)
    return rows or _lowered(old.tolerance.max_percent, new.tolerance.max_percent)


def _due(old: Contract, new: Contract) -> Iterator[Change]:
    before, after = old.arrival, new.arrival
    if before == after:
        return
    if before is None or after is None:
        yield Change("sender", breaks=before is None, clause="arrival", text="whether files are waited for")
        return
    earlier = (after.days_after, after.deadline) < (before.days_after, before.deadline)
    earlier |= after.grace_minutes < before.grace_minutes or after.calendar != before.calendar
    earlier |= after.time_zone != before.time_zone
    yield _bound("arrival", "when files are due", tighter=earlier)


def _bound(clause: str, what: str, *, tighter: bool) -> Change:
    return Change(
        "sender", breaks=tighter, clause=clause, text=f"{what}: {'less' if tighter else 'more'} is let through"
    )


# -- the table, and what is stored -------------------------------------------------------------------------------------


def _table(old: Contract, new: Contract) -> tuple[list[Change], tuple[str, ...]]:
    if old.key_pattern is None or new.key_pattern is None:
        return [], ()
    changes = list[Change]()
    if old.table != new.table:
        text = f"{old.table} becomes {new.table}: an empty table; what was loaded stays in the old one"
        changes.append(Change("table", breaks=True, clause="schema.physicalName", text=text))
        return changes, ()
    if old.key_pattern.has_stamp and not new.key_pattern.has_stamp:
        text = (
            "{stamp} is gone: what was loaded by a time in its name counts as newer than any file without one, so that "
            "no such file replaces a partition that is loaded"
        )
        changes.append(Change("table", breaks=True, clause="keyPattern", text=text))
    before, after = (_partition_column(one) for one in (old, new))
    if before != after:
        text = f"a load replaces by {after} instead of {before}: rows loaded before are found only where they agree"
        changes.append(Change("table", breaks=True, clause="partition", text=text))
    plan = plan_migration(new.table, declared(create_table(old)), declared(create_table(new)))
    changes += [Change("table", breaks=True, clause="schema.properties", text=text) for text in plan.refused]
    changes += [Change("table", breaks=False, clause="schema.properties", text=text) for text in plan.notes]
    return changes, plan.statements


def _partition_column(contract: Contract) -> str:
    found = [f"{one.column}, in days" if one.kind == "days" else one.column for one in partition_columns(contract)]
    return " and ".join(found) or "the whole table"


def _stored(old: Contract, new: Contract, sender: list[Change]) -> Iterator[Change]:
    if any(replace(one, effective_from=old.effective_from) == replace(old, earlier=()) for one in new.earlier):
        text = (
            f"files of {new.effective_from} and later are judged by {new.version}, those of before by {old.version} as "
            "ever. Deploy it before the first of the later ones comes"
        )
        yield Change("stored", breaks=False, clause="effectiveFrom", text=text)
        return
    if any(change.breaks and change.clause not in {"keyPattern", "arrival", "set"} for change in sender):
        text = (
            "a replay checks stored files by the new contract, and may reject what it once accepted; which ones, "
            f"and why: suimon replay {new.dataset} --from … --to … --dry-run --contract NEW"
        )
        yield Change("stored", breaks=True, clause="replay", text=text)
    shape = [[(column.name, _type(column)) for column in one.columns] for one in (old, new)]
    if shape[0] != shape[1]:
        text = (
            "a file that is checked before the deployment and loaded after it has the old columns: its run fails, "
            "says so, and suimon retry loads it. Deploy while the dataset is held (suimon hold), or retry afterwards"
        )
        yield Change("stored", breaks=False, clause="in flight", text=text)
        if new.set_rule:
            text = "the shards of a set that is not whole yet were checked by the old columns: they must be sent again"
            yield Change("stored", breaks=True, clause="set", text=text)


def _number(value: Any) -> Any:
    """Return a bound to compare by; dates and moments as they are compiled sort as texts."""
    try:
        return Decimal(value)
    except ArithmeticError:
        return value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _said(value: Any) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _listed(value) if isinstance(value, tuple) else repr(value) if isinstance(value, str) else str(value)


def _listed(values: Any) -> str:
    return ", ".join(str(value) or "''" for value in values) or "none"
