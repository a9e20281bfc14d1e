"""Records that are rewritten many at a time for DuckDB mean the same afterwards."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from suimon.check.grammar import Grammar
from suimon.contract.file import FileFormat

ESCAPED = FileFormat(escape="\\")
WIDTH = 2
plain = st.text("ab \\é", max_size=4)
quoted = st.lists(st.sampled_from(["a", ",", "\n", "\r\n", "\\\\", '\\"', "\\a", "\\\n", "é"]), max_size=6).map(
    lambda parts: '"' + "".join(parts) + '"'
)
record = st.tuples(*[plain | quoted] * WIDTH, st.sampled_from(["\n", "\r\n"])).map(
    lambda parts: f"{parts[0]},{parts[1]}{parts[2]}".encode()
)


def values(grammar: Grammar, text: bytes) -> list[list[str]]:
    """Return the cells of all records of a text that is nothing but records."""
    assert grammar.whole(text)
    found = [grammar.values(match[0]) for match in grammar.records(text, 0, len(text))]
    return [cells for cells in found if cells is not None]


@pytest.fixture(scope="module", params=[512 * 1024, 3], ids=["at once", "line by line"])
def _in_blocks(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("suimon.check.grammar._REWRITTEN_BYTES", request.param)
        yield


@pytest.mark.usefixtures("_in_blocks")
@given(st.lists(record, min_size=1, max_size=8))
def test_escaped_records_have_the_same_values_once_their_quotes_are_doubled(records: list[bytes]) -> None:
    text = b"".join(records)
    rewritten = Grammar(ESCAPED, WIDTH).rewritten(text)
    doubled = Grammar(replace(ESCAPED, escape='"', line_ending="lf"), WIDTH)
    assert values(doubled, rewritten) == values(Grammar(ESCAPED, WIDTH), text)


@pytest.mark.usefixtures("_in_blocks")
@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_line_break_in_quotes_stays_as_it_is_where_the_ends_of_records_are_rewritten(quote: str) -> None:
    grammar = Grammar(FileFormat(quote=quote, escape=quote), WIDTH)
    text = f"1,{quote}a\r\nb{quote}\r\n2,c\n".encode()
    assert grammar.rewritten(text) == f"1,{quote}a\r\nb{quote}\n2,c\n".encode()
