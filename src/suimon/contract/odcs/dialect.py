"""The dialect of a file: how its bytes are records. Declared, never guessed, and never at odds with itself."""

import re

from suimon.contract.file import (
    COMPRESSIONS,
    ENCODINGS,
    LINE_ENDINGS,
    MAX_BYTES,
    MAX_RATIO,
    Column,
    FileFormat,
    Trailer,
)
from suimon.contract.odcs.clauses import READ, Clause, Grammar, brief
from suimon.contract.odcs.reader import Reader

DIALECT: Grammar = {
    **dict.fromkeys(("encoding", "delimiter", "quote", "escape", "lineEnding", "nullTokens", "decimal"), READ),
    **dict.fromkeys(("header", "headerOrder", "headerCase", "extraColumns", "skipLines", "comment"), READ),
    **dict.fromkeys(("compression", "maxRatio", "maxBytes"), READ),
    "trailer": {"marker": READ, "count": READ, "sums": [{"column": READ, "cell": READ}]},
}
# One byte each in UTF-8, so that the checker finds them without decoding.
_MARKS = r"[!-/:-@\[-`{-~]"
_CONTROLS = r"[\x01-\x09\x0b\x0c\x0e-\x19\x1c-\x1f]"  # not what ends a file in DOS or shifts in ISO-2022-JP
_COMMENT = r"[!-*,./:-@\[-`{-~][ -~]*|[+-][!-/:-@\[-`{-~][ -~]*"


def read_dialect(clause: Clause, reader: Reader) -> FileFormat:
    """Read a dialect. What it says of columns is held to them by `fit`, once they are known."""
    delimiter = reader.text(clause, "delimiter", f"{_MARKS}|{_CONTROLS}", 'one ASCII mark such as "," or "\\t"')
    quote = reader.text(clause, "quote", rf"(?!\\){_MARKS}|", 'one ASCII mark, or "" when nothing is quoted')
    header = reader.flag(clause, "header", needed=True) or not reader.sound(clause, "header")
    compression = reader.choice(clause, "compression", COMPRESSIONS, "none")
    trailer = clause["trailer"]
    dialect = FileFormat(
        encoding=reader.choice(clause, "encoding", ENCODINGS),
        delimiter=delimiter,
        quote=quote if reader.sound(clause, "quote") else '"',
        escape=_escape(clause, quote, reader),
        line_ending=reader.choice(clause, "lineEnding", LINE_ENDINGS, "any"),
        header=header,
        header_order=reader.choice(clause, "headerOrder", ("fixed", "free"), "fixed"),
        header_case=reader.choice(clause, "headerCase", ("exact", "ignore"), "exact"),
        extra_columns=reader.choice(clause, "extraColumns", ("refuse", "warn", "ignore"), "refuse"),
        null_tokens=_null_tokens(clause, reader),
        decimal=reader.choice(clause, "decimal", (".", ","), "."),
        skip_lines=reader.optional_whole(clause, "skipLines") or 0,
        comment=_comment(clause, delimiter, quote, reader),
        compression=compression,
        max_ratio=reader.optional_whole(clause, "maxRatio", least=1) or MAX_RATIO,
        max_bytes=reader.optional_whole(clause, "maxBytes", least=1, most=2**63 - 1) or MAX_BYTES,
        trailer=_trailer(trailer, reader) if trailer and isinstance(trailer.value, dict) else None,
    )
    _refuse_contradictions(clause, dialect, reader)
    return dialect


def fit(clause: Clause, dialect: FileFormat, columns: tuple[Column, ...], reader: Reader) -> None:
    """Refuse what a dialect says of columns that are not such, and records that it would take for comments."""
    numbers = [column.name for column in columns if column.type in {"integer", "decimal"}]
    if dialect.decimal == "," and not any(column.type == "decimal" for column in columns):
        _refuse_at(clause, "decimal", "is not enforced: no column is of logicalType number; remove it", reader)
    if trailer := clause["trailer"]:
        for entry in trailer["sums"] or ():
            if (name := entry["column"]) and name.value not in numbers:
                reader.refuse(name, f"{brief(name)} is no column of numbers; a sum needs one")
    if dialect.comment:
        titles = [column.title for column in columns] if dialect.header else []
        allowed = [value for column in columns for value in column.allowed or ()]
        marker = [dialect.trailer.marker] if dialect.trailer else []
        for text in (*titles, *dialect.null_tokens, *allowed, *marker):
            if text.startswith(dialect.comment):
                _refuse_at(clause, "comment", f"{brief(text)} starts with it, and would be taken for a comment", reader)


def unwritable(text: str, dialect: FileFormat) -> str | None:
    """Return why no cell of a file in the dialect can hold the text; None if one can."""
    if "\0" in text:
        return "holds a NUL, which no file may"
    for character in text:
        try:
            read = character.encode(dialect.encoding).decode(dialect.encoding)
        except UnicodeEncodeError:
            return f"holds {character!r}, which {dialect.encoding} cannot write"
        if read != character:  # CP932 writes both waves as one, and reads one of them
            return f"holds {character!r}, which {dialect.encoding} reads as {read!r}; write that"
    if not dialect.quote and any(mark in text for mark in (dialect.delimiter or "\n", "\n", "\r")):
        return "holds the delimiter or a line break, and nothing is quoted"
    return None


def _escape(clause: Clause, quote: str, reader: Reader) -> str:
    given = clause["escape"]
    if quote:
        return reader.text(clause, "escape", rf"{re.escape(quote)}|\\", f"the quote {quote} or a backslash")
    if given and given.value != "" and (said := clause["quote"]) and said.value == "":
        reader.refuse(given, "is not enforced: nothing is quoted, so nothing is escaped; remove it")
    return ""


def _null_tokens(clause: Clause, reader: Reader) -> tuple[str, ...]:
    given = reader.needed(clause, "nullTokens")
    if given is None:
        return ()
    if not isinstance(given.value, list) or not given.value:
        reader.refuse(given, 'must be a list of texts, [""] when an empty cell means a missing value')
        return ()
    return reader.texts(given)


def _comment(clause: Clause, delimiter: str, quote: str, reader: Reader) -> str | None:
    given = clause["comment"]
    if given is None:
        return None
    # A record may well start with a letter, a digit or a sign: it would be dropped in silence.
    text = reader.text(clause, "comment", _COMMENT, "ASCII marks such as # or //, that no record starts with")
    if (delimiter and delimiter in text) or (quote and quote in text):
        reader.refuse(given, "holds the delimiter or the quote; records could start with it")
    return text or None


def _trailer(clause: Clause, reader: Reader) -> Trailer:
    """Cells are counted from 1; the marker stands in the first."""
    sums: list[tuple[str, int]] = []
    taken: set[int] = set()
    count = reader.optional_whole(clause, "count", least=2)
    if count is not None and reader.sound(clause, "count"):
        taken.add(count)
    for entry in clause["sums"] or ():
        name, cell = reader.text(entry, "column"), reader.whole(entry, "cell", least=2)
        if (given := entry["cell"]) and reader.sound(entry, "cell"):
            if cell in taken:
                reader.refuse(given, f"cell {cell} holds another total already")
            taken.add(cell)
        if name and (given := entry["column"]) and name in {column for column, _ in sums}:
            reader.refuse(given, f"{brief(name)} is summed twice; keep one")
        sums.append((name, cell))
    return Trailer(reader.text(clause, "marker", r"[^\r\n]+", "a text in one line"), count, tuple(sums))


def _refuse_contradictions(clause: Clause, dialect: FileFormat, reader: Reader) -> None:
    if reader.sound(clause, "delimiter", "quote", "escape", "decimal"):
        _refuse_shared_marks(clause, dialect, reader)
    for key, chosen in (
        ("headerOrder", "free"),
        ("headerCase", "ignore"),
        ("extraColumns", "warn"),
        ("extraColumns", "ignore"),
    ):
        if not dialect.header and (given := clause[key]) and given.value == chosen:
            reader.refuse(given, f"{chosen} needs header: true; without one, columns are known by their place alone")
    if dialect.compression == "none" and reader.sound(clause, "compression"):
        for key in ("maxRatio", "maxBytes"):
            _refuse_at(clause, key, "limits what is decompressed; declare a compression or remove it", reader)
    for token in clause["nullTokens"] or ():
        if isinstance(token.value, str) and (why := unwritable(token.value, dialect)):
            reader.refuse(token, why)
    if dialect.trailer and (trailer := clause["trailer"]) and (why := unwritable(dialect.trailer.marker, dialect)):
        _refuse_at(trailer, "marker", why, reader)


def _refuse_shared_marks(clause: Clause, dialect: FileFormat, reader: Reader) -> None:
    if dialect.quote and dialect.quote in (dialect.delimiter, dialect.decimal):
        _refuse_at(clause, "quote", "is the delimiter or the decimal separator too; they must differ", reader)
    if dialect.quote != '"' and dialect.delimiter == '"':
        # Accepted rows that are written again are quoted with it.
        _refuse_at(clause, "delimiter", "is the quote of other files; choose another", reader)
    if dialect.delimiter == dialect.escape == "\\":
        _refuse_at(clause, "escape", "is the delimiter too; they must differ", reader)
    # With quotes "1,5" is one cell; without, every number with a fraction would be two.
    if not dialect.quote and dialect.delimiter == dialect.decimal:
        _refuse_at(clause, "delimiter", "is the decimal separator too, and nothing is quoted", reader)


def _refuse_at(clause: Clause, key: str, message: str, reader: Reader) -> None:
    if given := clause[key]:
        reader.refuse(given, message)
