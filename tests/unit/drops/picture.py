"""The picture of states in ARCHITECTURE.md, drawn from the table: `make states` draws it again."""

from __future__ import annotations

from pathlib import Path

from suimon.drops.states import MOVES, STATES

ARCHITECTURE = Path(__file__).parents[3] / "ARCHITECTURE.md"
BEGIN, END = "<!-- drawn from src/suimon/drops/states.py by `make states` -->\n", "<!-- end of the drawing -->\n"


def picture() -> str:
    """Return the moves as a Mermaid diagram, and the states as a table."""
    moves = [f"    {move.start or '[*]'} --> {move.end} : {move.text} ({move.by})\n" for move in MOVES]
    states = [f"| {state} | {meaning.text} | {meaning.awaits} |\n" for state, meaning in STATES.items()]
    head = "| state | meaning | waits for |\n|---|---|---|\n"
    return "".join(("```mermaid\nstateDiagram-v2\n", *moves, "```\n\n", head, *states))


def drawn_into(text: str) -> str:
    """Return a page with the picture between its two marks; ValueError if it does not have them."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page has no lines {BEGIN!r} and {END!r} to draw between")
    return f"{before}{BEGIN}{picture()}{END}{after}"


if __name__ == "__main__":
    ARCHITECTURE.write_text(drawn_into(ARCHITECTURE.read_text(encoding="utf-8")), encoding="utf-8")
