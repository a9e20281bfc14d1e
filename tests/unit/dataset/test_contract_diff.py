"""What a changed contract breaks: told before it is released, and never called harmless when it is not."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from suimon.check.engine import check_file
from suimon.contract.file import Column, FileFormat, Metric, Tolerance
from suimon.contract.keys import KeyPattern
from suimon.contract.model import Contract
from suimon.dataset.contract_diff import Difference, difference
from tests.datasets import release
from tests.sampling import sample_of
from tests.unit.check.kinds import KINDS
from tests.unit.check.strategies import Case, cases, dialects

SALES = release().contracts.of("sales")


def column(name: str, **changes: Any) -> Contract:
    return replace(
        SALES,
        columns=tuple(replace(one, **changes) if one.name == name else one for one in SALES.columns),
    )


def breaks(found: Difference, whom: str) -> list[str]:
    return [change.clause for change in found.changes if change.whom == whom and change.breaks]


def test_a_contract_differs_from_itself_in_nothing() -> None:
    assert difference(SALES, SALES) == Difference((), ())


@pytest.mark.parametrize(
    ("clause", "changes"),
    [
        ("product_name.maxLength", {"max_length": 10}),
        ("product_name.pattern", {"pattern": "^a$"}),
        ("product_name.label", {"label": "品名"}),
        ("product_name.minLength", {"min_length": 1}),
        ("product_name.unique", {"unique": True}),
        ("product_name.allowed", {"allowed": ("a",)}),
    ],
)
def test_a_rule_that_lets_less_through_breaks_it_for_the_sender(clause: str, changes: dict[str, Any]) -> None:
    assert breaks(difference(SALES, column("product_name", **changes)), "sender") == [clause]


def test_a_rule_that_lets_more_through_breaks_nothing() -> None:
    found = difference(SALES, column("quantity", minimum="0"))
    assert ([change.clause for change in found.changes], found.breaks) == (["quantity.minimum"], False)


def test_of_another_key_files_under_the_old_one_match_nothing() -> None:
    found = difference(SALES, replace(SALES, key_pattern=KeyPattern("s/{ds}.csv")))
    assert breaks(found, "sender") == ["keyPattern"]
    assert not breaks(found, "stored")


def test_the_table_gets_a_new_column_and_longer_texts_by_alter() -> None:
    longer = column("product_name", max_length=500)
    new = Column("shop", "string", max_length=8, may_be_absent=True)
    found = difference(SALES, replace(longer, columns=(*longer.columns, new)))
    assert found.statements == (
        "ALTER TABLE sales_fact ALTER COLUMN product_name TYPE VARCHAR(2000)",
        "ALTER TABLE sales_fact ADD COLUMN shop VARCHAR(32)",
    )
    assert not found.breaks
    assert "in flight" in [change.clause for change in found.changes]


def test_a_wider_decimal_is_fine_for_the_sender_and_breaks_the_table() -> None:
    found = difference(SALES, column("amount", precision=20))
    assert (breaks(found, "sender"), breaks(found, "table"), found.statements) == ([], ["schema.properties"], ())


def test_contracts_of_two_datasets_are_not_compared() -> None:
    with pytest.raises(ValueError, match="of dataset sales, the other of inventory"):
        difference(SALES, release().contracts.of("inventory"))


quick = settings(max_examples=sample_of(200), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@st.composite
def changed(draw: st.DrawFn, contract: Contract) -> Contract:
    """Draw a contract in which one or two clauses of another one were taken over."""
    for _ in range(draw(st.integers(1, 2))):
        contract = draw(st.sampled_from(_CHANGES))(draw, contract)
    return contract


def _dialect(draw: st.DrawFn, contract: Contract) -> Contract:
    assert contract.file
    name = draw(st.sampled_from([field.name for field in fields(FileFormat) if field.name != "trailer"]))
    return replace(contract, file=replace(contract.file, **{name: getattr(draw(dialects()), name)}))


def _rule(draw: st.DrawFn, contract: Contract) -> Contract:
    place = draw(st.integers(0, len(contract.columns) - 1))
    old = contract.columns[place]
    other = draw(st.sampled_from([kind.column for kind in KINDS if kind.column.type == old.type]))
    names = sorted({field.name for field in fields(Column)} - {"name", "type", "label"})
    name = draw(st.sampled_from(names))
    flags = {"required", "unique", "personal", "may_be_absent"}
    if name == "may_be_absent" and (old.required or old.name in contract.primary_key):
        return contract
    value: Any = draw(st.booleans()) if name in flags else getattr(other, name)
    columns = [*contract.columns]
    changes: dict[str, Any] = {name: value}
    columns[place] = replace(old, **changes)
    return replace(contract, columns=tuple(columns))


def _columns(draw: st.DrawFn, contract: Contract) -> Contract:
    used = {name for one in contract.metrics for name in one.columns} | set(contract.primary_key)
    used |= {name for one in contract.conditions for name in one.columns}
    if draw(st.booleans()) and not contract.conditions:
        return replace(contract, columns=tuple(draw(st.permutations(contract.columns))))
    if contract.conditions or len(contract.columns) == 1 or contract.columns[-1].name in used:
        return replace(contract, columns=(*contract.columns, Column("z", "string", may_be_absent=draw(st.booleans()))))
    return replace(contract, columns=contract.columns[:-1])


def _whole(draw: st.DrawFn, contract: Contract) -> Contract:
    changes: dict[str, Any] = draw(
        st.sampled_from(
            [
                {"tolerance": None},
                {"tolerance": Tolerance(max_rows=1)},
                {"primary_key": ()},
                {"primary_key": (contract.columns[0].name,)},
                {"conditions": ()},
                {"metrics": ()},
                {"metrics": (Metric("rowCount", minimum="4"),)},
                {"metrics": (Metric("rowCount", minimum="4", severity="warning"),)},
            ]
        )
    )
    return replace(contract, **changes)


_CHANGES: tuple[Callable[[st.DrawFn, Contract], Contract], ...] = (_dialect, _rule, _columns, _whole)


@given(case=cases(faults=False), draws=st.data())
@quick
def test_a_file_that_was_right_is_right_where_nothing_is_said_to_break(case: Case, draws: st.DataObject) -> None:
    assume(not (case.contract.file and case.contract.file.trailer))
    new = draws.draw(changed(case.contract))
    assume(not difference(case.contract, new).breaks)
    with TemporaryDirectory() as folder:
        path = Path(folder, "file.csv")
        path.write_bytes(case.contents)
        old = check_file(path, case.contract, case.partition, scratch=Path(folder))
        assume(old.accepted)
        found = check_file(path, new, case.partition, scratch=Path(folder))
    assert found.accepted, [(cell.code, cell.column, cell.value) for cell in found.bad_cells]


def test_without_its_stamp_a_file_replaces_nothing_that_was_loaded_with_one() -> None:
    old = replace(release().contracts.of("sales"), key_pattern=KeyPattern("sales/{ds}/{stamp}.csv"))
    plain = replace(old, key_pattern=KeyPattern("sales/{ds}/sales.csv"))
    assert breaks(difference(old, plain), "table") == ["keyPattern"]
    assert breaks(difference(plain, old), "table") == []
