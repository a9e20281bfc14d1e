"""What a person asks and cannot have: why, and the command that leads on."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from suimon.drops.wording import Bilingual

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def no_drop(drop_id: str) -> Bilingual:
    """Return that the ledger knows no such drop."""
    return Bilingual(f"the ledger knows no drop {drop_id}", f"台帳にドロップ {drop_id} はありません")


def just_moved(drop_id: str) -> Bilingual:
    """Return that a drop has changed under a person's hands."""
    return Bilingual(
        f"drop {drop_id} has moved just now: look at it again",
        f"ドロップ {drop_id} の状態は今しがた変わりました。もう一度確認してください",
    )
