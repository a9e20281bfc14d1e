"""Words in English with their Japanese beside them; whoever publishes chooses by the contract. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from suimon.contract.file import Language


class Bilingual(str):
    """An English text that carries its Japanese: logs, ledger and comparisons use the English one."""

    __slots__ = ("ja",)
    ja: str

    def __new__(cls, en: str, ja: str) -> Self:
        """Return a text in both languages."""
        text = super().__new__(cls, en)
        text.ja = ja
        return text

    def by_language(self) -> dict[Language, str]:
        """Return {"en": …, "ja": …}, as JSON has it."""
        return {"en": str(self), "ja": self.ja}

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]  # copies keep the Japanese
        """Return what makes the same again."""
        return str(self), self.ja


def in_language(text: str, language: Language) -> str:
    """Return a text in a language; one that has no Japanese stays as it is."""
    return text.ja if language == "ja" and isinstance(text, Bilingual) else str(text)


def japanese(text: str) -> str:
    """Return the Japanese of a text, or the text itself."""
    return in_language(text, "ja")
