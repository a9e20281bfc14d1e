"""Faults that are only counted, many records at a time, come out as if each record was looked at alone."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.check.grammar import Grammar
from suimon.check.scanned import Scan
from suimon.check.structure import scan
from suimon.check.verdict import shared
from suimon.contract.file import FileFormat

PLAIN = FileFormat()
DIALECTS = {
    "plain": PLAIN,
    "line feeds": replace(PLAIN, line_ending="lf"),
    "CRLF": replace(PLAIN, line_ending="crlf"),
    "comments": replace(PLAIN, comment="#"),
    "no quotes": replace(PLAIN, quote=""),
    "escapes": replace(PLAIN, escape="\\"),
    "transcoded": replace(PLAIN, encoding="cp932"),
}
PIECES = [
    b"a",
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b'"a"',
    b'"a""b"',
    b'"a,\nb"',
    b'"\\""',
    b"\xff",
    b"\0",
    b"\x1a",
    b"#",
    "\ufeff".encode(),
    "é日本".encode(),
    b"\xed\xb3\xbf",
    b"a,b,c\n",
    b"a,b,c\n" * 3,
    b"a,b\n",
    b"a,\xff,c\n",
    b'a,"\xff",c\n',
]


def alone(grammar: Grammar, text: bytes, *, last: bool) -> Scan:
    """Look at every record alone."""
    return scan(grammar, text, last=last, numbers=True, keep=True)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=40), last=st.booleans(), keep=st.booleans())
def test_what_is_counted_is_what_is_listed(dialect: FileFormat, pieces: list[bytes], *, last: bool, keep: bool) -> None:
    grammar = Grammar(dialect, 3)
    text = b"".join(pieces)
    if grammar.transcoded:  # then a stray byte is written so
        text = text.replace(b"\xff", b"\xed\xb3\xbf")
    if not last:
        text = text[: text.rfind(b"\n") + 1]
    listed = alone(grammar, text, last=last)
    counted = scan(grammar, text, last=last, room=0, numbers=True, keep=keep)
    assert counted.unlisted == Counter((one.code, one.cell, shared(one.details)) for one in listed.faults)
    assert counted.runs == listed.runs
    assert counted.bad == listed.bad
    assert counted.broken == (listed.broken if keep else [])
    figures = ("records", "end", "stopped", "unproven", "extra_lines")
    assert [getattr(counted, name) for name in figures] == [getattr(listed, name) for name in figures]
