"""Whatever the sample: it is refused with a reason, or proposed as a contract that can be taken."""

import gzip
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suimon.check.engine import check_file
from suimon.dataset.proposal.propose import propose
from suimon.dataset.proposal.sample import SampleError
from tests.sampling import sample_of
from tests.unit.check.oracle import judge
from tests.unit.dataset.proposal.proposals import EUROPEAN, EVENTS, IDENTITY, INVENTORY, SALES, decided, proposed, read


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (gzip.compress(b"", mtime=0), "is empty"),
        (b"PAR1\x15\x04", "Parquet"),
        (b"PK\x03\x04" + bytes(26) + b"[Content_Types].xml", "Office"),
        (b"BZh91AY", "bzip2"),
        (bytes(range(256)), "binary"),
        (b"a,b\n1,\0\n", "control characters"),
        ("id,name\n1,caf\u00e9\n".encode("latin-1"), "byte 0xE9 on line 2"),
        ("Straße,Größe\nMädchen,Käse\n".encode("latin-1"), "ask for UTF-8"),
        (b"\xef\xbb\xbfa,\xff\n", "byte order mark"),
        (gzip.compress(SALES.encode())[:-30], "cannot be read"),
        (b"a,b\r1,2\r3,4\r", "CR alone"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(sample: Path, content: bytes, said: str) -> None:
    with pytest.raises(SampleError, match=said):
        proposed(sample, content)


def test_what_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="cannot be read"):
        propose("goods", [tmp_path], IDENTITY)


@pytest.mark.parametrize("content", [SALES, INVENTORY, EVENTS, EUROPEAN])
def test_every_suggestion_can_be_taken_as_it_stands(sample: Path, tmp_path: Path, content: str) -> None:
    text = proposed(sample, content)
    taken = read(decided(text), tmp_path)
    assert sum(bool(one.allowed) + one.unique + bool(one.minimum) for one in taken.columns) == len(
        re.findall(r"# (?:quality|unique|minimum|logicalTypeOptions)", text)
    )
    assert (taken.freshness is not None) == ("# slaProperties" in text)


@pytest.mark.parametrize(
    "content",
    [
        SALES.encode(),
        INVENTORY.encode("cp932"),
        INVENTORY.encode("utf-16"),
        gzip.compress(EVENTS.encode()),
        EUROPEAN.encode(),
    ],
)
def test_a_sample_keeps_the_contract_that_was_guessed_from_it(sample: Path, tmp_path: Path, content: bytes) -> None:
    contract = read(proposed(sample, content), tmp_path)
    verdict = check_file(sample, contract, None, scratch=tmp_path)
    assert (verdict.accepted, verdict.bad_cells) == (True, ())


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
_ODD = st.sampled_from(
    ["", "NULL", "yes", "no", "007", "1,5", "=1+1", 'a"b', "a\nb", "#", "- x: y", "\u2028", "'", "\\"]
)
_KINDS = (
    st.integers().map(str),
    st.decimals(places=2, allow_nan=False, allow_infinity=False).map(str),
    st.dates().map(str),
    st.sampled_from(["Y", "N"]),
    st.sampled_from(["", "N/A", "1", "2"]),
    st.one_of(_TEXT, _ODD),
)


@st.composite
def tables(draw: st.DrawFn) -> str:
    """Draw a table with a kind of value for each column, quoted always or where needed."""
    delimiter, ending = draw(st.sampled_from(",;\t|")), draw(st.sampled_from(["\n", "\r\n"]))
    kinds = draw(st.lists(st.sampled_from(_KINDS), min_size=1, max_size=4))
    always = draw(st.booleans())

    def written(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"' if always or set(cell) & {delimiter, *'"\r\n'} else cell

    records = draw(st.lists(st.tuples(*kinds), min_size=1, max_size=25))
    return "".join(delimiter.join(map(written, record)) + ending for record in records)


@settings(
    max_examples=sample_of(200),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.one_of(tables(), st.text("ab1,;\"\n\r' \\2.", max_size=60)))
@example("null,true\n1,2\n")
@example("100000000000000000000000000.00\n")
@example("\u2028,\x85\n\ufeff,\U0001f300\n")
def test_every_proposal_is_a_contract_and_tells_whether_its_sample_keeps_it(tmp_path: Path, content: str) -> None:
    try:
        text = proposed(tmp_path / "drawn.csv", content)
    except SampleError:
        return
    contract = read(text, tmp_path)
    told = "In the samples themselves is what the gate refuses" in text
    assert told == (not judge(content.encode(), contract, None).accepted)
    assert read(decided(text), tmp_path).dataset == "goods"
