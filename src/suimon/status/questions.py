"""What persons ask the freshness function: questions change nothing, and viewers may ask them, by an alias of it.

A question that is none is refused, whatever it is made of, and so are a command and a round: none may make the function
fail, whose alarm would tell everybody, and none that is misspelt may pass for another.
"""

from typing import Any

from suimon.drops.foreign_text import LONGEST_ASKED, is_usable, one_line
from suimon.drops.refusal import RefusalError
from suimon.drops.wording import Bilingual

COMMANDS = frozenset({"act", "close", "expect", "hold", "release", "retract"})  # these change something
RECONCILE, TIME = "reconcile", "time"  # a round for an operator, and as of when
SCHEDULER = "aws.scheduler"  # the source of its events
QUESTIONS_ALIAS = "questions"  # in template.yaml
_HELP = "suimon --help"  # whose commands ask as it must be
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
ONE_OF_THESE = Bilingual(
    f"an event asks one thing: {', '.join(sorted({*QUESTIONS, *COMMANDS, RECONCILE}))}; "
    f"{{}} makes a round, as of its {TIME} if it has one",
    f"イベントで頼めるのは一度に一つです: {'、'.join(sorted({*QUESTIONS, *COMMANDS, RECONCILE}))}。"
    f"{{}} なら巡回します（{TIME} があればその時点として）",
)
# Where a walk over the bucket continues: what the answer to its last portion had.
_WALK: dict[str, type] = dict.fromkeys(("key", "version_id", "began", "complete", "left_out"), str)
ONLY_QUESTIONS = Bilingual(
    f"this alias answers questions only: {', '.join(sorted(QUESTIONS))}",
    f"この別名は質問にのみ答えます: {', '.join(sorted(QUESTIONS))}",
)


class AskedError(RefusalError):
    """An event that asks nothing that there is; the message says what does."""


def is_scheduled(event: object) -> bool:
    """Whether an event says that it is the scheduler's."""
    return isinstance(event, dict) and event.get("source") == SCHEDULER


def asked_in(event: object, *, only_questions: bool = False) -> tuple[str, Any]:
    """Return what an event asks by its name, "" for a round, with the request; AskedError when nobody can do that."""
    if is_scheduled(event) and not only_questions:
        return "", {}
    known = QUESTIONS if only_questions else {*QUESTIONS, *COMMANDS, RECONCILE}
    asked = event.keys() - {TIME} if isinstance(event, dict) else {""}
    if not asked and not only_questions:
        return "", {}
    if len(asked) != 1 or not asked <= known or not isinstance(event, dict):
        raise AskedError(ONLY_QUESTIONS if only_questions else ONE_OF_THESE, then=_HELP)
    [name] = asked
    if wrong := _wrong_with_reconcile(event[name]) if name == RECONCILE else _wrong_with(name, event[name]):
        raise AskedError(wrong, then=_HELP)
    return name, event[name]


def _wrong_with_reconcile(request: Any) -> Bilingual | None:
    if request == {}:
        return None
    if not isinstance(request, dict) or request.keys() != {"walk"}:
        return Bilingual(
            f"{RECONCILE} takes {{}} for a round, or {{walk: {{…}}}} for a portion of a walk over the bucket",
            f"{RECONCILE} には、定期確認なら {{}}、バケット全体の確認なら {{walk: {{…}}}} を渡してください",
        )
    return _wrong_with("walk", request["walk"])


def _wrong_with(name: str, request: Any) -> Bilingual | None:
    # A command says itself what it misses.
    needed, possible = ({}, _WALK) if name == "walk" else _FIELDS.get(name, ({}, {}))
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
    return is_usable(value) if isinstance(value, str) else bool(value >= 0)


_WORDS: dict[type, Bilingual] = {
    str: Bilingual(f"a text of at most {LONGEST_ASKED:,} bytes", f" {LONGEST_ASKED:,} バイト以内の文字列"),
    int: Bilingual("a whole number, 0 or more", " 0 以上の整数"),
    bool: Bilingual("true or false", " true か false "),
}
