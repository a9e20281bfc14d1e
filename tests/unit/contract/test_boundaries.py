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
