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
OTHER = "other"  # than declared, and none that is known here
DISTINCT_RUNS = 40
DISTINCT_WORDS = 5

_ENOUGH, _SHORT = 0.25, 12
# Kanji of names, places and trade. Of Korean or Chinese text that is read as Japanese few characters are among them.
_USUAL = frozenset(
    "一二三四五六七八九十百千万円年月日時分人名前氏男女大中小上下左右東西南北内外新古高長本社店員会客様番号区市町村県都府道"
    "京阪神奈川山田木林森石水火土金空海島谷野原崎橋浜津岡井池沼沢江河浦宮寺佐藤鈴渡辺伊加吉松清斎坂阿部近遠青後前福太"
    "西竹岩菊藤丸安平和正明文美子郎太一健翔優愛恵由真裕直彩花菜香奈里理紗咲結衣陽樹商品数量価格単税合計売買注文受発出入"
    "荷送先住所電話号室階丁目株式有限責任製造食料茶米酒肉魚野菜果物紙布白黒赤緑色形手足目口心力生学校国語電車駅町通行来"
)

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
            return "euc-jp" if _looks_japanese(_decoded(self.head, "euc-jp") or "") else OTHER
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
    """Guess the encoding of a file that is not in the declared one, by its first bytes; None where nothing shows it.

    Only for words that help a person: a guess rejects no file. Korean and Chinese text decodes in the Japanese
    encodings as well, and Western text often does: a legacy one is named only where the text then looks Japanese.
    """
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or _alternates(head):
        return "utf-16"
    if _SHIFT.search(head):
        return "iso-2022-jp"
    if head.isascii():
        return None
    if _decoded(head, "utf-8") is not None:
        return "utf-8"
    return next((one for one in ("euc-jp", "cp932") if _looks_japanese(_decoded(head, one) or "")), None)


def _decoded(head: bytes, encoding: str) -> str | None:
    with suppress(UnicodeDecodeError):
        # The head may end within a character.
        return codecs.getincrementaldecoder(encoding)().decode(head)
    return None


def _looks_japanese(text: str) -> bool:
    """Whether enough of the characters that are not ASCII are kana or kanji of every day, or all half-width kana."""
    wide = [char for char in text if not char.isascii()]
    half = sum("\uff61" <= char <= "\uff9f" for char in wide)
    usual = sum("\u3041" <= char <= "\u30fe" or char in _USUAL for char in wide)
    full = len(wide) - half
    if not full:
        return half > 0
    return half <= full / 4 and usual > (_ENOUGH if full > _SHORT else 2 * _ENOUGH) * full


def _alternates(head: bytes) -> bool:
    """Whether NULs stand in every second place only, as in UTF-16 without a mark of text that is mostly ASCII."""
    nulls = sorted((head[::2].count(0), head[1::2].count(0)))
    return nulls[0] == 0 and 4 * nulls[1] > len(head)
