"""What persons ask the freshness function: questions change nothing, and viewers may ask them, by an alias of it.

A question that is none is refused, whatever it is made of, and so is a command: it may not make the function fail,
whose alarm would tell everybody.
"""

from typing import Any

from suimon.drops.foreign_text import one_line
from suimon.drops.wording import Bilingual

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
ONLY_QUESTIONS = Bilingual(
    f"this alias answers questions only: {', '.join(sorted(QUESTIONS))}",
    f"この別名は質問にのみ答えます: {', '.join(sorted(QUESTIONS))}",
)


def question_in(event: object) -> tuple[str, Any] | None:
    """Return the question that an event asks, with its request; None if it asks none, or wants a change, too."""
    asked = {name: event[name] for name in QUESTIONS | COMMANDS if name in event} if isinstance(event, dict) else {}
    return next(iter(asked.items())) if asked and QUESTIONS.issuperset(asked) else None


def wrong_with(name: str, request: Any) -> Bilingual | None:
    """Return why a request is not one that can be answered; None if it is. A command says itself what it misses."""
    needed, possible = _FIELDS.get(name, ({}, {}))
    if name in COMMANDS and isinstance(request, dict):
        possible = {field: bool if isinstance(request[field], bool) else str for field in request}
    if not isinstance(request, dict):
        fields = ", ".join(needed | possible)
        return Bilingual(
            f"{name} takes an object, with {fields or 'nothing in it'}",
            f"{name} にはオブジェクトを渡してください（項目: {fields or 'なし'}）",
        )
    for field, kind in (needed | possible).items():
        value = request.get(field)
        if value is None and field not in needed:
            continue
        if type(value) is not kind or not _usable(value) or not _usable(field):
            of = one_line(field[:_NAME])
            return Bilingual(
                f"{name} takes {of} as {_WORDS[kind]}", f"{name} の {of} は{_WORDS[kind].ja}で指定してください"
            )
    return None


def _usable(value: Any) -> bool:
    if isinstance(value, str):
        # JSON may hold half of a character, which nothing can encode.
        return len(value.encode(errors="replace")) <= _LONGEST and not any("\ud800" <= one <= "\udfff" for one in value)
    return bool(value >= 0)


_WORDS: dict[type, Bilingual] = {
    str: Bilingual(f"a text of at most {_LONGEST:,} bytes", f" {_LONGEST:,} バイト以内の文字列"),
    int: Bilingual("a whole number, 0 or more", " 0 以上の整数"),
    bool: Bilingual("true or false", " true か false "),
}
