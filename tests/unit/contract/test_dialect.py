"""The dialect: everything it may say reaches the compiled form, and nothing that is at odds with itself does."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from suimon.contract.file import FileFormat, Trailer
from suimon.contract.model import Contract

Draft = Callable[..., str]
Reads = Callable[[str], Contract]
Refused = Callable[[str], list[str]]

PLAIN = "encoding: utf-8, delimiter: ',', quote: '\"', escape: '\"', header: true, nullTokens: ['']"
UNQUOTED = "encoding: utf-8, delimiter: ',', quote: '', header: true, nullTokens: ['']"
PATH = "customProperties[2].value"


def changed(old: str, new: str, dialect: str = PLAIN) -> str:
    assert old in dialect
    return dialect.replace(old, new, 1)


def test_what_is_not_said_is_at_its_default(draft: Draft, reads: Reads) -> None:
    assert reads(draft()).file == FileFormat()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"encoding: utf-8": "encoding: cp932"}, {"encoding": "cp932"}),
        ({"encoding: utf-8": "encoding: utf-16"}, {"encoding": "utf-16"}),
        ({"encoding: utf-8": "encoding: euc-jp"}, {"encoding": "euc-jp"}),
        ({"delimiter: ','": 'delimiter: "\\t"'}, {"delimiter": "\t"}),
        ({"delimiter: ','": 'delimiter: "\\x01"'}, {"delimiter": "\x01"}),
        ({"delimiter: ','": "delimiter: '|'"}, {"delimiter": "|"}),
        ({"quote: '\"', escape: '\"'": "quote: '', escape: ''"}, {"quote": "", "escape": ""}),
        ({"quote: '\"', escape: '\"'": "quote: ''"}, {"quote": "", "escape": ""}),
        ({"quote: '\"', escape: '\"'": 'quote: "\'", escape: "\'"'}, {"quote": "'", "escape": "'"}),
        ({"escape: '\"'": r"escape: '\'"}, {"escape": "\\"}),
        ({"header: true": "header: true, lineEnding: crlf"}, {"line_ending": "crlf"}),
        ({"header: true": "header: true, headerOrder: free"}, {"header_order": "free"}),
        ({"header: true": "header: true, headerCase: ignore"}, {"header_case": "ignore"}),
        ({"header: true": "header: true, extraColumns: ignore"}, {"extra_columns": "ignore"}),
        ({"header: true": "header: false, headerOrder: fixed"}, {"header": False}),
        ({"['']": "['', 'NULL', '\\N']"}, {"null_tokens": ("", "NULL", "\\N")}),
        ({"header: true": "header: true, decimal: ','"}, {"decimal": ","}),
        ({"header: true": "header: true, skipLines: 3"}, {"skip_lines": 3}),
        ({"header: true": "header: true, comment: '#'"}, {"comment": "#"}),
        ({"header: true": "header: true, comment: --"}, {"comment": "--"}),
        ({"header: true": "header: true, compression: zip"}, {"compression": "zip"}),
        (
            {"header: true": "header: true, compression: gzip, maxRatio: 500, maxBytes: 1000"},
            {"compression": "gzip", "max_ratio": 500, "max_bytes": 1000},
        ),
        (
            {"header: true": "header: true, trailer: {marker: END}"},
            {"trailer": Trailer("END")},
        ),
        (
            {"header: true": "header: true, trailer: {marker: 合計, count: 2, sums: [{column: price, cell: 4}]}"},
            {"trailer": Trailer("合計", 2, (("price", 4),))},
        ),
    ],
)
def test_what_a_dialect_says_is_compiled(
    draft: Draft, reads: Reads, said: dict[str, str], read: dict[str, object]
) -> None:
    ((old, new),) = said.items()
    contract = reads(draft(dialect=changed(old, new)))
    assert contract.file == replace(FileFormat(), **read)  # type: ignore[arg-type] # a table of cases
    assert Contract.from_json(contract.to_json()) == contract


@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        ("encoding: utf-8", "encoding: latin-1", "encoding", "must be one of utf-8, utf-8-sig, utf-16, cp932, "),
        ("delimiter: ','", "delimiter: '::'", "delimiter", "must be one ASCII mark"),
        ("delimiter: ','", "delimiter: '、'", "delimiter", "must be one ASCII mark"),
        ("delimiter: ','", "delimiter: x", "delimiter", "must be one ASCII mark"),
        ("delimiter: ','", 'delimiter: "\\n"', "delimiter", "must be one ASCII mark"),
        ("quote: '\"'", "quote: '«'", "quote", "must be one ASCII mark, or"),
        ("delimiter: ','", "delimiter: '\"'", "quote", "is the delimiter or the decimal separator too"),
        ("quote: '\"', escape: '\"'", "quote: '.', escape: '.'", "quote", "is the delimiter or the decimal"),
        ("escape: '\"'", "escape: '^'", "escape", 'must be the quote " or a backslash'),
        ("quote: '\"'", "quote: ''", "escape", "is not enforced: nothing is quoted, so nothing is escaped; remove it"),
        ("header: true", "header: true, lineEnding: cr", "lineEnding", "must be one of any, lf, crlf"),
        ("header: true", "header: false, headerOrder: free", "headerOrder", "free needs header: true"),
        ("header: true", "header: false, headerCase: ignore", "headerCase", "ignore needs header: true"),
        ("header: true", "header: false, extraColumns: ignore", "extraColumns", "ignore needs header: true"),
        ("header: true", "header: maybe", "header", "must be true or false"),
        ("['']", "[]", "nullTokens", "must be a list of texts"),
        ("['']", "''", "nullTokens", "must be a list of texts"),
        ("['']", "[null]", "nullTokens[0]", "must be a text, is None; put it in quotes"),
        ("['']", "[x, x]", "nullTokens[1]", "'x' stands twice; keep one"),
        ("['']", '["\\0"]', "nullTokens[0]", "holds a NUL"),
        ("header: true", "header: true, decimal: ';'", "decimal", "must be one of ., ,"),
        ("header: true", "header: true, skipLines: -1", "skipLines", "must be a whole number of at least 0"),
        ("header: true", "header: true, comment: a", "comment", "must be ASCII marks such as # or //"),
        ("header: true", "header: true, comment: 1", "comment", "must be ASCII marks such as # or //"),
        ("header: true", "header: true, comment: '-'", "comment", "must be ASCII marks such as # or //"),
        ("header: true", "header: true, comment: ※", "comment", "must be ASCII marks such as # or //"),
        ("header: true", "header: true, comment: ',,'", "comment", "holds the delimiter or the quote"),
        ("header: true", "header: true, comment: '\"#'", "comment", "holds the delimiter or the quote"),
        ("['']", "['#N/A'], comment: '#'", "comment", "'#N/A' starts with it, and would be taken for a comment"),
        ("['']", "[''], comment: '#', trailer: {marker: '#E'}", "comment", "'#E' starts with it"),
        ("header: true", "header: true, compression: bzip2", "compression", "must be one of none, gzip, zstd, zip"),
        ("header: true", "header: true, maxRatio: 9", "maxRatio", "limits what is decompressed; declare a compression"),
        ("header: true", "header: true, maxBytes: 9", "maxBytes", "limits what is decompressed; declare a compression"),
        ("header: true", "header: true, compression: zip, maxRatio: 0", "maxRatio", "must be a whole number of at "),
        ("header: true", "header: true, trailer: {count: 2}", "trailer", "marker is missing; add it"),
        ("header: true", 'header: true, trailer: {marker: "a\\nb"}', "trailer.marker", "must be a text in one line"),
        ("header: true", "header: true, trailer: {marker: E, count: 1}", "trailer.count", "must be a whole number of "),
        ("header: true", "header: true, trailer: {marker: E, size: 1}", "trailer.size", "is not enforced by any part"),
        ("header: true", "header: true, trailer: END", "trailer", "must be a mapping"),
        ("header: true", "header: true, trailer: {marker: E, sums: [{column: price}]}", "trailer.sums[0]", "cell is"),
        (
            "header: true",
            "header: true, trailer: {marker: E, sums: [{column: code, cell: 2}]}",
            "trailer.sums[0].column",
            "'code' is no column of numbers; a sum needs one",
        ),
        (
            "header: true",
            "header: true, trailer: {marker: E, count: 2, sums: [{column: price, cell: 2}]}",
            "trailer.sums[0].cell",
            "cell 2 holds another total already",
        ),
        (
            "header: true",
            "header: true, trailer: {marker: E, sums: [{column: price, cell: 2}, {column: price, cell: 3}]}",
            "trailer.sums[1].column",
            "'price' is summed twice; keep one",
        ),
        ("header: true", "header: true, sniff: true", "sniff", "is not enforced by any part of Suimon; remove it"),
    ],
)
def test_a_dialect_that_cannot_be_kept_is_refused_at_its_line(
    draft: Draft, refused: Refused, old: str, new: str, path: str, said: str
) -> None:
    text = draft(dialect=changed(old, new))
    line = 1 + text[: text.index("encoding:")].count("\n")
    (problem,) = refused(text)
    assert problem.startswith(f"{line}: {PATH}.{path}: {said}")


@pytest.mark.parametrize("key", ["encoding", "delimiter", "quote", "escape", "header", "nullTokens"])
def test_what_decides_how_bytes_are_read_must_be_said(draft: Draft, refused: Refused, key: str) -> None:
    said = ", ".join(part for part in PLAIN.split(", ") if not part.startswith(f"{key}:"))
    assert [problem.partition(": ")[2] for problem in refused(draft(dialect=said))] == [
        f"{PATH}: {key} is missing; add it"
    ]


def test_a_backslash_cannot_both_part_cells_and_escape(draft: Draft, refused: Refused) -> None:
    said = PLAIN.replace("delimiter: ','", r"delimiter: '\'").replace("escape: '\"'", r"escape: '\'")
    (problem,) = refused(draft(dialect=said))
    assert "dialect" not in problem
    assert f"{PATH}.escape: is the delimiter too" in problem


def test_a_decimal_comma_needs_quotes_where_the_comma_parts_cells(draft: Draft, reads: Reads, refused: Refused) -> None:
    quoted = reads(draft(dialect=changed("header: true", "header: true, decimal: ','"))).file
    assert quoted is not None
    assert (quoted.delimiter, quoted.decimal) == (",", ",")
    (problem,) = refused(draft(dialect=changed("header: true", "header: true, decimal: ','", UNQUOTED)))
    assert f"{PATH}.delimiter: is the decimal separator too, and nothing is quoted" in problem


def test_a_decimal_comma_needs_a_number(draft: Draft, refused: Refused) -> None:
    text = draft("name: code, logicalType: string", dialect=changed("header: true", "header: true, decimal: ','"))
    (problem,) = refused(text)
    assert f"{PATH}.decimal: is not enforced: no column is of logicalType number; remove it" in problem


@pytest.mark.parametrize(
    ("dialect", "path", "said"),
    [
        (changed("['']", "['a,b']", UNQUOTED), "nullTokens[0]", "holds the delimiter or a line break, and nothing is"),
        (changed("['']", "['〜']").replace("utf-8", "cp932"), "nullTokens[0]", "holds '〜', which cp932 reads as '～'"),
        (
            changed("['']", "['鷗']").replace("utf-8", "shift_jis"),
            "nullTokens[0]",
            "holds '鷗', which shift_jis cannot",
        ),
        (
            changed("['']", "[''], trailer: {marker: 'a,b'}", UNQUOTED),
            "trailer.marker",
            "holds the delimiter or a line",
        ),
        (
            changed("['']", "[''], trailer: {marker: ①}").replace("utf-8", "euc-jp"),
            "trailer.marker",
            "holds '①', which",
        ),
    ],
)
def test_a_text_that_no_cell_can_hold_is_refused(
    draft: Draft, refused: Refused, dialect: str, path: str, said: str
) -> None:
    (problem,) = refused(draft(dialect=dialect))
    assert problem.partition(": ")[2].startswith(f"{PATH}.{path}: {said}")


@pytest.mark.parametrize(
    "column", ["name: '#code', logicalType: string", "name: code, logicalType: string, enum: [{value: '#1'}]"]
)
def test_a_comment_that_a_record_could_start_with_is_refused(draft: Draft, refused: Refused, column: str) -> None:
    (problem,) = refused(draft(column, dialect=changed("header: true", "header: true, comment: '#'")))
    assert "starts with it, and would be taken for a comment" in problem


def test_a_delimiter_that_accepted_rows_are_quoted_with_is_refused(draft: Draft, refused: Refused) -> None:
    dialect = "encoding: utf-8, delimiter: '\"', quote: '', header: true, nullTokens: ['']"
    assert any(
        f"{PATH}.delimiter: is the quote of other files; choose another" in one
        for one in refused(draft(dialect=dialect))
    )
