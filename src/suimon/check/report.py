"""A verdict for others to read: a summary and the cells as JSON, and a text for an e-mail."""

import json
from dataclasses import asdict
from typing import Any

from suimon.check.verdict import BadCell, Verdict


def summary(verdict: Verdict) -> dict[str, Any]:
    """Give the verdict in figures, as JSON.

    {"verdict": "accepted" | "rejected", "rows": records in the file, "bad_cells": how many in all,
    "listed": how many of them are listed, "truncated": whether that is fewer,
    "counts": [{"code", "meaning", "column" or null, "cells"}]}
    """
    return {
        "verdict": "accepted" if verdict.accepted else "rejected",
        "rows": verdict.rows,
        "bad_cells": verdict.bad_cell_count,
        "listed": len(verdict.bad_cells),
        "truncated": verdict.truncated,
        "counts": [
            {"code": count.code, "meaning": count.code.meaning, "column": count.column, "cells": count.cells}
            for count in verdict.counts
        ],
    }


def cells_as_json_lines(verdict: Verdict) -> str:
    """Give the listed cells, one JSON object a line: code, message, line, record, column, value (any of them null)."""
    return "".join(json.dumps(asdict(cell), ensure_ascii=False) + "\n" for cell in verdict.bad_cells)


def describe(verdict: Verdict, limit: int = 10) -> str:
    """Say in plain text what is wrong: every rule that was broken, and the first `limit` cells."""
    if verdict.accepted:
        return f"All {verdict.rows:,} rows are as the contract says."
    total = verdict.bad_cell_count
    lines = [f"{total:,} {'fault' if total == 1 else 'faults'} in {verdict.rows:,} {_rows(verdict.rows)}:"]
    lines += [
        f"  {count.cells:>9,}  {count.code}{f' in {count.column}' if count.column else ''}: {count.code.meaning}"
        for count in verdict.counts
    ]
    examples = verdict.bad_cells[:limit]
    if examples:
        lines += ["", "All of them:" if len(examples) == total else f"The first {len(examples)}:"]
        lines += [f"  {place(cell)}: {harmless(cell)}" for cell in examples]
    return "\n".join(lines)


def place(cell: BadCell) -> str:
    """Say where a fault is: as much as is known of line, record and column."""
    parts = [
        f"line {cell.line}" if cell.line else "",
        f"record {cell.record}" if cell.record else "",
        cell.column or "",
    ]
    return ", ".join(part for part in parts if part) or "file"


def harmless(cell: BadCell) -> str:
    """Say what a fault is, with its value quoted: a cell's line breaks and control characters stay text."""
    if cell.value is None:
        return f"{cell.message} ({cell.code})"
    return f"{quoted(cell.value)} {cell.message} ({cell.code})"


def quoted(value: str) -> str:
    """Give a value on one line, every character that does not print as an escape."""
    shown = "".join(character if character.isprintable() else repr(character)[1:-1] for character in value)
    return f"“{shown}”"


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"
