"""What an update expression makes of an item: a new item; the old one, and whatever both share, stays as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.simulation.services.errors import refusal
from tests.simulation.services.expressions import Action, look_up, resolved
from tests.simulation.services.values import MISSING, stored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulation.services.expressions import Path_

_KEYS = frozenset({"pk", "sk"})


def updated(
    item: Mapping[str, Any], actions: Sequence[Action], names: Mapping[str, str], values: Mapping[str, Any]
) -> dict[str, Any]:
    """Carry out every action; all operands are read of the item as it was before."""
    after = dict(item)
    for action in actions:
        step = action.path[0]
        path: Path_ = (names[step],) if len(action.path) == 1 and step[0] == "#" else resolved(action.path, names)  # type: ignore[index]  # a path begins with a name
        if path[0] in _KEYS:
            raise _invalid(f"Cannot update attribute {path[0]}. This attribute is part of the key")
        match action.verb:
            case "SET":
                value = action.operand(item, names, values)
                if value is MISSING:
                    raise _invalid("The provided expression refers to an attribute that does not exist in the item")
                _put(after, path, stored(value))
            case "REMOVE":
                _remove(after, path)
            case "ADD":
                _add(after, path, look_up(item, path), stored(action.operand(item, names, values)))
            case _:
                _take_out(after, path, look_up(item, path), stored(action.operand(item, names, values)))
    return after


def _put(after: dict[str, Any], path: Path_, value: Any) -> None:
    holder = _own(after, path)
    last = path[-1]
    if isinstance(holder, list) and isinstance(last, int):
        holder[last : last + 1] = [value]  # behind the end means at the end
    elif isinstance(holder, dict) and isinstance(last, str):
        holder[last] = value
    else:
        raise _no_such_path()


def _remove(after: dict[str, Any], path: Path_) -> None:
    holder = _own(after, path)
    last = path[-1]
    if isinstance(holder, list) and isinstance(last, int):
        del holder[last : last + 1]
    elif isinstance(holder, dict) and isinstance(last, str):
        holder.pop(last, None)
    else:
        raise _no_such_path()


def _own(after: dict[str, Any], path: Path_) -> Any:
    """Give the map or list that holds the path's last step, copied on the way there."""
    holder: Any = after
    for step in path[:-1]:
        found = look_up(
            holder if isinstance(holder, dict) else {"": holder}, (step,) if isinstance(step, str) else ("", step)
        )
        if not isinstance(found, (dict, list)):
            raise _no_such_path()
        holder[step] = found = found.copy()
        holder = found
    return holder


def _add(after: dict[str, Any], path: Path_, known: Any, value: Any) -> None:
    if isinstance(value, (str, bool, list, dict, bytes)):
        raise _invalid("Incorrect operand type for operator or function; operator: ADD")
    if known is MISSING:
        _put(after, path, value)
    elif isinstance(known, set) is not isinstance(value, set) or isinstance(known, (str, bool, list, dict)):
        raise _invalid("An operand in the update expression has an incorrect data type")
    else:
        _put(after, path, known | value if isinstance(known, set) else known + value)


def _take_out(after: dict[str, Any], path: Path_, known: Any, value: Any) -> None:
    if not isinstance(value, set):
        raise _invalid("Incorrect operand type for operator or function; operator: DELETE")
    if known is MISSING:
        return
    if not isinstance(known, set):
        raise _invalid("An operand in the update expression has an incorrect data type")
    if left := known - value:
        _put(after, path, left)
    else:
        _remove(after, path)


def _no_such_path() -> Exception:
    return _invalid("The document path provided in the update expression is invalid for update")


def _invalid(message: str) -> Exception:
    return refusal("UpdateItem", "ValidationException", message)
