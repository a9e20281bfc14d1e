"""The picture docs/bench-check.svg: what a gigabyte costs, what memory it takes, and whether the answer is right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from bench.check.cases import MEGABYTE
from bench.check.run import Result
from bench.check.tables import rate, size
from bench.check.targets import FAST, LITTLE
from bench.check.tools import SUIMON, Tool

_WIDTH, _TOP, _ROW, _BAR = 1080, 118, 54, 15
_NAMES, _SPEED, _MEMORY, _ANSWER = 24, 200, 540, 850
_SPAN = 230  # of the longest bar
_OURS, _OTHERS = ("#0969da", "#80ccff"), ("#57606a", "#c8cfd6")


@dataclass(frozen=True, slots=True)
class _Panel:
    """A column of bars: how long each is, what stands beside it."""

    left: int
    longest: float

    def bar(self, value: float, label: str, top: float, colour: str) -> str:
        length = max(_SPAN * value / self.longest, 2)
        text = f'<text class="figure" x="{self.left + length + 6:.0f}" y="{top + _BAR - 3:.0f}">{escape(label)}</text>'
        return (
            f'<rect x="{self.left}" y="{top:.0f}" width="{length:.1f}" height="{_BAR}" rx="2" fill="{colour}"/>{text}'
        )

    def line(self, value: float, label: str, bottom: float) -> str:
        place = self.left + _SPAN * value / self.longest
        return (
            f'<path class="goal" d="M{place:.0f} {_TOP - 12}V{bottom:.0f}"/>'
            f'<text class="note" x="{place:.0f}" y="{bottom + 16:.0f}" text-anchor="middle">{escape(label)}</text>'
        )


def picture(results: Sequence[Result]) -> str:
    """Draw the tools that check: for each a bar of the file that all had, and one of the large file."""
    usual, large, bad = (_of(results, name) for name in ("clean", "large-clean", "cells"))
    shown = [one for one in (*usual.values(), *large.values()) if one.whole]
    speed = _Panel(_SPEED, max((*(one.per_core for one in shown), FAST * 1.1)))
    memory = _Panel(_MEMORY, max((*(one.peak / MEGABYTE for one in shown), LITTLE * 1.1)))
    bottom = _TOP + _ROW * len(usual)
    body = [
        *_head(next(iter(large.values())), next(iter(usual.values()))),
        speed.line(FAST, f"target: {FAST}", bottom),
        memory.line(LITTLE, f"at most {LITTLE}", bottom),
    ]
    for place, tool in enumerate(usual):
        top = _TOP + _ROW * place
        body += _bars(tool, (large[tool], usual[tool]), (speed, memory), top)
        body += _answer(bad[tool], top)
    return _FRAME.format(width=_WIDTH, height=bottom + 34, body="\n  ".join(body))


def _of(results: Sequence[Result], case: str) -> dict[Tool, Result]:
    return {one.tool: one for one in results if one.case.name == case and not one.tool.reference}


def _head(large: Result, usual: Result) -> Iterator[str]:
    title = "One file, one contract: what each tool takes, and what it finds"
    yield f'<text class="title" x="{_NAMES}" y="34">{title}</text>'
    for left, place, one in ((_NAMES, 0, large), (_NAMES + 250, 1, usual)):
        text = f"{one.case.sample.rows:,} records, {size(one.bytes)}"
        yield (
            f'<rect x="{left}" y="50" width="12" height="12" rx="2" fill="{_OURS[place]}"/>'
            f'<rect x="{left + 15}" y="50" width="12" height="12" rx="2" fill="{_OTHERS[place]}"/>'
            f'<text class="note" x="{left + 33}" y="60">{text}</text>'
        )
    panels = ((_SPEED, "MB/s per core", "more is better"), (_MEMORY, "peak memory, MB", "less is better"))
    for left, title, note in (*panels, (_ANSWER, "bad cells", "named with their place")):
        yield f'<text class="name" x="{left}" y="90">{title} <tspan class="note">{note}</tspan></text>'


def _bars(tool: Tool, pair: tuple[Result, Result], panels: tuple[_Panel, _Panel], top: float) -> Iterator[str]:
    ours = tool is SUIMON
    yield f'<text class="{"name" if ours else "tool"}" x="{_NAMES}" y="{top + 22}">{escape(tool.name)}</text>'
    speed, memory = panels
    for place, one in enumerate(pair):
        colour, height = (_OURS if ours else _OTHERS)[place], top + 2 + (_BAR + 3) * place
        if one.whole:
            yield speed.bar(one.per_core, rate(one), height, colour)
            yield memory.bar(one.peak / MEGABYTE, f"{one.peak / MEGABYTE:,.0f}", height, colour)
        else:
            reason = one.not_run or one.stopped or "stopped by an error"
            yield f'<text class="note" x="{_SPEED}" y="{height + _BAR - 3}">{escape(reason)}</text>'


def _answer(bad: Result, top: float) -> Iterator[str]:
    lines = list(_words(bad))
    for place, (line, style) in enumerate(lines):
        height = top + (22 if len(lines) == 1 else 14) + 18 * place
        yield f'<text class="{style}" x="{_ANSWER}" y="{height}">{escape(line)}</text>'


def _words(bad: Result) -> Iterator[tuple[str, str]]:
    found, marks = bad.found, bad.marks
    if found is None or marks is None or bad.stopped:
        yield bad.not_run or bad.stopped or "no answer", "bad"
    elif marks.found is not None and marks.missed is not None:
        wrong = bool(marks.missed or marks.false)
        yield f"{marks.found:,} of {marks.found + marks.missed:,}", "tool" if wrong else "good"
        if wrong:
            yield f"{marks.missed:,} missed, {marks.false:,} false", "bad"
    elif marks.counted:
        yield "counted, without places", "tool"
    else:
        yield "none: stops at the first", "bad"


_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  font-family="system-ui, sans-serif" font-size="14">
  <title>Suimon's checker beside other tools: speed, memory, bad cells found</title>
  <style>
    .title{{font-size:18px;font-weight:600}}.name{{font-weight:600}}.tool,.figure{{fill:#24292f}}.figure{{font-size:12px}}
    .note{{fill:#57606a;font-size:12px;font-weight:400}}
    .figure,.note{{paint-order:stroke;stroke:#f6f8fa;stroke-width:4px}}.good{{fill:#1a7f37;font-weight:600}}
    .bad{{fill:#cf222e;font-size:13px}}
    .goal{{stroke:#1a7f37;stroke-width:1.5;stroke-dasharray:4 4;fill:none}}
  </style>
  <rect width="{width}" height="{height}" fill="#f6f8fa"/>
  {body}
</svg>
"""
