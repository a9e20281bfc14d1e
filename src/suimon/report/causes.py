"""What the one cause behind a file's faults is called, in English and Japanese: what it is, and how to mend it."""

from suimon.check.verdict import Cause, CauseKind
from suimon.report.messages import Lang, either, encoding_name

_KINDS = {
    "xlsx": ("an Excel workbook (.xlsx)", "Excel ブック（.xlsx）"),
    "xls": ("an Excel workbook (.xls)", "Excel ブック（.xls）"),
    "pdf": ("a PDF document", "PDF 文書"),
    "parquet": ("a Parquet file", "Parquet ファイル"),
    "html": ("a web page or XML", "Web ページまたは XML"),
    "json": ("JSON", "JSON"),
    "bzip2": ("compressed with bzip2", "bzip2 で圧縮されたファイル"),
    "xz": ("compressed with xz", "xz で圧縮されたファイル"),
}
_DELIMITERS = {
    "\t": ("tab", "タブ"),
    ",": ("comma (,)", "コンマ（,）"),
    ";": ("semicolon (;)", "セミコロン（;）"),
    "|": ("vertical bar (|)", "縦棒（|）"),
    ":": ("colon (:)", "コロン（:）"),
}
# For each kind: what the whole file is, and what to do; in English, in Japanese.
_WORDS = {
    CauseKind.COMPRESSED: (
        "The whole file looks compressed ({found}); the contract says: {compression}. Send it as the contract says.",
        "圧縮されたファイル（{found}）のようです。契約の指定は {compression} です。指定のとおりに送信してください。",
    ),
    CauseKind.NOT_COMPRESSED: (
        "The file does not look compressed; the contract says: {compression}. Compress it before sending.",
        "ファイルが圧縮されていないようです。契約の指定は {compression} です。圧縮してから送信してください。",
    ),
    CauseKind.OTHER_KIND: (
        "The whole file is {kind}, not CSV. Export it as CSV.",
        "ファイル全体が CSV ではなく、{kind}のようです。CSV として出力してください。",
    ),
    CauseKind.ENCODING: (
        "The whole file looks like {found}; the contract says {encoding}. Save or export it in that encoding.",
        "ファイル全体が {found} のようです。契約の指定は {encoding} です。指定の文字コードで保存し直してください。",
    ),
    CauseKind.DELIMITER: (
        "The whole file looks delimited by {found}; the contract says {delimiter}. Export it with that delimiter.",
        "区切り文字が{found}のようです。契約の指定は{delimiter}です。指定の区切り文字で出力してください。",
    ),
    CauseKind.LINE_ENDING: (
        "The whole file ends its lines with CR alone, as old Macs did. Save it with LF or CRLF.",
        "改行が CR のみのようです（旧 Mac 形式）。LF または CRLF で保存してください。",
    ),
    CauseKind.HEADER_WIDTH: (
        (
            "The header alone is broken: it has {cells} labels, the records {expected} cells as the contract says. "
            "Correct the header line."
        ),
        (
            "ヘッダー行だけが壊れているようです。見出しは {cells} 個、レコードは契約どおり {expected} 列です。"
            "ヘッダー行を訂正してください。"
        ),
    ),
    CauseKind.UNICODE_FORM: (
        "A label has the right letters in another Unicode form (NFD, as macOS writes file names). Normalise it to NFC.",
        "見出しの文字は同じですが、Unicode の正規化形式が異なります（macOS などの NFD）。NFC に正規化してください。",
    ),
    CauseKind.END_MARK: (
        "The file ends with 0x1A, the mark by which DOS programs end a file. Remove that last byte.",
        "ファイルの末尾に DOS のファイル終端文字（0x1A）があります。最後の 1 バイトを取り除いてください。",
    ),
    CauseKind.JOINED: (
        (
            "Several files were joined: a byte order mark stands at the start of line {line}. Join them without "
            "marks and without the second header, or send them one by one."
        ),
        (
            "複数のファイルが連結されているようです。{line} 行目の先頭に BOM があります。BOM と見出しを除いて"
            "連結するか、別々に送信してください。"
        ),
    ),
    CauseKind.OTHER_CONTRACT: (
        (
            "The whole file looks like another kind of file: its first line holds none of the labels of {dataset}. "
            "Check whether it was sent under the right name."
        ),
        "別の種類のファイルのようです。1 行目に {dataset} の見出しがありません。送信先の名前を確認してください。",
    ),
}


def explain(cause: Cause, lang: Lang = "en") -> str:
    """Return the leading sentence: what the whole file seems to be, what the contract says, how to mend it."""
    fields = {name: str(value) for name, value in cause.details.items()}
    number = 1 if lang == "ja" else 0
    if cause.kind is CauseKind.ENCODING:
        fields = {name: encoding_name(value, lang) for name, value in fields.items()}
    if cause.kind is CauseKind.DELIMITER:
        fields = {name: _DELIMITERS.get(value, (value, value))[number] for name, value in fields.items()}
    if cause.kind is CauseKind.OTHER_KIND:
        fields["kind"] = _KINDS[fields["found"]][number]
    if fields.get("compression") == "none":
        fields["compression"] = either(lang, "not compressed", "圧縮なし")
    return _WORDS[cause.kind][number].format_map(fields)
