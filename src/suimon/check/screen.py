"""A verdict on the terminal."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from suimon.check.report import quoted
from suimon.check.verdict import Verdict
from suimon.contract.model import Contract


def show(file: Path, contract: Contract, verdict: Verdict, *, limit: int) -> None:
    """Print the verdict, the broken rules and the first `limit` bad cells. Cells are text, never markup or escapes."""
    console = Console(highlight=False)
    word = Text("accepted", "bold green") if verdict.accepted else Text("rejected", "bold red")
    console.print(word, Text(f"{file}: {verdict.rows:,} rows, contract {contract.dataset} {contract.version}"))
    if verdict.accepted:
        return
    rules = Table("faults", "code", "column", "meaning", title="What is wrong", title_justify="left")
    rules.columns[0].justify = "right"
    for count in verdict.counts:
        rules.add_row(f"{count.cells:,}", count.code.value, Text(count.column or ""), count.code.meaning)
    console.print(rules)
    cells = Table("line", "record", "column", "value", "", title="Where", title_justify="left")
    for cell in verdict.bad_cells[:limit]:
        cells.add_row(
            str(cell.line or ""),
            str(cell.record or ""),
            Text(cell.column or ""),
            Text("" if cell.value is None else quoted(cell.value)),
            Text(cell.message),
        )
    console.print(cells)
    shown, total = min(limit, len(verdict.bad_cells)), verdict.bad_cell_count
    if shown < total:
        console.print(f"The first {shown:,} of {total:,}.")
