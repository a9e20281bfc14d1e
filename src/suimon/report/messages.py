"""What every error code says to people, in English or Japanese. Standard library only: the gate carries it."""

import re
from contextlib import suppress
from typing import Literal, get_args

from suimon.check.verdict import Code, Details
from suimon.contract.file import Metric, MetricName
from suimon.drops.foreign_text import one_line
from suimon.report.words_en import WORDS as ENGLISH
from suimon.report.words_ja import WORDS as JAPANESE

Lang = Literal["en", "ja"]
LANGS: tuple[Lang, ...] = get_args(Lang)

_WORDS = {"en": ENGLISH, "ja": JAPANESE}
_DETAIL_LENGTH = 300  # a contract may list thousands of allowed values
_VARIANTS = {
    Code.TYPE_ERROR: "type",
    Code.QUOTE_ERROR: "kind",
    Code.DECOMPRESSION_LIMIT: "limit",
    Code.QUALITY_ERROR: "metric",
    Code.DATE_OUT_OF_BOUNDS: "side",
    Code.VOLUME_ERROR: "side",
    Code.PARTITION_ERROR: "holds",
}
_COUNTS = {"rows", "value", "bytes", "allowed", "cells", "expected", "members"}
_DIRECTIVES = {
    "%Y": "YYYY",
    "%m": "MM",
    "%d": "DD",
    "%H": "hh",
    "%M": "mm",
    "%S": "ss",
    "%y": "YY",
    "%E": "令和",
    "%e": "R",
    "%n": "YY",
    "%-n": "Y",
    "%-m": "M",
    "%-d": "D",
    "%g": "sss",
    "%f": "ssssss",
    "%z": "±hh:mm",
    "%%": "%",
}
_METRICS: dict[MetricName, tuple[str, str]] = {
    "rowCount": ("Records", "レコード数"),
    "nullValues": ("Empty cells", "値のないセル"),
    "missingValues": ("Missing values", "欠損とみなす値"),
    "invalidValues": ("Invalid values", "不正な値"),
    "duplicateValues": ("Repeated values", "重複した値"),
}
_ENCODINGS = {
    "utf-8": ("UTF-8", "UTF-8"),
    "utf-8-sig": ("UTF-8 with BOM", "BOM 付き UTF-8"),
    "utf-16": ("UTF-16", "UTF-16"),
    "cp932": ("CP932 (Windows' Shift_JIS)", "CP932（Windows の Shift_JIS）"),
    "shift_jis": ("Shift_JIS", "Shift_JIS"),
    "euc-jp": ("EUC-JP", "EUC-JP"),
    "other": ("another encoding", "別の文字コード"),
    "iso-2022-jp": ("ISO-2022-JP (JIS)", "ISO-2022-JP（JIS）"),
}
# Thresholds as the contract's compiler writes them.
_THRESHOLDS = {
    r"exactly (\S+)": r"ちょうど \1",
    r"anything but (\S+)": r"\1 以外",
    r"at least (\S+)": r"\1 以上",
    r"at most (\S+)": r"\1 以下",
    r"less than (\S+)": r"\1 未満",
    r"more than (\S+)": r"\1 超",
    r"from (\S+) to (\S+)": r"\1 以上 \2 以下",
    r"less than (\S+) or more than (\S+)": r"\1 未満または \2 超",
}


def say(code: Code, details: Details, lang: Lang = "en") -> str:
    """Return one fault as a predicate on one line: “12a” is not a whole number of 32 bits. Never a cell's value.

    Where details lack that the sentence needs, as those of a rule do, it is the code's meaning.
    """
    words = _WORDS[lang][code]
    template = words.say.get(_variant(code, details))
    if template is None:
        return words.meaning
    try:
        said = template.format_map(_fields(details, lang))
    except KeyError:
        return words.meaning
    if "clause" in details:
        clause = one_line(str(details["clause"]))
        said += either(lang, f"; the contract would accept it by {clause}", f"（契約に {clause} とあれば受け付けます）")
    if "to" in details:
        said += either(lang, f" (found on line {details['to']})", f"（{details['to']} 行目で検出）")
    return said


def meaning(code: Code, lang: Lang = "en") -> str:
    """Return what a code means, in one line."""
    return _WORDS[lang][code].meaning


def remedy(code: Code, lang: Lang = "en", details: Details | None = None) -> str:
    """Return how the sender can mend the file, as exactly as the details of the rule allow."""
    words = _WORDS[lang][code]
    if details and words.told:
        with suppress(KeyError):
            return words.told.format_map(_fields(details, lang))
    return words.remedy


def encoding_name(encoding: str, lang: Lang = "en") -> str:
    """Return an encoding the name that people have for it."""
    return either(lang, *_ENCODINGS.get(encoding, (encoding, encoding)))


def metric_name(name: MetricName, lang: Lang = "en") -> str:
    """Return a metric the name that people have for it."""
    return either(lang, *_METRICS[name])


def threshold(metric: Metric, lang: Lang = "en") -> str:
    """Return what a contract asks of a metric."""
    return _threshold(metric.text, metric.unit, lang)


def either(lang: Lang, english: str, japanese: str) -> str:
    """Return the text of two that is in the language."""
    return japanese if lang == "ja" else english


def short(percent: str) -> str:
    """Return a percentage without the zeros that say nothing."""
    return percent.rstrip("0").rstrip(".") if "." in percent else percent


def _variant(code: Code, details: Details) -> str:
    if code in _VARIANTS:
        kind = str(details.get(_VARIANTS[code], ""))
        if kind == "timestamp" and str(details.get("format")).endswith("%z"):
            return "timestamp-zone"
        return "decimal-whole" if kind == "decimal" and details.get("scale") == 0 else kind
    if code is Code.COMPRESSION_ERROR and "members" in details:
        return "members"
    if code is Code.UNTERMINATED_QUOTE and details.get("bytes"):
        return "bytes"
    return "first" if details.get("after") == "" else ""


def _fields(details: Details, lang: Lang) -> dict[str, str]:
    fields = {name: _shown(name, value) for name, value in details.items()}
    if "precision" in details:
        fields["whole"] = str(int(details["precision"]) - int(details.get("scale", 0)))
    if "bits" in details:
        bound = 2 ** (int(details["bits"]) - 1)
        fields |= {"least": f"{-bound:,}", "most": f"{bound - 1:,}"}
    if "encoding" in details:
        fields |= {name: encoding_name(fields[name], lang) for name in ("encoding", "found") if name in fields}
    if "format" in details:
        fields["format"] = one_line(re.sub("%-?.", lambda found: _DIRECTIVES.get(found[0], found[0]), fields["format"]))
    if "percent" in details:
        fields["percent"] = short(fields["percent"])
    if "threshold" in details:
        fields["threshold"] = _threshold(fields["threshold"], fields.get("unit", "rows"), lang)
    if lang == "ja" and "wanted" in details:
        fields["wanted"] = fields["wanted"].replace(" or ", " または ")
    return fields


def _shown(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"{value:,}" if name in _COUNTS else str(value)
    text = one_line(value)
    return text if len(text) <= _DETAIL_LENGTH else text[: _DETAIL_LENGTH - 1] + "…"


def _threshold(text: str, unit: str, lang: Lang) -> str:
    figures = text.removesuffix(" percent")
    sign = " %" if unit == "percent" else ""
    for english, japanese in _THRESHOLDS.items() if lang == "ja" else ():
        if found := re.fullmatch(english, figures):
            return found.expand(re.sub(r"(\\\d)", rf"\1{sign}", japanese))
    return figures + sign
