"""What a person asks and cannot have: why, and the command that leads on."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from suimon.contract.partition import WRITTEN
from suimon.drops.drop import DROP_ID_LENGTH
from suimon.drops.wording import Bilingual

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from suimon.contract.model import Contract


_VALUES = 10  # of a part that a refusal lists
_BEGINNING = 4  # characters of an id, of which it may have been cut off


class RefusalError(Exception):
    """What a person asks cannot be done; the message says why, in both languages.

    then: the command to type next, without the stack's name: whoever prints it knows that.
    """

    def __init__(self, why: Bilingual, *, then: str) -> None:
        super().__init__(why)
        self.why, self.then = why, then

    def to_json(self) -> dict[str, Any]:
        """Return the answer to whoever asked."""
        return refused(self.why, self.then)


def refused(why: Bilingual, then: str = "") -> dict[str, Any]:
    """Return the answer of a function that refuses: {"refused": {"en": …, "ja": …}}, with `then`, the next command."""
    return {"refused": why.by_language(), **({"then": then} if then else {})}


def no_contract(datasets: Iterable[str], dataset: str) -> Bilingual:
    """Return that there is no contract for a dataset, with those there are and the one that was probably meant."""
    known = sorted(datasets)
    like = get_close_matches(dataset, known, 1)
    en, ja = (f"; did you mean {like[0]}?", f"。もしかして: {like[0]}") if like else ("", "")
    names = ", ".join(known)
    return Bilingual(
        f"no contract for dataset {dataset!r}; there are: {names}{en}",
        f"データセット {dataset!r} の契約はありません。あるもの: {names}{ja}",
    )


def no_partition(contract: Contract, partition: str) -> Bilingual:
    """Return that a dataset has no such partition, how one is written, and which values its parts have."""
    written = "/".join([WRITTEN[contract.unit], *sorted(f"{part.name}=…" for part in contract.parts)])
    values = [(part.name, _some_of(part.values)) for part in contract.parts]
    return Bilingual(
        f"{partition!r} is not a real {contract.partition_form}"
        + "".join(f"; {name} is one of {of}" for name, of in values),
        f"{partition!r} は {contract.dataset} のパーティションではありません。{written} の形で指定してください"
        + "".join(f"。{name} は {of} のどれか" for name, of in values),
    )


def _some_of(values: Sequence[str]) -> str:
    return ", ".join(values[:_VALUES]) + (", …" if len(values) > _VALUES else "")


def meant(text: str, known: Iterable[str]) -> str:
    """Return which of some ids a text probably means: the first that begins so, else the most like; "" for none."""
    ids = sorted(known)
    begin = (one for one in ids if len(text) >= _BEGINNING and one.startswith(text))
    return next(begin, "") or next(iter(get_close_matches(text, ids, 1, cutoff=0.8)), "")


def no_drop(drop_id: str) -> Bilingual:
    """Return that the ledger knows no such drop, and whether its id was cut off."""
    en, ja = f"the ledger knows no drop {drop_id}", f"台帳にドロップ {drop_id} はありません"
    if not is_cut_off(drop_id):
        return Bilingual(en, ja)
    here = len(drop_id)
    return Bilingual(
        f"{en}: an id has {DROP_ID_LENGTH} characters, this one {here}, so it was cut off",
        f"{ja}。ID は {DROP_ID_LENGTH} 文字ですが、これは {here} 文字で、途中で切れています",
    )


def is_cut_off(text: str) -> bool:
    """Whether a text may be the beginning of a drop's id."""
    return bool(re.fullmatch(f"[0-9a-f]{{4,{DROP_ID_LENGTH - 1}}}", text))


def just_moved(drop_id: str) -> Bilingual:
    """Return that a drop has changed under a person's hands."""
    return Bilingual(
        f"drop {drop_id} has moved just now: look at it again",
        f"ドロップ {drop_id} の状態は今しがた変わりました。もう一度確認してください",
    )
