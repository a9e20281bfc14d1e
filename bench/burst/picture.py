"""The picture docs/bench-burst.svg: files put and runs queued over time, beside what MWAA and Airflow would take."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from bench.burst.page import MWAA_PER_SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.burst.course import Result

_WIDTH, _HEIGHT = 960, 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 24, 92, 392
_TICKS = 5
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)


@dataclass(frozen=True, slots=True)
class _Plot:
    """Turns seconds and files into places on the picture."""

    seconds: float
    files: int

    def x(self, seconds: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * seconds / self.seconds

    def y(self, files: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * files / self.files

    def line(self, points: Sequence[tuple[float, float]], style: str) -> str:
        path = " ".join(f"{self.x(at):.1f},{self.y(files):.1f}" for at, files in points)
        return f'<polyline class="{style}" points="{path}"/>'


def picture(result: Result) -> str:
    """Draw the burst."""
    burst = result.burst
    plot = _Plot(max(burst.seconds, burst.files / MWAA_PER_SECOND) * 1.02, burst.files)
    body = [
        f'<text class="title" x="24" y="34">{burst.files:,} files at once: none lost, none twice</text>'
        if result.account.is_even
        else f'<text class="title bad" x="24" y="34">{burst.files:,} files at once: the account is not even</text>',
        *_axes(plot),
        plot.line(_limit(plot, result.direct_per_second), "airflow"),
        plot.line(_limit(plot, MWAA_PER_SECOND), "mwaa"),
        plot.line([(0, 0), *burst.put_curve], "put"),
        plot.line([(0, 0), *burst.queued_curve], "queued"),
        *_legend(result),
    ]
    return _FRAME.format(width=_WIDTH, height=_HEIGHT, body="\n  ".join(body))


def _limit(plot: _Plot, per_second: float) -> list[tuple[float, float]]:
    """A straight line until all files are through."""
    return [(0, 0), (min(plot.seconds, plot.files / per_second), min(plot.files, plot.seconds * per_second))]


def _legend(result: Result) -> Iterator[str]:
    entries = (
        ("put", "files put"),
        ("queued", f"runs queued: {result.burst.in_the_middle:.1f} a second"),
        ("mwaa", f"MWAA's limit: {MWAA_PER_SECOND} a second"),
        ("airflow", f"Airflow by itself: {result.direct_per_second:.0f} a second"),
    )
    for place, (style, text) in enumerate(entries):
        left = 24 + 232 * place
        yield f'<path class="{style}" d="M{left} 60h24"/>'
        yield f'<text class="note" x="{left + 32}" y="64">{escape(text)}</text>'


def _axes(plot: _Plot) -> Iterator[str]:
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_WIDTH - _RIGHT}"/>'
    for tick in range(_TICKS + 1):
        files = plot.files * tick / _TICKS
        height = plot.y(files)
        yield f'<path class="grid" d="M{_LEFT} {height:.0f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text class="note" x="{_LEFT - 8}" y="{height + 4:.0f}" text-anchor="end">{files:,.0f}</text>'
    step = next((one for one in _STEPS if plot.seconds / one <= 2 * _TICKS), _STEPS[-1])
    for number in range(int(plot.seconds // step) + 1):
        at = number * step
        text = f"{at // 60} min" if step >= 60 else f"{at} s"  # noqa: PLR2004 seconds of a minute
        yield f'<text class="note" x="{plot.x(at):.0f}" y="{_BOTTOM + 20}" text-anchor="middle">{text}</text>'
    yield f'<text class="note" x="{_LEFT}" y="{_HEIGHT - 22}">time since the first PUT</text>'


_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  font-family="system-ui, sans-serif" font-size="14">
  <title>A burst of files through Suimon's gate: files put and runs queued over time</title>
  <style>
    .title{{font-size:18px;font-weight:600}}.bad{{fill:#cf222e}}.note{{fill:#57606a;font-size:12px}}
    .axis{{stroke:#57606a;fill:none}}.grid{{stroke:#d0d7de;stroke-width:.6}}
    .put,.queued,.mwaa,.airflow{{fill:none;stroke-width:2}}.put{{stroke:#8c959f}}.queued{{stroke:#0969da;stroke-width:3}}
    .mwaa{{stroke:#bc4c00;stroke-dasharray:6 4}}.airflow{{stroke:#1a7f37;stroke-dasharray:2 4}}
  </style>
  <rect width="{width}" height="{height}" fill="#f6f8fa"/>
  {body}
</svg>
"""
