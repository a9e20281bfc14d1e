"""How often a file's encoding is mistaken: python -m bench.encodings [--files 1000000] [--seed 1].

Files of Japanese names are drawn, in kanji, hiragana, katakana and half-width katakana, of 1 to 200 records. In CP932
under a contract that says CP932 none may be called anything else: that would reject a good file. In EUC-JP or UTF-8
under the same contract each should be: those that are not are read as other letters, as long as they decode at all.
Of Korean, Chinese and Western files under UTF-8 the likely cause should name no encoding, of Japanese ones theirs.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator

from suimon.check.encoding_evidence import EncodingEvidence, encoding_of


def _words(*lines: str) -> tuple[str, ...]:
    return tuple(word for line in lines for word in line.split())


FAMILY = _words(
    "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村 小林 加藤 吉田 山田 佐々木 山口",
    "松本 井上 木村 林 斎藤 清水 山崎 森 池田 橋本 阿部 石川 山下 中島 石井",
    "小川 前田 岡田 長谷川 藤田 後藤 近藤 村上 遠藤 青木 坂本 斉藤 福田 太田",
    "西村 藤井 金子 岡本 藤原 三浦 中野 髙島 﨑山 辻 榊原 五十嵐",
)
GIVEN = _words(
    "翔太 健一 大輔 誠 浩 拓也 翼 蓮 湊 樹 陽菜 結衣 美咲 さくら 葵 凛 花子",
    "恵子 由美 直子 真由美 裕子 愛 優子 彩 千尋 菜々子 一郎 次郎 三郎 隆",
)
KANA = _words(
    "サトウ スズキ タカハシ タナカ イトウ ワタナベ ヤマモト ナカムラ コバヤシ カトウ",
    "ヨシダ ヤマダ ササキ マツモト イノウエ キムラ ハヤシ シミズ ショウタ ケンイチ",
    "ダイスケ マコト ヒロシ タクヤ ハルナ ユイ ミサキ アオイ リン ハナコ ケイコ",
    "ユミ ナオコ マユミ ユウコ アイ チヒロ イチロウ ジロウ",
)
_HALF = dict(
    zip(
        "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンァィゥェォッャュョー",
        "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜｦﾝｧｨｩｪｫｯｬｭｮｰ",
        strict=True,
    )
)
_VOICED = dict(zip("ガギグゲゴザジズゼゾダヂヅデドバビブベボ", "カキクケコサシスセソタチツテトハヒフヘホ", strict=True))
FOREIGN = {
    "euc-kr": "김이박최정강조윤장임서준민지현수영호진우성경하은주예도연재원상동혜선"
    "미철희태승용광울부산대구인천고객문상품량가격회사소전화번한국어행판매",
    "gb18030": "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗伟芳娜敏静丽强磊军洋勇艳杰娟"
    "涛明超秀霞平刚桂英北京上海广州深圳订单客户商品数量价格公司地址电话号码",
    "big5": "王李張劉陳楊趙黃周吳徐孫胡朱高林何郭馬羅偉芳娜敏靜麗強磊軍洋勇豔傑"
    "娟濤明超秀霞平剛桂英臺北高雄中訂單客戶商品數量價格公司地址電話號碼",
    "cp1252": "ÄÖÜäöüßÉÈÊéèêçñåæøabcdefghijklmnopqrstuvwxyz",
}
_SCRIPTS = ("kanji", "hiragana", "katakana", "half-width")
_HIRAGANA = {ord(letter): ord(letter) - 0x60 for letter in map(chr, range(ord("ァ"), ord("ヶ") + 1))}
SIZES = (1, 3, 10, 40, 200)


def half_width(text: str) -> str:
    """Write katakana as half-width ones, with the mark of a voiced one behind it."""
    return "".join(_HALF[_VOICED[one]] + "ﾞ" if one in _VOICED else _HALF[one] for one in text)


def names(draw: random.Random, script: str) -> str:
    """Draw a family name and a given name."""
    if script == "kanji":
        return draw.choice(FAMILY) + draw.choice(GIVEN)
    kana = f"{draw.choice(KANA)} {draw.choice(KANA)}"
    if script == "hiragana":
        return kana.translate(_HIRAGANA)
    return kana if script == "katakana" else " ".join(map(half_width, kana.split()))


def files(count: int, seed: int) -> Iterator[tuple[str, int, str]]:
    """Yield so many files: the script of their names, the number of records, the text."""
    draw = random.Random(seed)  # noqa: S311 a draw that is to be repeated
    # Few distinct names a script, made once: what counts is which stand together.
    made = {script: [names(draw, script) for _ in range(5_000)] for script in _SCRIPTS}
    for _ in range(count):
        script, size = draw.choice(_SCRIPTS), draw.choice(SIZES)
        lines = (f"{number},{name}\n" for number, name in enumerate(draw.choices(made[script], k=size), 1))
        yield script, size, "id,name\n" + "".join(lines)


def foreign_files(count: int, seed: int) -> Iterator[tuple[str, int, bytes]]:
    """Yield so many files of names in each foreign encoding: the encoding, the number of records, the bytes."""
    draw = random.Random(seed)  # noqa: S311 a draw that is to be repeated
    for encoding, letters in FOREIGN.items():
        for _ in range(count):
            size = draw.choice(SIZES)
            names = ("".join(draw.choices(letters, k=draw.randint(2, 6))) for _ in range(size))
            lines = (f"{number},{name}\n" for number, name in enumerate(names, 1))
            yield encoding, size, ("id,name\n" + "".join(lines)).encode(encoding)


def taken_for(text: str, really: str) -> str | None:
    """Return what a file is called that its contract calls CP932."""
    evidence = EncodingEvidence("cp932")
    for _ in evidence.watch([text.encode(really, "replace")]):
        pass
    return evidence.other()


def main() -> None:
    """Draw, look, tell; leave with 1 if a good file was mistaken."""
    parser = argparse.ArgumentParser(prog="python -m bench.encodings", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, help="so many of each encoding")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    began, good, drawn, missed = time.perf_counter(), 0, Counter[tuple[str, int]](), Counter[tuple[str, str, int]]()
    for script, size, text in files(asked.files, asked.seed):
        drawn[script, size] += 1
        good += taken_for(text, "cp932") is not None
        if script != "half-width":  # EUC-JP and UTF-8 hold them as three bytes; nobody writes them so
            for really, called in (("euc_jp", "euc-jp"), ("utf-8", "utf-8")):
                missed[really, script, size] += taken_for(text, really) != called
    sys.stdout.write(f"{asked.files:,} files in CP932: {good:,} taken for another encoding\n\n")
    sys.stdout.write(
        "not seen to be another encoding, percent   " + "".join(f"{size:>6}" for size in SIZES) + " records\n"
    )
    for really in ("euc_jp", "utf-8"):
        for script in _SCRIPTS[:3]:
            shares = (100 * missed[really, script, size] / max(drawn[script, size], 1) for size in SIZES)
            sys.stdout.write(f"  {really:<8}{script:<33}" + "".join(f"{share:6.1f}" for share in shares) + "\n")
    named = Counter[tuple[str, int]]()
    tried = Counter[tuple[str, int]]()
    for encoding, size, data in foreign_files(asked.files // 10, asked.seed):
        tried[encoding, size] += 1
        named[encoding, size] += encoding_of(data) is not None
    sys.stdout.write("\nfalsely named as their likely cause, under UTF-8, percent\n")
    for encoding in FOREIGN:
        shares = (100 * named[encoding, size] / max(tried[encoding, size], 1) for size in SIZES)
        sys.stdout.write(f"  {encoding:<41}" + "".join(f"{share:6.1f}" for share in shares) + "\n")
    sys.stdout.write(f"\n{time.perf_counter() - began:.0f} s\n")
    sys.exit(1 if good else 0)


if __name__ == "__main__":
    main()
