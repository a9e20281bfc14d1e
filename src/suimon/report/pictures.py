"""The pictures in a report page, as inline SVG: a gate, a bar, and the strip that shows where a file's faults lie."""

from collections import Counter

from suimon.check.verdict import Verdict
from suimon.report.messages import Lang, either

_BINS = 160
_WIDTH, _HEIGHT = 1600, 72


def gate(*, is_open: bool) -> str:
    """Draw the water gate: raised over flowing water, or shut before it."""
    # Shut, the water stands behind the gate and higher than the bed; raised, it runs through below.
    panel, reach, lines = (14, 96, (76, 85)) if is_open else (46, 16, (58, 67, 76, 85))
    waves = "".join(
        f'<path class="wave" d="M0 {y}{"q4 -5 8 0t8 0" * (reach // 16)}" fill="none" stroke-width="3"/>' for y in lines
    )
    slats = "".join(f'<rect class="panel" x="27" y="{panel + 11 * n}" width="42" height="9" rx="1"/>' for n in range(4))
    frame = "".join(
        f'<rect class="post" x="{x}" y="{y}" width="{width}" height="{height}" rx="2"/>'
        for x, y, width, height in ((18, 6, 8, 86), (70, 6, 8, 86), (10, 2, 76, 8))
    )
    return f'<svg class="gate" viewBox="0 0 96 96" aria-hidden="true">{waves}{slats}{frame}</svg>'


def bar(part: int, whole: int) -> str:
    """Draw a bar for a part of the whole; the smallest part is still seen."""
    width = max(8, round(1000 * part / max(1, whole)))
    return (
        '<svg viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="rail" width="1000" height="10"/><rect class="fill" width="{width}" height="10"/></svg>'
    )


def strip(verdict: Verdict, lang: Lang) -> str:
    """Draw where the listed faults lie, from the first record to the last; nothing when no fault has a place."""
    places = [cell.record for cell in verdict.bad_cells if cell.record]  # a line tells no record
    last = max(verdict.rows, 1)
    if not places or verdict.rows == 0:
        return ""
    size = max(1, -(-last // _BINS))  # records in a bin, rounded up
    bins = -(-last // size)
    faults = Counter(min((place - 1) // size, bins - 1) for place in places)
    most, step = max(faults.values()), _WIDTH / bins
    bars = "".join(
        _bin(number, count / most, step, _bin_title(number, size, last, count, lang))
        for number, count in sorted(faults.items())
    )
    label = either(lang, "Where in the file the faults lie", "ファイル内での誤りの位置")
    return (
        f'<svg class="strip" viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{label}">'
        f'<rect class="rail" width="{_WIDTH}" height="{_HEIGHT}" rx="3"/>{bars}</svg>'
        f'<div class="axis small soft"><span>{either(lang, "record 1", "レコード 1")}</span>'
        f"<span>{either(lang, f'record {last:,}', f'レコード {last:,}')}</span></div>"
    )


def _bin(number: int, share: float, step: float, title: str) -> str:
    height = _HEIGHT * (0.2 + 0.8 * share**0.5)  # a single fault must be seen beside a thousand
    return (
        f'<rect class="fill" x="{number * step:.1f}" y="{_HEIGHT - height:.1f}" width="{max(step - 1, 4):.1f}" '
        f'height="{height:.1f}"><title>{title}</title></rect>'
    )


def _bin_title(number: int, size: int, last: int, count: int, lang: Lang) -> str:
    first, end = number * size + 1, min((number + 1) * size, last)
    records = f"{first:,}" if first == end else f"{first:,}–{end:,}"
    return either(lang, f"record {records}: {count:,}", f"レコード {records}: {count:,} 件")
