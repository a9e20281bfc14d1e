"""Every refusal that any test meets says why in both languages, and which command to type next."""

from __future__ import annotations

import re
from functools import wraps
from typing import TYPE_CHECKING

import pytest

from suimon.drops.refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from suimon.drops.wording import Bilingual

JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")  # kana, kanji


@pytest.fixture(scope="session", autouse=True)
def refusals_are_in_both_languages() -> Iterator[None]:
    """Fail whatever makes a refusal that is worded in one language only, or leads to no command of ours."""
    made = RefusalError.__init__

    @wraps(made)
    def looked_at(self: RefusalError, why: Bilingual, *, then: str) -> None:
        assert JAPANESE.search(why.ja), f"no Japanese: {why!r}"
        assert not JAPANESE.search(why.partition("'")[0]), f"no English: {why!r}"
        assert not re.search(r"\bNone\b", f"{why} {why.ja}"), f"a word is missing: {why!r}, {why.ja!r}"
        assert re.match(r"(?:suimon (?:--help|[a-z])|\Z)", then), f"no command: {then!r}"
        made(self, why, then=then)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RefusalError, "__init__", looked_at)
        yield
