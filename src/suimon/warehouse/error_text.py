"""Redshift's error texts without the values that they quote, for logs, the ledger and e-mails. Pure.

`suimon_etl.redshift_words` does the same on Airflow's workers, which have the DAG folder alone.
"""

from __future__ import annotations

import re

MASK = "…"
# A quote that is never closed was cut off; one within a word is an apostrophe.
_QUOTED = re.compile(r"(?<!\w)(['\"])(.*?)(\1(?!\w)|\Z)", re.DOTALL)
_NAMING = re.compile(r"\b(?:relation|table|column|schema|database|function|type|user|role|view) \Z", re.IGNORECASE)
_NAME = re.compile(r"[\w.$-]{1,127}")
_KEY = re.compile(r"(?<=\)=\()[^)]*")


def without_values(text: str) -> str:
    """Return what an error says before its details, its quoted texts masked unless they are names."""
    # The details show the cell at which a cast has failed, as `context`.
    head = re.split(r"\s*(?:Detail:|context:)", text, maxsplit=1, flags=re.IGNORECASE)[0]
    return _KEY.sub(MASK, _QUOTED.sub(_masked, head))


def _masked(found: re.Match[str]) -> str:
    is_name = _NAME.fullmatch(found[2]) and _NAMING.search(found.string, 0, found.start())
    return found[0] if is_name else f"{found[1]}{MASK}{found[1]}"
