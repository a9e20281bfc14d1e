"""What an update expression makes of an item: a new item; the old one, and whatever both share, stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import refusal
from tests.simulation.services.operations import look_up, resolved
from tests.simulation.services.values import MISSING, KeptList, KeptMap, stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulation.services.expressions import Action
    from tests.simulation.services.operations import Steps

_KEYS = frozenset({"pk", "sk"})


def updated(
    item: Mapping[str, Any], actions: Sequence[Action], names: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Carry out every action; all operands are read of the item as it was before."""
    after: dict[str, Any] = dict(item)
    for action in actions:
        path = action.path
        first: Any = path[0]
        name: str = names.get(first, first)
        if name in _KEYS:
            raise _invalid(f"Cannot update attribute {name}. This attribute is part of the key")
        if len(path) > 1:
            after[name] = _changed(
                after.get(name, MISSING), resolved(path, names)[1:], _value(action, item, names, values)
            )
        elif (value := _value(action, item, names, values)) is MISSING:
            after.pop(name, None)
        else:
            after[name] = value
    return after


def _value(action: Action, item: Mapping[str, Any], names: Mapping[str, str], values: Mapping[str, Any]) -> Any:
    """Return what stands at the action's path afterwards; MISSING: nothing."""
    if action.verb == "REMOVE":
        return MISSING
    value = action.operand(item, names, values)
    if action.verb == "ADD":
        return _sum(look_up(item, resolved(action.path, names)), stored(value))
    if value is MISSING:
        raise _invalid("The provided expression refers to an attribute that does not exist in the item")
    return stored(value)


def _sum(known: Any, value: Any) -> Any:
    if known is MISSING:
        return value
    if isinstance(value, (str, bool, list, dict, bytes)) or isinstance(known, (str, bool, list, dict, bytes)):
        raise _invalid("An operand in the update expression has an incorrect data type")
    return stored(known + value)


def _changed(holder: Any, path: Steps, value: Any) -> Any:
    """Return a map or list with another value at a path below it."""
    step = path[0]
    if isinstance(holder, dict) and isinstance(step, str):
        inner = value if len(path) == 1 else _changed(holder.get(step, MISSING), path[1:], value)
        if inner is MISSING:
            return KeptMap({name: one for name, one in holder.items() if name != step})
        return KeptMap({**holder, step: inner})
    if isinstance(holder, list) and isinstance(step, int):
        if len(path) > 1 and step >= len(holder):
            raise _no_such_path()
        inner = value if len(path) == 1 else _changed(holder[step], path[1:], value)
        # Behind the end means at the end.
        return KeptList([*holder[:step], *([] if inner is MISSING else [inner]), *holder[step + 1 :]])
    raise _no_such_path()


def _no_such_path() -> Exception:
    return _invalid("The document path provided in the update expression is invalid for update")


def _invalid(message: str) -> Exception:
    return refusal("UpdateItem", "ValidationException", message)
