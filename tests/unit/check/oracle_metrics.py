"""The oracle's count of a quality metric, and whether that is within its threshold."""

import re
from decimal import Decimal

from suimon.contract.file import Metric
from tests.unit.check.oracle_cells import Typed, in_key


def measure(metric: Metric, records: list[dict[str, tuple[str, Typed]]], tokens: tuple[str, ...], rows: int) -> int:
    """Count what a metric counts, over the text and the value of each column of the records of sound form."""
    if metric.name == "rowCount":
        return rows
    if metric.name == "duplicateValues":
        keys = [tuple(in_key(values[name][1]) for name in metric.columns) for values in records]
        there = [key for key in keys if None not in key]
        return len(there) - len(set(there))
    (name,) = metric.columns
    texts = [values[name][0] for values in records]
    missing = [text in tokens for text in texts]
    listed = [text in (metric.values or ()) for text in texts]
    if metric.name == "nullValues":
        return sum(missing)
    if metric.name == "missingValues":
        return sum(one or other for one, other in zip(missing, listed, strict=True))
    # A pattern's `$` is the very end for RE2, for Python the end or a last line break.
    form = re.compile(metric.pattern.replace("$", r"\Z"), re.ASCII) if metric.pattern is not None else None
    wrong = [
        not gone and ((metric.values is not None and not one) or (form is not None and not form.search(text)))
        for text, gone, one in zip(texts, missing, listed, strict=True)
    ]
    return sum(wrong)


def is_kept(metric: Metric, value: int, rows: int) -> bool:
    """Return whether a value is within a metric's threshold."""
    figure = Decimal(value)
    if metric.unit == "percent":
        figure = Decimal(100 * value) / rows if rows else Decimal(0)
    low, high = (None if bound is None else Decimal(bound) for bound in (metric.minimum, metric.maximum))
    over = low is None or (figure > low if metric.minimum_open else figure >= low)
    under = high is None or (figure < high if metric.maximum_open else figure <= high)
    return (over and under) != metric.negated
