"""The Japanese of what click says of a command line, by its English; what is not known here stays English."""

import re

# Each as click 8 words it; what follows a sentence, as what was probably meant, is taken apart first.
_SENTENCES = {
    r"Missing option '(.*)'\.": r"オプション \1 を指定してください",
    r"Missing argument '(.*)'\.": r"引数 \1 を指定してください",
    r"Missing command\.": "コマンドを指定してください",
    r"No such option '(.*)'\.": r"オプション \1 はありません",
    r"No such command '(.*)'\.": r"コマンド \1 はありません",
    r"Got unexpected extra arguments? \((.*)\)": r"余分な引数があります: \1",
    r"Option '(.*)' requires an argument\.": r"オプション \1 には値が必要です",
    r"Option '(.*)' does not take a value\.": r"オプション \1 に値は付けられません",
    r"Invalid value for (.*?): (.*)": r"\1 の値が正しくありません: \2",
}
_VALUES = {
    r"(.*) is not a valid (?:integer|integer range)\.": r"\1 は整数ではありません",
    r"(.*) is not a valid (?:float|float range)\.": r"\1 は数値ではありません",
    r"(.*) is not in the range (.*)\.": r"\1 は範囲（\2）の外です",
    r"(.*) is not one of (.*)\.": r"\1 ではなく、\2 のどれかを指定してください",
    r"(?:File|Path|Directory) (.*) does not exist\.": r"\1 はありません",
    r"(?:File|Path) (.*) is a directory\.": r"\1 はディレクトリです",
    r"(?:Directory|Path) (.*) is a file\.": r"\1 はファイルです",
    r"(?:File|Path|Directory) (.*) is not (?:readable|writable)\.": r"\1 を読み書きする権限がありません",
}
_MEANT = re.compile(r"\s*\(?Did you mean (?:one of: )?(.*?)\?\)?$", re.DOTALL)


def in_japanese(said: str) -> str:
    """Return what click says in Japanese, or as it is if there is no Japanese of it."""
    meant = _MEANT.search(said)
    sentence = said[: meant.start()] if meant else said
    found = _first(_SENTENCES, sentence)
    if found is None:
        return said
    head, colon, value = found.partition(": ")
    if sentence.startswith("Invalid value for ") and (worded := _first(_VALUES, value)):
        found = f"{head}{colon}{worded}"
    return f"{found}。もしかして: {meant[1]}" if meant else found


def _first(texts: dict[str, str], said: str) -> str | None:
    for english, japanese in texts.items():
        if found := re.fullmatch(english, said, re.DOTALL):
            return found.expand(japanese)
    return None
