"""A verdict on the terminal."""

import sys

from rich.bar import Bar
from rich.table import Table
from rich.text import Text

from suimon.check.verdict import Verdict
from suimon.contract.model import Contract
from suimon.drops.foreign_text import one_line
from suimon.report.as_json import SYMPTOMS, Labels, headline, labels_of, named, quoted, warnings_of
from suimon.report.causes import explain
from suimon.report.console import Terminal
from suimon.report.messages import Lang, either, say

_BAR = 12  # characters
_WIDTH = 120  # of what is no terminal: a log, a pipe
_NARROW = 90  # here words need the bar's room


def show(file: str, contract: Contract, verdict: Verdict, *, limit: int, lang: Lang = "en") -> None:
    """Print the verdict, the broken rules and the first `limit` bad cells. Cells are text, never markup or escapes."""
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    word, style = either(lang, "rejected", "不合格"), "bold red"
    if verdict.accepted:
        word, style = (
            either(lang, "accepted", "合格"),
            "bold yellow" if verdict.set_aside or verdict.warns else "bold green",
        )
    labels = labels_of(contract, lang)
    what = one_line(f"{file} ({contract.dataset} {contract.version})")
    console.print(Text.assemble((word, style), " ", what), Text(headline(verdict, lang)), sep="\n")
    if verdict.cause:
        console.print(Text(explain(verdict.cause, lang), style="bold"))
        limit = min(limit, SYMPTOMS)
    if verdict.counts:
        console.print("", _rules(verdict, lang, labels, bars=console.width >= _NARROW), sep="\n")
    if limit and any(cell.line for cell in verdict.bad_cells):  # of the whole file, nothing more can be said
        console.print("", _cells(verdict, limit, lang, labels), sep="\n")
        shown, total = min(limit, len(verdict.bad_cells)), verdict.bad_cell_count
        if shown < total:
            console.print(either(lang, f"The first {shown:,} of {total:,}.", f"{total:,} 件中、最初の {shown:,} 件。"))
    for warning in warnings_of(verdict, lang, labels):
        console.print(Text.assemble((either(lang, "warning", "警告"), "bold yellow"), " ", warning))


def _rules(verdict: Verdict, lang: Lang, labels: Labels, *, bars: bool) -> Table:
    table = Table(title=either(lang, "What is wrong", "誤りの内訳"), title_justify="left", title_style="bold")
    table.add_column(either(lang, "faults", "件数"), justify="right")
    if bars:
        table.add_column("", width=_BAR)
    table.add_column(either(lang, "code", "コード"), no_wrap=True)
    table.add_column(either(lang, "column", "列"), overflow="fold")
    table.add_column(either(lang, "rule", "内容"), overflow="fold")
    most = max(count.cells for count in verdict.counts)
    for count in verdict.counts:
        table.add_row(
            f"{count.cells:,}",
            *([Bar(most, 0, count.cells, width=_BAR, color="red")] if bars else []),
            Text(count.code.value),
            Text(named(count.column, labels)),
            Text(say(count.code, count.details, lang)),
        )
    return table


def _cells(verdict: Verdict, limit: int, lang: Lang, labels: Labels) -> Table:
    table = Table(title=either(lang, "Where", "位置"), title_justify="left", title_style="bold")
    table.add_column(either(lang, "line", "行"), justify="right", no_wrap=True)
    table.add_column(either(lang, "record", "レコード"), justify="right", no_wrap=True)
    table.add_column(either(lang, "column", "列"), overflow="fold")
    table.add_column(either(lang, "value", "値"), overflow="fold")
    table.add_column(either(lang, "what is wrong", "内容"), overflow="fold")
    for cell in verdict.bad_cells[:limit]:
        table.add_row(
            str(cell.line or ""),
            str(cell.record or ""),
            Text(named(cell.column, labels)),
            Text("" if cell.value is None else quoted(cell.value, lang)),
            Text(say(cell.code, cell.details, lang)),
        )
    return table
