"""Words that real files are full of: prefectures, family names, goods; and names as banks write them."""

from pathlib import Path

_WORDS = Path(__file__).with_name("words")


def _words(name: str) -> list[str]:
    return (_WORDS / f"{name}.txt").read_text(encoding="utf-8").split()


WORDS = _words("full-width")
_SURNAMES, _GIVEN = _words("half-width-surnames"), _words("half-width-given-names")
# A name alone, and two joined without a blank.
HALF_WIDTH = [*_SURNAMES, *_GIVEN, *(surname + given for surname in _SURNAMES for given in _GIVEN)]
