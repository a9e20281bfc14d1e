"""The picture docs/bench-kernel.svg: seconds by size, both in powers of ten, beside a straight line."""

from collections.abc import Iterator, Sequence
from math import log10

from bench.kernel.scale import Size

_WIDTH, _HEIGHT = 760, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 720, 64, 360
_TEXT = {6: "1 MB", 7: "10 MB", 8: "100 MB", 9: "1 GB", 10: "10 GB"}
_LEAST, _MOST = -2, 2  # powers of ten of seconds


def picture(sizes: Sequence[Size]) -> str:
    """Draw each size as a point, and the line that goes through the origin and the largest."""
    return _FRAME.format(width=_WIDTH, height=_HEIGHT, body="\n  ".join(_body(sizes)))


def _body(sizes: Sequence[Size]) -> Iterator[str]:
    yield f'<text class="title" x="{_LEFT}" y="34">A check by the size of its file: seconds of processor</text>'
    for power, text in _TEXT.items():
        x = _x(10.0**power)
        yield f'<path class="grid" d="M{x:.0f} {_TOP}V{_BOTTOM}"/>'
        yield f'<text class="note" x="{x:.0f}" y="{_BOTTOM + 20}" text-anchor="middle">{text}</text>'
    for power in range(_LEAST, _MOST + 1):
        y = _y(10.0**power)
        yield f'<path class="grid" d="M{_LEFT} {y:.0f}H{_RIGHT}"/>'
        yield f'<text class="note" x="{_LEFT - 8}" y="{y + 4:.0f}" text-anchor="end">{10.0**power:g} s</text>'
    last = sizes[-1]
    slope = last.checking / last.bytes
    least = max(sizes[0].bytes, 10.0**_LEAST / slope)
    ends = f"M{_x(least):.1f} {_y(least * slope):.1f}L{_x(last.bytes):.1f} {_y(last.checking):.1f}"
    yield f'<path class="line" d="{ends}"/>'
    yield (
        f'<text class="note" x="{_RIGHT}" y="{_TOP - 10}" text-anchor="end">the line: as many seconds a byte as the '
        "largest takes; above it, starting Python</text>"
    )
    for one in sizes:
        x, y = _x(one.bytes), _y(one.checking)
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
        text = f"{one.checking:.2f} s, {one.peak / 1e6:,.0f} MB of memory"
        side, anchor = (10, "start") if x < (_LEFT + _RIGHT) / 2 else (-10, "end")
        yield f'<text class="figure" x="{x + side:.0f}" y="{y - 8:.0f}" text-anchor="{anchor}">{text}</text>'


def _x(size: float) -> float:
    powers = tuple(_TEXT)
    return _LEFT + (_RIGHT - _LEFT) * (log10(size) - powers[0]) / (powers[-1] - powers[0])


def _y(seconds: float) -> float:
    place = min(max(log10(seconds), _LEAST), _MOST)
    return _BOTTOM - (_BOTTOM - _TOP) * (place - _LEAST) / (_MOST - _LEAST)


_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"
  font-family="system-ui, sans-serif" font-size="14">
  <title>Seconds of processor that a check takes, by the size of its file</title>
  <style>
    .title{{font-size:18px;font-weight:600}}.figure{{fill:#24292f;font-size:12px}}.note{{fill:#57606a;font-size:12px}}
    .grid{{stroke:#d0d7de;fill:none}}.line{{stroke:#0969da;stroke-width:2;fill:none}}circle{{fill:#0969da}}
    .figure{{paint-order:stroke;stroke:#f6f8fa;stroke-width:4px}}
  </style>
  <rect width="{width}" height="{height}" fill="#f6f8fa"/>
  {body}
</svg>
"""
