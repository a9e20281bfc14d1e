"""Redshift's error texts without the values that they quote, for logs, XComs and e-mails; tables name nobody's cells.

`suimon.warehouse.error_text` does the same for the functions; an Airflow worker has this folder alone.
"""

from __future__ import annotations

import re

MASK = "…"
# What stands behind `context:` is the cell at which a cast has failed, or one of these sentences.
_CONTEXT = re.compile(r"(?<=context:)(\s*)(.*?)(?=\n\s*query:|\Z)", re.DOTALL)
_SENTENCE = re.compile(
    r"(?:staged|would hold) \d+ rows of \d|File '|Unmatched number of columns|The length of the data column|"
    r"Missing data for not-null field|\d+ bit overflow|Access Denied|Failed to "
)
# A quote that is never closed was cut off: a context has 100 bytes. One within a word is an apostrophe.
_QUOTED = re.compile(r"(?<!\w)(['\"])(.*?)(\1(?!\w)|\Z)", re.DOTALL)
_NAMING = re.compile(
    r"\b(?:relation|table|column|schema|database|function|type|user|role|rule|view|parameter|operator|near) \Z",
    re.IGNORECASE,
)
_NAME, _ADDRESS = re.compile(r"[\w.$-]{1,127}"), re.compile(r"(?:s3|https)://[^\s'\"]+|arn:[^\s'\"]+")
_KEY = re.compile(r"(?<=\)=\()[^)]*")


def without_values(text: str) -> str:
    """Return an error text whose quoted texts are masked, unless they are names, addresses or our own sentences."""
    text = _CONTEXT.sub(lambda found: found[1] + (found[2] if _SENTENCE.match(found[2]) else MASK), text)
    return _KEY.sub(MASK, _QUOTED.sub(_masked, text))


def _masked(found: re.Match[str]) -> str:
    is_name = _NAME.fullmatch(found[2]) and _NAMING.search(found.string, 0, found.start())
    if is_name or _ADDRESS.fullmatch(found[2]):
        return found[0]
    return f"{found[1]}{MASK}{found[1]}"
