"""What persons ask the freshness function: questions change nothing, and viewers may ask them, by an alias of it.

A question that is none is refused, whatever it is made of, and so is a command: it may not make the function fail,
whose alarm would tell everybody.
"""

from typing import Any

from suimon.drops.foreign_text import one_line

COMMANDS = frozenset({"act", "close", "expect", "hold", "release", "retract"})  # these change something
QUESTIONS_ALIAS = "questions"  # in template.yaml
_LONGEST = 2_000  # bytes of a text: a key of DynamoDB has 2,048
_NAME = 40  # characters of a field's name that a refusal repeats

_DAYS: dict[str, type] = {"back": int, "ahead": int}
_CHOICE: dict[str, type] = {"dataset": str, "kind": str, "severity": str, "all": bool}
# By question: what it must have, and what it may have.
_FIELDS: dict[str, tuple[dict[str, type], dict[str, type]]] = {
    "check_up": ({}, {}),
    "datasets": ({}, {}),
    "forecast": (_DAYS, {"dataset": str}),
    "incident": ({"id": str}, {}),
    "incidents": ({}, _CHOICE),
    "page": ({"language": str}, {}),
    "status": (_DAYS, {"dataset": str}),
}
QUESTIONS = frozenset(_FIELDS)


def wrong_with(name: str, request: Any) -> str:
    """Return why a request is not one that can be answered; "" if it is. A command says itself what it misses."""
    needed, possible = _FIELDS.get(name, ({}, {}))
    if name in COMMANDS and isinstance(request, dict):
        possible = {field: bool if isinstance(request[field], bool) else str for field in request}
    if not isinstance(request, dict):
        return f"{name} takes an object, with {', '.join(needed | possible) or 'nothing in it'}"
    for field, kind in (needed | possible).items():
        value = request.get(field)
        if value is None and field not in needed:
            continue
        if type(value) is not kind or not _usable(value) or not _usable(field):
            return f"{name} takes {one_line(field[:_NAME])} as {_WORDS[kind]}"
    return ""


def _usable(value: Any) -> bool:
    if isinstance(value, str):
        # JSON may hold half of a character, which nothing can encode.
        return len(value.encode(errors="replace")) <= _LONGEST and not any("\ud800" <= one <= "\udfff" for one in value)
    return bool(value >= 0)


_WORDS = {str: f"a text of at most {_LONGEST:,} bytes", int: "a whole number, 0 or more", bool: "true or false"}
