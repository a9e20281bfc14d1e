"""A contract's figures at the edges where one more or one less makes a difference."""

from collections.abc import Callable

import pytest

from suimon.contract.model import Contract
from tests.unit.contract.conftest import DIALECT

Draft = Callable[..., str]


@pytest.mark.parametrize(
    ("digits", "kept"), [("1,1", True), ("38,38", True), ("2,3", False), ("39,0", False), ("0,0", False)]
)
def test_a_number_has_up_to_38_digits_and_no_more_decimal_places(
    draft: Draft, reads: Callable[[str], Contract], refused: Callable[[str], list[str]], digits: str, *, kept: bool
) -> None:
    text = draft(f"name: price, logicalType: number, physicalType: 'decimal({digits})'")
    if kept:
        column = reads(text).columns[0]
        assert f"{column.precision},{column.scale}" == digits
    else:
        assert "needs a precision from 1 to 38 and a scale no greater" in refused(text)[0]


def test_the_most_bytes_fit_64_bits(
    draft: Draft, reads: Callable[[str], Contract], refused: Callable[[str], list[str]]
) -> None:
    dialect = f"{DIALECT}, compression: gzip, maxBytes: "
    file = reads(draft(dialect=f"{dialect}{2**63 - 1}")).file
    assert file
    assert file.max_bytes == 2**63 - 1
    assert "maxBytes" in refused(draft(dialect=f"{dialect}{2**63}"))[0]


@pytest.mark.parametrize(
    ("written", "form"),
    [
        ("yyyy-MM-dd HH:mm", "%Y-%m-%d %H:%M"),
        ("yyyy-MM-dd HH:mm:ss", "%Y-%m-%d %H:%M:%S"),
        ("yyyy-MM-dd HH:mm:ss.SSS", "%Y-%m-%d %H:%M:%S.%g"),
        ("yyyy-MM-dd HH:mm:ss.SSSSSSXXX", "%Y-%m-%d %H:%M:%S.%f%z"),
    ],
)
def test_a_timestamp_has_fractions_of_seconds_below_seconds(
    draft: Draft, reads: Callable[[str], Contract], written: str, form: str
) -> None:
    column = f"name: at, logicalType: timestamp, logicalTypeOptions: {{format: '{written}'}}"
    assert reads(draft(column)).columns[0].format == form


@pytest.mark.parametrize("written", ["yyyy-MM-dd HH:mm.SSS", "yyyy-MM-dd HH:mm:ss.SSS.SSSSSS", "yyyy-MM-dd éHH:mm-"])
def test_another_form_is_refused(draft: Draft, refused: Callable[[str], list[str]], written: str) -> None:
    column = f"name: at, logicalType: timestamp, logicalTypeOptions: {{format: '{written}'}}"
    assert len(refused(draft(column, dialect=DIALECT.replace("utf-8", "cp932")))) == 1


@pytest.mark.parametrize(("options", "bits"), [("", 32), ("format: i32", 32), ("format: i64", 64)])
def test_an_integer_is_of_32_or_64_bits(
    draft: Draft, reads: Callable[[str], Contract], options: str, bits: int
) -> None:
    column = f"name: pieces, logicalType: integer, logicalTypeOptions: {{{options}}}"
    assert reads(draft(column)).columns[0].bits == bits


@pytest.mark.parametrize("column", ["pieces", "price"])
def test_a_trailer_may_sum_every_number(draft: Draft, reads: Callable[[str], Contract], column: str) -> None:
    trailer = f"trailer: {{marker: T, sums: [{{column: {column}, cell: 2}}]}}"
    file = reads(draft(dialect=f"{DIALECT}, {trailer}")).file
    assert file
    assert file.trailer
    assert file.trailer.sums == ((column, 2),)


@pytest.mark.parametrize("threshold", ["[0, 100]", "[1, 100], unit: percent", "[0, 99], unit: percent"])
def test_a_span_that_some_file_avoids_is_read(draft: Draft, reads: Callable[[str], Contract], threshold: str) -> None:
    quality = f"{{metric: duplicateValues, arguments: {{properties: [code]}}, mustNotBeBetween: {threshold}}}"
    assert reads(draft(quality=quality)).metrics[0].negated
