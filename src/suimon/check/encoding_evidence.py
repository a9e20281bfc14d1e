"""What the bytes of a file look like, whatever the contract declares: noticed as they pass, at no second reading.

Text in one Japanese encoding often decodes in another, into other letters and without an error. Three tests are exact:
no real file in a legacy encoding is valid UTF-8 with characters of three bytes, none holds the shifts of ISO-2022-JP,
and UTF-16 starts with its mark. EUC-JP under Shift_JIS has no exact test: bytes A1 to DF are half-width kana there, and
banks send files of nothing else. It is called EUC-JP when every run of bytes that are not ASCII is valid EUC-JP, and
either hiragana or katakana stand in it in a row, or DISTINCT_WORDS are katakana alone, or DISTINCT_RUNS of the runs
differ: of half-width words about half have an odd length, which EUC-JP cannot have. `bench/encodings.py` measures the
error rates both ways.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

HEAD_BYTES = 64 * 1024
DISTINCT_RUNS = 40
DISTINCT_WORDS = 5

_LEGACY = {"cp932", "shift_jis", "euc-jp"}
_SHIFT = re.compile(rb"\x1b(?:\$[@B]|\([BIJ])")
_RUN = re.compile(rb"[\x80-\xff]+")
_EUC_JP = re.compile(rb"(?:[\xa1-\xf4\xf9-\xfc][\xa1-\xfe]|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2})+")
# Three hiragana, or five katakana of which the first three differ. As half-width kana each would be a comma or a middle
# dot before every single kana; rows of middle dots alone are common.
_KANA_IN_EUC_JP = re.compile(
    rb"(?:..)*?(?:(?:\xa4(?!\xa4)[\xa1-\xf3]){3}|\xa5([\xa1-\xf6])\xa5(?!\1)([\xa1-\xf6])(?:\xa5(?!\1|\2)[\xa1-\xf6]){3})",
    re.DOTALL,
)


# A word of katakana: as half-width kana a middle dot, or a full stop, before every single one of them.
_KATAKANA_IN_EUC_JP = re.compile(rb"\xa5([\xa1-\xf6])(?:\xa5[\xa1-\xf6]|\xa1\xbc)+\xa5(?!\1)[\xa1-\xf6](?:\xa1\xbc)?")


class EncodingEvidence:
    """Looks at the chunks of a file, decompressed and not yet decoded. `declared` is the contract's encoding."""

    def __init__(self, declared: str) -> None:
        self.head = b""
        self._declared = declared
        self._shifted = False
        self._utf8 = codecs.getincrementaldecoder("utf-8")() if declared in _LEGACY else None
        self._wide = False  # characters of three bytes or more
        self._euc_jp = declared in {"cp932", "shift_jis"}
        self._kana = False
        self._runs, self._words = set[bytes](), set[bytes]()
        self._cut = b""  # a run that the next chunk may continue

    def watch(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """Pass on every chunk, having looked at it."""
        for chunk in chunks:
            if len(self.head) < HEAD_BYTES:
                self.head += chunk[: HEAD_BYTES - len(self.head)]
            self._look(chunk)
            yield chunk

    def other(self) -> str | None:
        """Return the encoding that the file is really in, if it is another than declared beyond doubt."""
        if self._shifted:
            return "iso-2022-jp"
        if self._utf8 is not None and self._wide:
            return "utf-8"
        if self._euc_jp and (self._kana or len(self._words) >= DISTINCT_WORDS or len(self._runs) >= DISTINCT_RUNS):
            return "euc-jp"
        return None

    def _look(self, chunk: bytes) -> None:
        if not self._shifted and b"\x1b" in chunk:
            self._shifted = _SHIFT.search(chunk) is not None
        if self._utf8 is not None:
            try:
                self._wide |= any(character > "\u07ff" for character in set(self._utf8.decode(chunk)))
            except UnicodeDecodeError:
                self._utf8 = None
        if self._euc_jp:
            self._look_for_euc_jp(chunk)

    def _look_for_euc_jp(self, chunk: bytes) -> None:
        text = self._cut + chunk
        self._cut = b""
        for run in _RUN.finditer(text):
            if run.end() == len(text) and len(run[0]) < HEAD_BYTES:
                self._cut = run[0]
                return
            if not _EUC_JP.fullmatch(run[0]):
                self._euc_jp = False
                return
            self._kana = self._kana or _KANA_IN_EUC_JP.match(run[0]) is not None
            if len(self._runs) < DISTINCT_RUNS:
                self._runs.add(run[0])
            if len(self._words) < DISTINCT_WORDS and _KATAKANA_IN_EUC_JP.fullmatch(run[0]):
                self._words.add(run[0])


def encoding_of(head: bytes) -> str | None:
    """Guess the encoding of a file that is not in the declared one, by its first bytes; None for plain ASCII.

    Only for words that help a person: a guess rejects no file.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _alternates(head):
        return "utf-16"
    if _SHIFT.search(head):
        return "iso-2022-jp"
    if head.isascii():
        return None
    for encoding in ("utf-8", "euc-jp", "cp932"):
        with suppress(UnicodeDecodeError):
            # The head may end within a character.
            codecs.getincrementaldecoder(encoding)().decode(head)
            return encoding
    return None


def _alternates(head: bytes) -> bool:
    """Whether NULs stand in every second place only, as in UTF-16 without a mark of text that is mostly ASCII."""
    nulls = sorted((head[::2].count(0), head[1::2].count(0)))
    return nulls[0] == 0 and 4 * nulls[1] > len(head)
