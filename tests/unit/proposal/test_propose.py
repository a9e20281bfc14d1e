"""Proposals from samples: what they tell, what they leave open, and that the grammar takes every one of them."""

import gzip
import io
import re
import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from suimon.check.engine import check_file
from suimon.contract.file import Column
from suimon.contract.model import Contract
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.proposal.propose import MARK, propose
from suimon.proposal.sample import SampleError
from tests.unit.check.oracle import judge

IDENTITY = UUID("b5a3d3c2-6f0e-4c55-9a41-5d1f6e0c7a10")
SALES = "order_id,order_date,customer_id,product_name,quantity,unit_price,paid\n" + "".join(
    f'ORD-{number:05},2026-11-20,C{number % 7:04},"緑茶, 500ml",{number % 3 + 1},{number}.50,{"NY"[number % 2]}\n'
    for number in range(40)
)
INVENTORY = "品番,品名,倉庫,在庫数,更新日時,担当者名\r\n" + "".join(
    f"{number:06},緑茶 ５００ｍｌ,東京第一倉庫,{number},2026/11/20 08:{number:02}:00,山田太郎\r\n"
    for number in range(30)
)
EVENTS = "event_id\tuser_id\tevent_type\tevent_timestamp\n" + "".join(
    f"{10**12 + number}\tU{number % 9}\t{'click' if number % 3 else 'view'}\t2026-11-20T10:{number:02}:00.123+09:00\n"
    for number in range(50)
)
EUROPEAN = "Artikel;Preis;Am;Menge\nA-1;1234,50;21.11.2026;7\nA-2;-0,5;02.11.2026;N/A\n"


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return tmp_path / "sample.csv"


def proposed(path: Path, content: str | bytes, dataset: str = "goods") -> str:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return propose(dataset, path, Path("contracts/goods.odcs.yaml"), IDENTITY)


def read(text: str, folder: Path) -> Contract:
    path = folder / "proposed.odcs.yaml"
    path.write_text(text.replace(MARK, "# decided: "), encoding="utf-8")
    return read_contract(path)


def column(contract: Contract, name: str) -> Column:
    return next(column for column in contract.columns if column.name == name)


def marked(text: str, clause: str) -> bool:
    """Tell whether a person is asked to look at a clause, each time it stands there."""
    lines = [line for line in text.splitlines() if clause in line]
    return bool(lines) and all(MARK in line for line in lines)


def decided(text: str) -> str:
    """Take every suggestion."""
    body = text[text.index("apiVersion") :]
    return re.sub(r"(?m)^( *)# (?=[-a-zA-Z ])", r"\1", body)


def test_a_proposal_is_refused_until_a_person_has_decided(sample: Path, tmp_path: Path) -> None:
    text, path = proposed(sample, SALES), tmp_path / "proposed.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as refused:
        read_contract(path)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if MARK in line]
    assert [problem.line for problem in refused.value.problems] == lines


def test_thousands_are_never_taken_for_decimals(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, 'shop,sales\nA,"1,200"\nB,"65,000"\nC,900\n')
    assert column(read(text, tmp_path), "sales").type == "string"
    assert "thousands" in text


def test_a_sales_file_becomes_its_contract(sample: Path, tmp_path: Path) -> None:
    contract = read(proposed(sample, SALES), tmp_path)
    assert contract.file is not None
    assert (contract.file.encoding, contract.file.delimiter, contract.file.quote) == ("utf-8", ",", '"')
    assert (contract.file.line_ending, contract.file.header, contract.file.compression) == ("lf", True, "none")
    assert [(one.name, one.type) for one in contract.columns] == [
        ("order_id", "string"),
        ("order_date", "date"),
        ("customer_id", "string"),
        ("product_name", "string"),
        ("quantity", "integer"),
        ("unit_price", "decimal"),
        ("paid", "boolean"),
    ]
    assert all(one.required and one.label is None for one in contract.columns)
    assert column(contract, "order_date").partition
    assert column(contract, "customer_id").personal
    assert column(contract, "unit_price").scale == 2
    assert column(contract, "paid").true_words == ("Y",)
    assert contract.key_pattern is not None
    assert contract.key_pattern.match("goods/2026-11-20/sample.csv") == "2026-11-20"


def test_japanese_headers_stay_as_labels_of_columns_that_a_person_names(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, INVENTORY.encode("cp932"))
    contract = read(text, tmp_path)
    assert contract.file is not None
    assert (contract.file.encoding, contract.file.line_ending) == ("cp932", "crlf")
    assert [(one.name, one.label) for one in contract.columns][:2] == [("column_1", "品番"), ("column_2", "品名")]
    assert column(contract, "column_1").type == "string", "its zeros in front would be lost"
    assert column(contract, "column_5").format == "%Y/%m/%d %H:%M:%S"
    assert column(contract, "column_6").personal
    assert marked(text, "name: column_")
    assert "山田" not in text


def test_compressed_tabs_and_zones_are_found(tmp_path: Path) -> None:
    text = proposed(tmp_path / "events_2026-11-20.tsv.gz", gzip.compress(EVENTS.encode()))
    contract = read(text, tmp_path)
    assert contract.file is not None
    assert (contract.file.compression, contract.file.delimiter) == ("gzip", "\t")
    assert column(contract, "event_timestamp").format == "%Y-%m-%dT%H:%M:%S.%g%z"
    assert column(contract, "event_id").bits == 64
    assert contract.key_pattern is not None
    assert contract.key_pattern.text == "goods/events_{ds}.tsv.gz"
    assert "# quality: [{metric: invalidValues, arguments: {validValues: [click, view]}, mustBe: 0}]" in text


def test_decimal_commas_and_days_before_months_are_found(sample: Path, tmp_path: Path) -> None:
    contract = read(proposed(sample, EUROPEAN), tmp_path)
    assert contract.file is not None
    assert (contract.file.delimiter, contract.file.decimal, contract.file.null_tokens) == (";", ",", ("", "N/A"))
    assert [(one.type, one.format) for one in contract.columns] == [
        ("string", None),
        ("decimal", None),
        ("date", "%d.%m.%Y"),
        ("integer", None),
    ]
    assert not column(contract, "Menge").required


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (INVENTORY.encode("euc-jp"), "euc-jp"),
        (INVENTORY.encode("utf-16"), "utf-16"),
        (INVENTORY.encode("utf-8-sig"), "utf-8-sig"),
        (INVENTORY.encode("cp932"), "cp932"),
        ("品番,品名\n1,ﾘｮｸﾁｬ\n2,ｺｳﾁｬ\n".encode("cp932"), "cp932"),
        (INVENTORY.encode(), "utf-8"),
    ],
)
def test_the_encoding_is_told_by_its_bytes(sample: Path, tmp_path: Path, content: bytes, encoding: str) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert contract.file.encoding == encoding
    assert contract.columns[0].label == "品番"


def test_a_sample_of_ascii_leaves_the_encoding_open(sample: Path) -> None:
    assert marked(proposed(sample, "a,b\n1,2\n"), "encoding: utf-8")


@pytest.mark.parametrize("name", ["zip", "zstd"])
def test_other_compressions_are_read_as_well(sample: Path, tmp_path: Path, name: str) -> None:
    if name == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("sales.csv", SALES)
        content = packed.getvalue()
    else:
        content = pytest.importorskip("backports.zstd").compress(SALES.encode())
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert contract.file.compression == name
    assert len(contract.columns) == 7


@pytest.mark.parametrize(
    ("content", "quote", "cells"),
    [
        ('a,b\n"1,x",2\n"3",4\n', '"', 2),
        ("a,b\n'1,x',2\n'3',4\n", "'", 2),
        ('name\tsize\nA\t5" disk\nB\t3" disk\n', "", 2),
        ("a,b\nit's,2\nthat's,4\n", '"', 2),
        ('a|b|c\n"1|""x""\nnext line"|2|3\n', '"', 3),
    ],
)
def test_the_quote_is_the_one_that_makes_a_table(
    sample: Path, tmp_path: Path, content: str, quote: str, cells: int
) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert contract.file is not None
    assert (contract.file.quote, len(contract.columns)) == (quote, cells)


def test_quotes_escaped_by_backslashes_are_found(sample: Path, tmp_path: Path) -> None:
    contract = read(proposed(sample, 'a,b\n"say \\"x, y\\"",2\nz,4\n'), tmp_path)
    assert contract.file is not None
    assert contract.file.escape == "\\"


@pytest.mark.parametrize(
    ("content", "labels"),
    [
        ("a,b\n1,x\n2,y\n", ["a", "b"]),
        ("1,x\n2,y\n", ["column_1", "column_2"]),
        ("tokyo,tea\nosaka,coffee\nkobe,tea\n", ["column_1", "column_2"]),
        ("city,drink\nosaka,coffee\nkobe,tea\n", ["city", "drink"]),
    ],
)
def test_a_header_is_told_from_records(sample: Path, tmp_path: Path, content: str, labels: list[str]) -> None:
    contract = read(proposed(sample, content), tmp_path)
    assert [one.name for one in contract.columns] == labels
    assert contract.file is not None
    assert contract.file.header == (labels[0] != "column_1")


@pytest.mark.parametrize(
    ("values", "type_", "form"),
    [
        (["2026-11-20", "2026-02-28"], "date", "%Y-%m-%d"),
        (["2026-11-20", "2026-02-30"], "string", None),
        (["20261120", "20260228"], "date", "%Y%m%d"),
        (["20261120", "20261399"], "integer", None),
        (["13/01/2026", "02/03/2026"], "date", "%d/%m/%Y"),
        (["2026年01月02日", "2026年11月20日"], "date", "%Y年%m月%d日"),
        (["2026-11-20 10:00", "2026-11-20 11:30"], "timestamp", "%Y-%m-%d %H:%M"),
        (["1,234", "12,345,678"], "string", None),
        (["12345678901234567890", "1"], "string", None),
        (["-", "12"], "integer", None),
        (["-", "x"], "string", None),
        (["はい", "いいえ"], "boolean", None),
        (["+1", "+2"], "string", None),
    ],
)
def test_types_are_those_that_every_value_has(
    sample: Path, tmp_path: Path, values: list[str], type_: str, form: str | None
) -> None:
    rows = "".join(f'k{place};"{value}"\n' for place, value in enumerate(values))
    contract = read(proposed(sample, "key;value\n" + rows), tmp_path)
    assert (column(contract, "value").type, column(contract, "value").format) == (type_, form)


def test_days_that_could_be_months_are_left_to_a_person(sample: Path) -> None:
    assert marked(proposed(sample, "a,day\n1,02/03/2026\n2,04/05/2026\n"), "format: dd/MM/yyyy")


@pytest.mark.parametrize(
    ("label", "value"),
    [
        ("e_mail", "x"),
        ("contact", "taro@example.co.jp"),
        ("Phone Number", "1"),
        ("連絡先", "090-1234-5678"),
        ("住所", "x"),
        ("届け先", "東京都千代田区丸の内1-1"),
        ("氏名", "x"),
        ("last_name", "x"),
        ("顧客番号", "123"),
    ],
)
def test_personal_data_is_suspected_and_never_copied(sample: Path, tmp_path: Path, label: str, value: str) -> None:
    text = proposed(sample, f"place,{label}\n" + f"1,{value}\n" * 30)
    contract = read(text, tmp_path)
    assert contract.columns[1].personal
    assert marked(text, "classification: personal")
    assert f"value: {value}" not in text


@pytest.mark.parametrize("label", ["product_name", "商品名", "quantity", "warehouse", "filename"])
def test_names_of_things_are_not_personal(sample: Path, tmp_path: Path, label: str) -> None:
    assert not read(proposed(sample, f"n,{label}\n1,tea\n2,coffee\n"), tmp_path).columns[1].personal


def test_what_the_gate_refuses_in_the_sample_is_told_on_top(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "made by hand\nid,note\n1,a\n2,b\n\n3,c,d\n4,e\n5,f\n6,g\n7,h\nEND,7,x\n")
    contract = read(text, tmp_path)
    assert contract.file is not None
    assert contract.file.skip_lines == 1
    assert marked(text, "skipLines: 1")
    head = text[: text.index("apiVersion")]
    assert "line 5: the line is blank" in head
    assert "line 6: 3 cells where most records have 2" in head
    assert "line 11: 3 cells where most records have 2; a trailer?" in head


def test_a_label_that_stands_twice_does_not_break_the_contract(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "id,Note,note,Note\n1,a,b,c\n2,d,e,f\n")
    contract = read(text, tmp_path)
    assert [one.name for one in contract.columns] == ["id", "Note", "column_3", "column_4"]
    assert "the header has 'Note' twice" in text


def test_only_the_start_of_a_large_file_is_read(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "id,text\n" + "".join(f'{place},"{"x" * 500}"\n' for place in range(20_000)))
    contract = read(text, tmp_path)
    assert "in the first 4 MB" in text.splitlines()[0]
    assert "line " not in text[: text.index("apiVersion")], "where the sample was cut is no fault"
    assert len(contract.columns) == 2


def test_a_quote_that_stays_open_is_told_even_where_the_sample_is_cut(sample: Path) -> None:
    sound, open_ = 'id,"text"\n' * 10_000, '3,"' + "x" * 5_000_000
    text = proposed(sample, sound + open_)
    assert "line 10001: a quote is opened and never closed" in text[: text.index("apiVersion")]


def test_blank_lines_between_all_records_do_not_hide_the_table(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "a,b\n\n1,2\n\n3,4\n\n\n\n")
    assert len(read(text, tmp_path).columns) == 2
    assert "line 2 and 4 more: the line is blank" in text


def test_a_name_of_a_file_stays_in_its_comment(tmp_path: Path) -> None:
    text = proposed(tmp_path / "a\nkind: Nothing {x}.csv", "a,b\n1,2\n")
    assert read(text, tmp_path).dataset == "goods"


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
        propose("goods", tmp_path, tmp_path / "out", IDENTITY)


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


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(tables(), st.text("ab1,;\"\n\r' \\2.", max_size=60)))
@example("null,true\n1,2\n")
@example("\u2028,\x85\n\ufeff,\U0001f300\n")
def test_every_proposal_is_a_contract_and_tells_whether_its_sample_keeps_it(tmp_path: Path, content: str) -> None:
    try:
        text = proposed(tmp_path / "drawn.csv", content)
    except SampleError:
        return
    contract = read(text, tmp_path)
    told = "In the sample itself is what the gate refuses" in text
    assert told == (not judge(content.encode(), contract, None).accepted)
    assert read(decided(text), tmp_path).dataset == "goods"
