"""Proposals from samples: what they tell, what they leave open, and that the grammar takes every one of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from suimon.contract.file import Column
from suimon.contract.odcs.clauses import ContractFileError
from suimon.contract.odcs.parse import read_contract
from suimon.dataset.folder import CONTRACT
from suimon.dataset.proposal.propose import MARK, propose
from suimon.dataset.proposal.sample import SampleError
from suimon.warehouse.describe import misfits
from tests.unit.dataset.proposal.proposals import EUROPEAN, IDENTITY, INVENTORY, SALES, column, marked, proposed, read


def test_a_proposal_is_refused_until_a_person_has_decided(sample: Path, tmp_path: Path) -> None:
    text, path = proposed(sample, SALES), tmp_path / "proposed.odcs.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractFileError) as refused:
        read_contract(path)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if MARK in line]
    assert [problem.line for problem in refused.value.problems] == lines


def test_thousands_are_never_taken_for_decimals(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, 'shop,sales\nA,"1,200"\nB,"65,000"\nC,900\n')
    sales = column(read(text, tmp_path), "sales")
    assert (sales.type, sales.thousands) == ("integer", ",")
    assert marked(text, "separators of thousands; is that right?")


def test_three_digits_behind_each_comma_are_a_text_where_the_file_has_decimal_commas(
    sample: Path, tmp_path: Path
) -> None:
    text = proposed(sample, "shop;sales;rate\nA;1,200;0,5\nB;65,000;1,25\nC;900;2,75\n")
    contract = read(text, tmp_path)
    assert (column(contract, "sales").type, column(contract, "rate").type) == ("string", "decimal")
    assert marked(text, "decimals, or thousands? Taken as text")


def test_a_decimal_comma_with_three_digits_behind_it_is_for_a_person_to_decide(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "shop;sales\nA;1,200\nB;12,5\nC;2,75\n")
    assert column(read(text, tmp_path), "sales").type == "decimal"
    assert marked(text, "some commas have three digits behind them: decimals, or thousands?")


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (["令和8年11月20日", "平成31年4月30日", "令和元年5月1日"], Column("v", "date", format="%E%-n年%-m月%-d日")),
        (["R8.11.20", "H31.4.30"], Column("v", "date", format="%e%-n.%-m.%-d")),
        (["26/11/20", "99/01/31"], Column("v", "date", format="%y/%m/%d", pivot=1970)),
        (["2026/1/2", "2026/11/20"], Column("v", "date", format="%Y/%-m/%-d")),
        ([" 1 ", "20 "], Column("v", "integer", bits=32, trimmed=True)),
        (["１，２００", "３"], Column("v", "integer", bits=32, full_width=True, thousands=",")),
        (["平成31年5月1日", "令和8年1月1日"], Column("v", "string", max_length=16)),
    ],
)
def test_what_a_clause_makes_plain_is_proposed_with_it(
    sample: Path, tmp_path: Path, values: list[str], wanted: Column
) -> None:
    rows = "".join(f'k{place};"{value}"\n' for place, value in enumerate(values))
    text = proposed(sample, "key;v\n" + rows)
    assert column(read(text, tmp_path), "v") == replace(wanted, required=True)
    assert marked(text, "written with") is (wanted.type != "string")


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
    assert marked(text, "put one for column_1 and 5 more, whose labels are none")
    assert not marked(text, "name: column_")
    assert "山田" not in text


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
    assert not column(contract, "menge").required


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
        (["1,234", "12,345,678"], "integer", None),
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
    assert [one.name for one in contract.columns] == ["id", "note", "column_3", "column_4"]
    assert "the header has 'Note' twice" in text


def test_the_whole_of_a_large_file_is_looked_at(sample: Path, tmp_path: Path) -> None:
    rows = [f'{place},"{"x" * 500}",5' for place in range(30_000)]
    text = proposed(sample, "\n".join(["id,text,number", *rows, "30000,,1.25"]) + "\n")
    contract = read(text, tmp_path)
    assert "30,001 records" in text.splitlines()[0]
    assert "line " not in text[: text.index("apiVersion")], "where the start was cut is no fault"
    assert not column(contract, "text").required
    assert (column(contract, "number").type, column(contract, "number").scale) == ("decimal", 2)
    assert "unique: true" in text


def test_several_samples_tell_more_than_one(tmp_path: Path) -> None:
    texts = {
        "s_20261120.csv": "day,id,n\n" + "".join(f"2026-11-20,{number},{number}\n" for number in range(30)),
        "s_20261121.csv": "day,id,n\n" + "".join(f"2026-11-21,{number},{number}.5\n" for number in range(30)),
    }
    for name, content in texts.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    paths = [tmp_path / name for name in texts]
    proposal = propose("goods", paths, IDENTITY)

    contract = read(proposal.files[CONTRACT], tmp_path)
    assert contract.key_pattern
    assert contract.key_pattern.text == "goods/s_{ds:yyyyMMdd}.csv"
    assert column(contract, "day").partition, "each sample has a day of its own"
    assert column(contract, "n").type == "decimal"
    assert "DISTKEY (id)" in proposal.files["table.sql"], "a key of each file, though not of all together"
    assert proposal.files["golden/2026-11-20.rows.txt"].splitlines()[0] == "2026-11-20|0|0.0"


def test_samples_of_different_kinds_are_refused(tmp_path: Path) -> None:
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for path, content in zip(paths, ("a,b\n1,2\n", "a,c\n1,2\n"), strict=True):
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SampleError, match=r"b\.csv is no file like .*a\.csv: its header is another one"):
        propose("goods", paths, IDENTITY)


def test_no_personal_value_is_in_any_file_and_lengths_are_in_bytes(tmp_path: Path) -> None:
    path = tmp_path / "inventory_20261120.csv"
    path.write_bytes(INVENTORY.encode("cp932"))
    files = propose("goods", [path], IDENTITY).files
    assert not any("山田" in text for text in files.values())
    contract = read(files[CONTRACT], tmp_path)
    assert f"column_2 VARCHAR({4 * (column(contract, 'column_2').max_length or 0)}) NOT NULL" in files["table.sql"]
    assert list(misfits(contract, files["table.sql"])) == []


def test_a_column_without_any_value_has_a_length_all_the_same(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "code,note\n" + "".join(f"A{number},\n" for number in range(30)))
    assert column(read(text, tmp_path), "note") == Column("note", "string", max_length=256)


def test_of_a_timestamp_and_a_date_of_the_same_day_the_date_is_the_partition(sample: Path, tmp_path: Path) -> None:
    text = proposed(sample, "at,day\n2026-11-20 09:00:00,2026-11-20\n2026-11-20 10:00:00,2026-11-20\n")
    contract = read(text, tmp_path)
    assert [column.partition for column in contract.columns] == [None, "ds"]


def test_names_are_those_that_redshift_takes_without_quotes(sample: Path, tmp_path: Path) -> None:
    contract = read(proposed(sample, "Order Id,timestamp,USER\n1,2026-11-20,x\n"), tmp_path)
    assert [(one.name, one.label) for one in contract.columns] == [
        ("order_id", "Order Id"),
        ("timestamp_", "timestamp"),
        ("user_", "USER"),
    ]


def test_a_name_of_a_file_stays_in_its_comment(tmp_path: Path) -> None:
    text = proposed(tmp_path / "a\nkind: Nothing {x}.csv", "a,b\n1,2\n")
    assert read(text, tmp_path).dataset == "goods"
