"""A dashboard's body as CloudWatch reads it: which metrics each widget shows. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SEARCH: Final = re.compile(r"SEARCH\('\{(?P<schema>[^}]+)\} (?P<terms>[^']*)', '(?P<stat>\w+)'\)")
_TERM: Final = re.compile(r'(\w+)="([^"]*)"')
_FILLED: Final = re.compile(r"FILL\((\w+), 0\)")


@dataclass(frozen=True)
class Metric:
    """One metric by its whole name, the statistic of it that is shown, and the id by which a sum names it."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str
    id: str = ""
    visible: bool = True


@dataclass(frozen=True)
class Search:
    """All metrics of a namespace that have just these dimensions, and these values of some of them."""

    namespace: str
    dimensions: frozenset[str]
    name: str
    values: Mapping[str, str]
    stat: str

    def finds(self, dimensions: Mapping[str, str]) -> bool:
        """Return whether a metric of that name with these dimensions is among them."""
        return self.dimensions == dimensions.keys() and all(
            dimensions.get(key) == value for key, value in self.values.items()
        )


@dataclass(frozen=True)
class Sum:
    """An expression of products over other metrics of the widget."""

    text: str
    label: str

    def value(self, of: Mapping[str, float]) -> float:
        """Return the sum; a metric without a value counts as 0."""
        text = _FILLED.sub(lambda found: repr(of.get(found.group(1), 0.0)), self.text)
        return sum(_product(term.split(" ")) for term in text.split(" + "))


def _product(words: Sequence[str]) -> float:
    value = float(words[0])
    for sign, factor in zip(words[1::2], words[2::2], strict=True):
        value = value * float(factor) if sign == "*" else value / float(factor)
    return value


Shown = Metric | Search | Sum


@dataclass(frozen=True)
class Widget:
    """One widget: where it stands on the grid of 24 columns, and what it shows: metrics, or the states of alarms."""

    title: str
    x: int
    y: int
    width: int
    height: int
    shows: tuple[Shown, ...] = ()
    alarms: tuple[str, ...] = ()
    period: int = 60  # seconds that a value is of, at CloudWatch


def read(body: str) -> list[Widget]:
    """Read the body of a dashboard."""
    return [_widget(one) for one in json.loads(body)["widgets"]]


def _widget(one: Mapping[str, Any]) -> Widget:
    properties = one["properties"]
    shows = tuple(_shown(properties.get("metrics", []), properties.get("stat", "Average")))
    alarms = tuple(arn.rpartition(":")[2] for arn in properties.get("alarms", []))
    place = (one["x"], one["y"], one["width"], one["height"])
    return Widget(properties["title"], *place, shows, alarms, properties.get("period", 60))


def _shown(metrics: Sequence[list[Any]], stat: str) -> Iterator[Shown]:
    before: list[str] = []
    for metric in metrics:
        options = metric[-1] if isinstance(metric[-1], dict) else {}
        if "expression" in options:
            yield _expression(options)
            continue
        before = _whole([one for one in metric if isinstance(one, str)], before)
        namespace, name, *pairs = before
        dimensions = tuple(zip(pairs[::2], pairs[1::2], strict=True))
        shown = options.get("visible", True)
        yield Metric(namespace, name, dimensions, options.get("stat", stat), options.get("id", ""), shown)


def _whole(words: list[str], before: Sequence[str]) -> list[str]:
    """Write out `...`, the beginning of the metric before, and `.`, its word in that place."""
    if words[:1] == ["..."]:
        return [*before[: len(before) - len(words) + 1], *words[1:]]
    return [before[place] if word == "." else word for place, word in enumerate(words)]


def _expression(options: Mapping[str, str]) -> Shown:
    text = options["expression"]
    if found := _SEARCH.fullmatch(text):
        namespace, *dimensions = found["schema"].split(",")
        values = dict(_TERM.findall(found["terms"]))
        return Search(namespace, frozenset(dimensions), values.pop("MetricName"), values, found["stat"])
    return Sum(text, options["label"])
