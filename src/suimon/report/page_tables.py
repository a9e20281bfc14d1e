"""The tables of a report page, and how a cell becomes text in one."""

from collections.abc import Sequence
from html import escape

from suimon.check.verdict import BadCell, Measurement, RuleCount
from suimon.drops.foreign_text import one_line, printable
from suimon.report.as_json import Labels, label_of
from suimon.report.messages import Lang, either, metric_name, say, short, threshold


def fault_table(
    cells: Sequence[BadCell], lang: Lang, labels: Labels, of: RuleCount | None = None, caption: str = ""
) -> str:
    """Return a table of faults; for one rule without its column, and without its sentence where that adds nothing."""
    said = [say(cell.code, cell.details, lang) for cell in cells]
    told = of is not None and set(said) == {say(of.code, of.details, lang)}
    valued = any(cell.value is not None for cell in cells)
    heads = [either(lang, "Line", "行"), either(lang, "Record", "レコード")]
    heads += [either(lang, "Column", "列")] if of is None else []
    heads += [either(lang, "Value", "値")] if valued else []
    heads += [] if told else [either(lang, "What is wrong", "誤りの内容")]
    rows = "".join(
        f'<tr><td class="number">{cell.line or ""}</td><td class="number">{cell.record or ""}</td>'
        + (f'<td class="column">{column_name(cell.column, labels)}</td>' if of is None else "")
        + (f"<td>{value(cell.value, lang)}</td>" if valued else "")
        + ("" if told else f"<td>{text(sentence)}{f' {_code(cell)}' if of is None else ''}</td>")
        + "</tr>\n"
        for cell, sentence in zip(cells, said, strict=True)
    )
    return _table(heads, rows, numbers={0, 1}, caption=caption)


def measurement_table(measurements: Sequence[Measurement], lang: Lang, labels: Labels) -> str:
    """Return a table of the contract's metrics as this file has them."""
    rows = "".join(
        f"<tr><td>{metric_name(one.metric.name, lang)}</td>"
        f'<td class="column">{", ".join(column_name(column, labels) for column in one.metric.columns)}</td>'
        f'<td class="number">{one.value:,}{f" ({short(one.percent)} %)" if one.metric.unit == "percent" else ""}</td>'
        f"<td>{text(threshold(one.metric, lang))}</td><td>{_mark(one, lang)}</td></tr>\n"
        for one in measurements
    )
    heads = [
        either(lang, "Figure", "指標"),
        either(lang, "Column", "列"),
        either(lang, "In this file", "このファイル"),
        either(lang, "Contract", "契約の条件"),
        "",
    ]
    return _table(heads, rows, numbers={2})


def column_name(column: str | None, labels: Labels) -> str:
    """Return a column as the header calls it, and small as the contract does where that differs."""
    label = label_of(column, labels)
    return f'{text(label)} <span class="alias">({text(column or "")})</span>' if label else text(column or "")


def text(words: str) -> str:
    """Return text for any place outside of tags: markup, line breaks and what does not print are shown, not obeyed."""
    return escape(one_line(words))


def value(cell: str | None, lang: Lang) -> str:
    """Return a cell's value in quotes that are part of the text.

    What starts with “ is no formula where somebody pastes the table, and blanks at the ends show.
    """
    if cell is None:
        return ""
    shown = "".join(
        escape(c) if printable(c) == c else f'<span class="escape">{escape(printable(c))}</span>' for c in cell
    )
    return f"<code><bdi>{either(lang, '“', '「')}{shown}{either(lang, '”', '」')}</bdi></code>"


def _mark(one: Measurement, lang: Lang) -> str:
    if one.kept:
        return f'<span class="mark good">{either(lang, "kept", "適合")}</span>'
    if one.severity == "warning":
        return f'<span class="mark warn">{either(lang, "warning", "警告")}</span>'
    return f'<span class="mark bad">{either(lang, "not kept", "不適合")}</span>'


def _code(cell: BadCell) -> str:
    return f'<span class="code">{cell.code}</span>'


def _table(heads: Sequence[str], rows: str, numbers: set[int], caption: str = "") -> str:
    head = "".join(
        f'<th scope="col"{" class=number" if place in numbers else ""}>{name}</th>' for place, name in enumerate(heads)
    )
    above = f"<caption>{caption}</caption>" if caption else ""
    return f'<div class="wide"><table>{above}<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>'
