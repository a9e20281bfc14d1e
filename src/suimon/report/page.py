"""A verdict as one page for people without tools: nothing to load, no script, every cell escaped as data."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from suimon.check.verdict import MASK, BadCell, Code, RuleCount, Verdict
from suimon.contract.model import Contract
from suimon.report import pictures
from suimon.report.as_json import Labels, headline, labels_of, partition_checked, warnings_of
from suimon.report.causes import explain
from suimon.report.messages import Lang, either, encoding_name, meaning, remedy, say
from suimon.report.page_style import STYLE
from suimon.report.page_tables import column_name, fault_table, measurement_table, text

MAX_CELLS = 200  # in the table
MAX_RULES = 60
EXAMPLES = 5  # for each rule

_ABOUT = {
    "file": ("File", "ファイル"),
    "key": ("Key", "キー"),
    "dataset": ("Dataset", "データセット"),
    "partition": ("Business date", "対象日"),
    "received": ("Received", "受信日時"),
    "checked": ("Checked", "検査日時"),
    "drop_id": ("Drop", "ドロップ ID"),
    "version_id": ("Version", "バージョン ID"),
    "size": ("Size in bytes", "サイズ（バイト）"),
}
_UNJUDGED = {
    Code.DATE_OUT_OF_BOUNDS,
    Code.OUTSIDE_WINDOW,
    Code.TOO_MANY_FAULTS,
    Code.TOO_MANY_LABELS,
    Code.UNTERMINATED_QUOTE,
    Code.RECORD_TOO_LONG,
    Code.TRUNCATED_FILE,
    Code.DECOMPRESSION_LIMIT,
}
# Only this very style sheet: nothing that gets past the escaping could load, run or dress up anything.
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def page(verdict: Verdict, contract: Contract, about: Mapping[str, str], lang: Lang = "en") -> str:
    """Return the page. `about`: its file, key, dataset, partition, received, drop_id, as far as known.

    Other names may stand in it too, and are shown as they are.
    """
    title = _title(verdict, lang)
    name = about.get("file") or about.get("key") or contract.dataset
    counts, labels = verdict.counts[:MAX_RULES], labels_of(contract, lang)
    sections = (
        _verdict(verdict, title, lang),
        _figures(verdict, lang),
        _about(about, contract, lang),
        _overview(counts, lang, labels),
        _where(verdict, lang),
        _rules(counts, verdict, lang, labels),
        _quality(verdict, lang, labels),
        _cells(verdict, lang, labels),
        _notes(verdict, contract, about, lang),
    )
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>{text(title)}: {text(name)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(section for section in sections if section)
        + "\n</main>\n</body>\n</html>\n"
    )


def _title(verdict: Verdict, lang: Lang) -> str:
    if not verdict.accepted:
        return either(lang, "Rejected: this file was not loaded", "不合格: このファイルは取り込まれていません")
    if verdict.set_aside:
        return either(lang, "Accepted, with records set aside", "合格（一部のレコードを除外）")
    if verdict.warns:
        return either(lang, "Accepted, with warnings", "合格（警告あり）")
    return either(lang, "Accepted", "合格")


def _verdict(verdict: Verdict, title: str, lang: Lang) -> str:
    state = "bad" if not verdict.accepted else "warn" if verdict.set_aside or verdict.warns else "good"
    todo = _todo(verdict, lang)
    cause = f"<p><strong>{text(explain(verdict.cause, lang))}</strong></p>" if verdict.cause else ""
    columns = replace(verdict, measurements=())  # figures past a threshold have a table of their own
    unknown = "".join(f"<p>{text(one)}</p>" for one in warnings_of(columns, lang))
    about = either(lang, "Result of the file check", "ファイル検査結果")
    return (
        f'<div class="brand"><b>Suimon 水門</b><span>{about}</span></div>\n'
        f'<header class="card verdict {state}">{pictures.gate(is_open=verdict.accepted)}<div><h1>{text(title)}</h1>'
        f"<p>{text(headline(verdict, lang))}</p>{cause}{unknown}{f'<p>{todo}</p>' if todo else ''}</div></header>"
    )


def _todo(verdict: Verdict, lang: Lang) -> str:
    if not verdict.accepted:
        return either(
            lang,
            "Please correct what is listed below and send it again under the same name. It is then checked again.",
            "以下の内容を訂正し、同じファイル名でもう一度送信してください。あらためて検査します。",
        )
    if verdict.set_aside:
        return either(
            lang,
            "The records listed below were left out. Please correct them.",
            "以下のレコードは取り込みから除外しました。内容を訂正してください。",
        )
    return either(lang, "Please look at the warnings below.", "以下の警告を確認してください。") if verdict.warns else ""


def _figures(verdict: Verdict, lang: Lang) -> str:
    figures = [(verdict.rows, "records in the file", "ファイルのレコード数")]
    if verdict.accepted:
        figures.append((verdict.accepted_rows, "records accepted", "受け入れたレコード"))
    if verdict.set_aside:
        figures.append((verdict.set_aside, "records set aside", "除外したレコード"))
    elif verdict.bad_records is not None:
        figures.append((verdict.bad_records, "records with faults", "誤りのあるレコード"))
    figures.append((verdict.bad_cell_count, "faults", "誤りの数"))
    if verdict.counts:
        figures.append((len(verdict.counts), "rules broken", "違反した規則"))
    tiles = "".join(
        f'<div class="card"><b>{number:,}</b><span class="soft small">{either(lang, english, japanese)}</span></div>'
        for number, english, japanese in figures
    )
    return f'<div class="figures">{tiles}</div>'


def _about(about: Mapping[str, str], contract: Contract, lang: Lang) -> str:
    rows = [(either(lang, *_ABOUT.get(name, (name, name))), value) for name, value in about.items() if value]
    rows.append((either(lang, "Contract", "契約"), f"{contract.dataset} {contract.version}"))
    if file := contract.file:
        names = {
            "\t": either(lang, "tab", "タブ"),
            " ": either(lang, "blank", "空白"),
            ",": either(lang, "comma", "コンマ"),
        }
        delimiter = names.get(file.delimiter, file.delimiter)
        packed = "" if file.compression == "none" else f", {file.compression}"
        form = (
            f"CSV, {encoding_name(file.encoding, lang)}, {either(lang, 'delimiter', '区切り文字')} {delimiter}{packed}"
        )
        rows.append((either(lang, "Expected format", "期待する形式"), form))
    terms = "".join(f"<dt>{text(term)}</dt><dd>{text(value)}</dd>" for term, value in rows)
    return f'<section class="card"><dl>{terms}</dl></section>'


def _overview(counts: Sequence[RuleCount], lang: Lang, labels: Labels) -> str:
    if not counts:
        return ""
    most = max(count.cells for count in counts)
    bars = "".join(
        f'<li><a href="#rule-{number}">{_column(count, either(lang, ": ", "："), labels)}'
        f'<span class="soft">{text(meaning(count.code, lang))}</span></a>'
        f"{pictures.bar(count.cells, most)}<b>{count.cells:,}</b></li>\n"
        for number, count in enumerate(counts, 1)
    )
    return _section(
        either(lang, "What is wrong", "誤りの内訳"), f'<div class="card"><ul class="bars">{bars}</ul></div>'
    )


def _where(verdict: Verdict, lang: Lang) -> str:
    strip = pictures.strip(verdict, lang)
    if not strip:
        return ""
    note = ""
    if verdict.truncated:
        listed = len(verdict.bad_cells)
        said = either(
            lang,
            f"Only the first {listed:,} faults are shown here; there are more.",
            f"最初の {listed:,} 件だけを示しています。ほかにも誤りがあります。",
        )
        note = f'<p class="small soft">{said}</p>'
    return _section(either(lang, "Where in the file", "ファイル内の位置"), f'<div class="card">{strip}{note}</div>')


def _rules(counts: Sequence[RuleCount], verdict: Verdict, lang: Lang, labels: Labels) -> str:
    if not counts:
        return ""
    cards = "".join(_rule(number, count, verdict, lang, labels) for number, count in enumerate(counts, 1))
    left = len(verdict.counts) - len(counts)
    more = either(lang, f"And {left:,} more broken rules.", f"ほかに {left:,} 件の規則に違反しています。")
    return _section(either(lang, "How to correct it", "訂正のしかた"), cards + (f"<p>{more}</p>" if left else ""))


def _rule(number: int, count: RuleCount, verdict: Verdict, lang: Lang, labels: Labels) -> str:
    said, what = say(count.code, count.details, lang), meaning(count.code, lang)
    if count.column:
        between = either(lang, ": " if said == what else " ", "：")
        heading, detail = f"{_column(count, between, labels)}{text(said)}", ""
    else:
        heading = text(_capital(what))
        detail = f"<p>{text(_capital(said))}</p>" if said != what else ""
    examples = [cell for cell in verdict.bad_cells if _breaks(cell, count) and (cell.line or cell.value is not None)]
    return (
        f'<article class="card rule" id="rule-{number}"><header><h3>{heading}</h3>'
        f'<span class="code">{count.code}</span><span class="count">{count.cells:,}</span></header>\n{detail}'
        f'<p class="fix">{text(remedy(count.code, lang, count.details))}</p>\n'
        + (
            fault_table(examples[:EXAMPLES], lang, labels, of=count, caption=_caption(examples, count, lang))
            if examples
            else ""
        )
        + "</article>\n"
    )


def _caption(examples: list[BadCell], count: RuleCount, lang: Lang) -> str:
    if count.cells <= EXAMPLES and len(examples) == count.cells:
        return ""
    return either(lang, "For example:", "例:")


def _breaks(cell: BadCell, count: RuleCount) -> bool:
    """One code may stand for several rules without column, such as conditions: what they share tells them apart."""
    same = (cell.code, cell.column) == (count.code, count.column)
    return same and all(cell.details.get(name, value) == value for name, value in count.details.items())


def _quality(verdict: Verdict, lang: Lang, labels: Labels) -> str:
    if not verdict.measurements:
        return ""
    table = measurement_table(verdict.measurements, lang, labels)
    return _section(either(lang, "Quality figures", "品質指標"), f'<div class="card">{table}</div>')


def _cells(verdict: Verdict, lang: Lang, labels: Labels) -> str:
    if not verdict.bad_cells:
        return ""
    listed, total = verdict.bad_cells[:MAX_CELLS], verdict.bad_cell_count
    heading = either(lang, "All faults", "すべての誤り")
    if len(listed) < total:
        heading = either(
            lang, f"The first {len(listed):,} of {total:,} faults", f"最初の {len(listed):,} 件（全 {total:,} 件）"
        )
    return _section(heading, f'<div class="card">{fault_table(listed, lang, labels)}</div>')


def _notes(verdict: Verdict, contract: Contract, about: Mapping[str, str], lang: Lang) -> str:
    notes = []
    if not partition_checked(contract, about.get("partition")):
        notes.append(either(lang, "Not checked: the business date.", "対象日は検査していません。"))
    if any(count.code in _UNJUDGED for count in verdict.counts):
        notes.append(
            either(
                lang,
                "The file could not be read to its end. What follows was not judged and may hold more faults.",
                "ファイルを最後まで読み取れませんでした。以降は未判定で、ほかにも誤りがある可能性があります。",
            )
        )
    if verdict.truncated:
        listed = len(verdict.bad_cells)
        notes.append(
            either(
                lang,
                f"The first {listed:,} faults are listed with their place; the counts include all of them."
                if listed
                else "The faults were counted; none is listed with its place, as was asked.",
                f"位置を記録しているのは最初の {listed:,} 件です。件数にはすべての誤りを含みます。"
                if listed
                else "指定により、誤りの件数だけを数え、位置は記録していません。",
            )
        )
    if any(column.personal for column in contract.columns):
        notes.append(
            either(
                lang,
                f"{MASK} stands for personal data, which no report shows.",
                f"{MASK} は個人情報です。値は表示しません。",
            )
        )
    if verdict.bad_cells:
        notes.append(
            either(
                lang,
                "Lines are counted from 1, as in an editor; records from 1, without the header. The quotes around a "
                "value are not part of it. Characters that cannot be seen are written as escapes such as \\n; "
                "long values are cut with “…”.",
                "行番号はエディターと同じく 1 から、レコード番号はヘッダーを除いて 1 から数えます。値を囲む「」は値に"
                "含まれません。目に見えない文字は \\n のように表し、長い値は「…」で省略します。",
            )
        )
    return f'<footer class="small soft">{"".join(f"<p>{text(note)}</p>" for note in notes)}</footer>' if notes else ""


def _section(heading: str, body: str) -> str:
    return f"<section><h2>{heading}</h2>\n{body}</section>"


def _column(count: RuleCount, between: str, labels: Labels) -> str:
    return f'<span class="column">{column_name(count.column, labels)}</span>{between}' if count.column else ""


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
