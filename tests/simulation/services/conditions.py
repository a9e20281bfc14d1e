"""boto3's condition objects (`Key`, `Attr`), asked directly: making text of them would cost more than the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import AttributeBase, ConditionBase

from tests.simulation.services import expressions
from tests.simulation.services.errors import NotModelledError, refusal
from tests.simulation.services.expressions import KeyCondition
from tests.simulation.services.operations import COMPARISONS, begins, holds_part, look_up, not_over
from tests.simulation.services.values import MISSING, is_same

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def holds(wanted: Any, item: Mapping[str, Any], names: Mapping[str, str], values: Mapping[str, Any]) -> bool:
    """Return whether a condition, text or object, holds for an item."""
    if isinstance(wanted, str):
        condition = expressions.condition(wanted).condition
        assert condition is not None
        return condition(item, names, values)
    return _holds(wanted, item)


def key_of(wanted: ConditionBase) -> KeyCondition:
    """Take a key condition apart."""
    parts = wanted.get_expression()
    sort: ConditionBase | None = None
    if parts["operator"] == "AND":
        wanted, sort = parts["values"]
        parts = wanted.get_expression()
    if parts["operator"] != "=":
        raise refusal("Query", "ValidationException", "Query key condition not supported")
    of, value = parts["values"]
    return KeyCondition(
        of.name,
        lambda _item, _names, _values: value,
        sort.get_expression()["values"][0].name if sort is not None else None,
        lambda item, _names, _values: sort is None or _holds(sort, item),
    )


def _holds(wanted: ConditionBase, item: Mapping[str, Any]) -> bool:
    parts = wanted.get_expression()
    operator, operands = parts["operator"], parts["values"]
    if operator == "AND":
        return all(_holds(one, item) for one in operands)
    if operator == "OR":
        return any(_holds(one, item) for one in operands)
    if operator == "NOT":
        return not _holds(operands[0], item)
    if operator not in _TESTS:
        raise NotModelledError(f"no condition {operator} here")
    return _TESTS[operator](*(_found(one, item) for one in operands))


_TESTS: dict[str, Callable[..., bool]] = {
    **COMPARISONS,
    "attribute_exists": lambda of: of is not MISSING,
    "attribute_not_exists": lambda of: of is MISSING,
    "begins_with": begins,
    "contains": holds_part,
    "BETWEEN": lambda of, low, high: not_over(low, of) and not_over(of, high),
    "IN": lambda of, options: any(is_same(of, one) for one in options),
}


def _found(operand: Any, item: Mapping[str, Any]) -> Any:
    if not isinstance(operand, AttributeBase):
        return operand
    if "." in operand.name or "[" in operand.name:
        path = operand.name.replace("]", "").replace("[", ".").split(".")
        return look_up(item, tuple(int(step) if step.isdigit() else step for step in path))
    return item.get(operand.name, MISSING)
