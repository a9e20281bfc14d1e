"""The clause `set`: when the shards of a partition are whole, and what becomes of one more."""

from suimon.contract.file import ContractError
from suimon.contract.keys import KeyPattern
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief, cut
from suimon.contract.odcs.reader import Reader
from suimon.contract.partition import Part, Unit
from suimon.contract.placeholders import SHARD, STAMP
from suimon.contract.set_rule import MOST_SHARDS, SetRule

SET: Grammar = dict.fromkeys(("shards", "manifest", "marker", "surplus", "late", "completeWithinMinutes"), READ)
# Longer waits are rather a second dataset; the ledger would keep them, but nobody would remember.
MOST_MINUTES = 7 * 24 * 60
POLICIES = ("reject", "reload")
_KINDS = {"shards": "surplus", "manifest": "surplus", "marker": "late"}


_LONGEST_KEY = 1_024


def read_key_pattern(clause: Clause, parts: tuple[Part, ...], reader: Reader) -> KeyPattern | None:
    """Return the pattern; None after a problem."""
    if not isinstance(clause.value, str) or not clause.value:
        reader.refuse(clause, f"must be a text such as sales/{{ds}}/sales.csv, is {brief(clause)}")
        return None
    if len(clause.value.encode()) > _LONGEST_KEY:
        reader.refuse(clause, f"is longer than a key of S3 may be ({_LONGEST_KEY:,} bytes)")
        return None
    try:
        return KeyPattern(clause.value, parts)
    except ContractError as error:
        reader.refuse(clause, cut(str(error), 300))
        return None


def read_set(place: Clause, pattern: KeyPattern | None, clause: Clause | None, reader: Reader) -> SetRule | None:
    """Return the rule of a dataset whose key pattern has shards; None if it has none, or after a problem."""
    if pattern is None:
        return None
    if clause is None:
        if pattern.has_shards:
            reader.refuse(place, f"{SHARD} needs customProperties, property set: when are the shards all there?")
        return None
    if not pattern.has_shards:
        reader.refuse(clause, f"set is not enforced without {SHARD} in the keyPattern; add it or remove set")
        return None
    if pattern.unit is Unit.NONE:
        reader.refuse(
            clause, "set needs a time in the keyPattern: without one nobody knows which shards are of one table"
        )
        return None
    kinds = [kind for kind in _KINDS if clause[kind]]
    if len(kinds) != 1:
        reader.refuse(clause, f"needs exactly one of {', '.join(_KINDS)}")
        return None
    kind = kinds[0]
    for policy in ("surplus", "late"):
        if (given := clause[policy]) and policy != _KINDS[kind]:
            reader.refuse(given, f"is not enforced with {kind}; write {_KINDS[kind]}")
    return SetRule(
        shards=reader.whole(clause, kind, least=1, most=MOST_SHARDS) if kind == "shards" else None,
        manifest=_control(clause, kind, pattern, reader) if kind == "manifest" else None,
        marker=_control(clause, kind, pattern, reader) if kind == "marker" else None,
        reload=reader.choice(clause, _KINDS[kind], POLICIES) == "reload",
        complete_within_minutes=reader.whole(clause, "completeWithinMinutes", least=1, most=MOST_MINUTES),
    )


def _control(clause: Clause, kind: str, shards: KeyPattern, reader: Reader) -> KeyPattern | None:
    given = reader.needed(clause, kind)
    control = read_key_pattern(given, shards.parts, reader) if given else None
    if given is None or control is None:
        return None
    if control.unit is not shards.unit:
        names = f"names a {control.unit}" if control.unit is not Unit.NONE else "holds no {ds}"
        reader.refuse(given, f"{names}, the keyPattern a {shards.unit}: a {kind} is of one partition")
    elif control.has_stamp:
        reader.refuse(given, f"holds {STAMP}, which is enforced of shards only: a {kind} has one key")
    elif control.has_shards:
        reader.refuse(given, f"has {SHARD}; a set has one {kind}")
    elif kind == "marker" and not shards.has_date_before_shard:
        # What lies there when the marker comes is listed; without the date in the prefix, that is the whole past.
        reader.refuse(
            given,
            f"the whole date and every part must stand before {SHARD} in the keyPattern: shards are listed by prefix",
        )
    elif control.may_meet(shards):
        reader.refuse(given, f"{brief(control.text)} could be a shard, too: {brief(shards.text)}; make them differ")
    else:
        return control
    return None
