"""The picture of a dashboard: each widget in its place, its curves over one span of time. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from local.dashboard.metrics import Curve
    from local.dashboard.widgets import Widget

_UNIT: Final = (60, 38)  # pixels of one column and one row of CloudWatch's grid
_GAP: Final = 8
_COLOURS: Final = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#cf222e", "#6e7781")
_LEGEND: Final = 4  # lines below a widget; the last one counts the others
_STATES: Final = {"OK": "#1a7f37", "ALARM": "#cf222e", "INSUFFICIENT_DATA": "#8c959f"}
_LONGEST: Final = 70  # characters of a line of the legend


@dataclass(frozen=True)
class Shown:
    """What is drawn: widgets with their curves, states of alarms by name, and the span of time."""

    widgets: Sequence[tuple[Widget, Sequence[Curve]]]
    alarms: Mapping[str, str]
    begin: datetime
    span: timedelta


def picture(shown: Shown, title: str) -> str:
    """Draw the dashboard."""
    height = max(one.y + one.height for one, _ in shown.widgets) * _UNIT[1]
    body = [line for widget, curves in shown.widgets for line in _widget(shown, widget, curves)]
    return _FRAME.format(width=24 * _UNIT[0], height=height, title=escape(title), body="\n  ".join(body))


def _widget(shown: Shown, widget: Widget, curves: Sequence[Curve]) -> Iterator[str]:
    left, top = widget.x * _UNIT[0] + _GAP, widget.y * _UNIT[1] + _GAP
    width, height = widget.width * _UNIT[0] - 2 * _GAP, widget.height * _UNIT[1] - 2 * _GAP
    yield f'<g transform="translate({left} {top})">'
    yield f'<rect class="card" width="{width}" height="{height}" rx="6"/>'
    size = min(13.0, _UNIT[0] * widget.width * 1.58 / len(widget.title))  # all of it on one line
    yield f'<text class="title" x="12" y="22" font-size="{size:.1f}">{escape(widget.title)}</text>'
    if widget.alarms:
        yield from _alarms(widget, shown.alarms, width)
    elif not curves:
        yield f'<text class="none" x="{width / 2}" y="{height / 2}">the twin has no value of it</text>'
    else:
        lines = min(len(curves), _LEGEND)
        yield from _plot(shown, curves, (width, height - 16 * lines - 8))
        yield from _legend(curves, height - 16 * lines)
    yield "</g>"


def _alarms(widget: Widget, states: Mapping[str, str], width: int) -> Iterator[str]:
    across = 6
    for place, name in enumerate(widget.alarms):
        row, column = divmod(place, across)
        x, y = 12 + column * (width - 24) / across, 34 + row * 13
        colour = _STATES[states.get(name, "INSUFFICIENT_DATA")]
        yield f'<rect x="{x:.0f}" y="{y}" width="9" height="9" fill="{colour}"/>'
        yield f'<text class="small" x="{x + 14:.0f}" y="{y + 8}">{escape(name)}</text>'


def _plot(shown: Shown, curves: Sequence[Curve], size: tuple[int, int]) -> Iterator[str]:
    left, right, top, bottom = 62, size[0] - 14, 36, size[1] - 18
    most = max(value for curve in curves for _, value in curve.points) or 1.0

    def x(at: datetime) -> float:
        return left + (right - left) * ((at - shown.begin) / shown.span)

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / most

    for part in (0.0, 0.5, 1.0):
        line, value = y(most * part), most * part
        yield f'<path class="grid" d="M{left} {line:.1f}H{right}"/>'
        yield f'<text class="small" x="{left - 6}" y="{line + 4:.1f}" text-anchor="end">{_short(value)}</text>'
    for part in (0.0, 0.5, 1.0):
        at = shown.begin + shown.span * part
        place = {0.0: "start", 0.5: "middle", 1.0: "end"}[part]
        yield f'<text class="small" x="{x(at):.0f}" y="{bottom + 14}" text-anchor="{place}">{at:%H:%M}</text>'
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [(x(at), y(value)) for at, value in curve.points]
        yield f'<polyline class="curve" stroke="{colour}" points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}"/>'
        yield from (f'<circle cx="{a:.1f}" cy="{b:.1f}" r="2" fill="{colour}"/>' for a, b in points)


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 three digits


def _legend(curves: Sequence[Curve], top: int) -> Iterator[str]:
    lines = [(curve.label, _COLOURS[place % len(_COLOURS)]) for place, curve in enumerate(curves)]
    if len(lines) > _LEGEND:
        lines = [*lines[: _LEGEND - 1], (f"and {len(lines) - _LEGEND + 1} more", "none")]
    for place, (label, colour) in enumerate(lines):
        y = top + 16 * place
        text = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
        yield f'<path d="M14 {y}h16" stroke="{colour}" stroke-width="2"/>'
        yield f'<text class="small" x="36" y="{y + 4}">{escape(text)}</text>'


_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif">
  <title>{title}</title>
  <style>
    .card{{fill:#fff;stroke:#d0d7de}}.title{{font-weight:600;fill:#1f2328}}
    .small{{font-size:10px;fill:#57606a}}.none{{font-size:12px;fill:#8c959f;text-anchor:middle}}
    .grid{{stroke:#d0d7de;stroke-width:.6}}.curve{{fill:none;stroke-width:1.6}}
  </style>
  <rect width="{width}" height="{height}" fill="#f6f8fa"/>
  {body}
</svg>
"""
