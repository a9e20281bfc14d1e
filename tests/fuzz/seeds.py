"""Where fuzzing starts: the hostile files of the corpus, a few whole tables, the project's own contracts."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from suimon.contract.odcs.parse import read_contract
from tests.fuzz.kernel import LETTERS as LETTERS_OF_KERNEL

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / "tests" / "unit" / "check" / "corpus"
# Contracts of the corpus by the letters of ours; all others are read as plain CSV.
LETTERS = {
    "backslash": "bc",
    "comments": "c",
    "cp932": "p",
    "crlf": "r",
    "euc-jp": "e",
    "gzip": "g",
    "lax-header": "x",
    "lf": "f",
    "no-header": "n",
    "no-quote": "q",
    "null-tokens": "k",
    "one-column": "o",
    "shift_jis": "s",
    "trailer": "t",
    "utf-8-sig": "w",
}
PLAIN = 'a,b,c\r\n水,"x\r\n,y",3\r\n表,"say ""so""",-4\r\n'
KEYS = (
    "id,day,name,price\n1,2026-11-20,ann,1.5\n2,2026-11-20,bob,-\n01,2026-11-21,cyd,600\n"
    "3,2026-11-20,ann,2\n4,2026-11-20,dan,3.25\n5,2026-11-20,eve,4\n"
)
TYPES = (
    "made by hand\n'DAY, time';at;Paid;sum;code;colour\n"
    "20.11.2026 01:02:03.000004;2026-11-20T23:00:00.000+09:00;yes;-1,5;AB1;red\n"
    "31.12.9999 23:59:59.999999;2026-11-20T01:02:03.004Z;NULL;0,0000000001;'A''1';水\n"
)
SEGMENTS = {
    "A": "AB-12x,29/02/2028,-1.5,red\nXY7yz,31/12/1999,99999999999999999999.5,水\n",
    "B": "AB1,01/01/2000,,red\n'AB1',01/01/2000,NULL,'NULL'\n-,28/02/2001,1.25,rot\n",
    "C": "a;-9223372036854775808;-999999999999999999,99\n;9223372036854775807;0,5\nb;+007;\n",
    "D": 'a,表示\n"ﾃｽﾄ","x"",\n"\na ,日本語\n',
    "E": "1,2026-11-20,ann,1.5\n2,2026-11-20,bob,-\n3,2026-11-20,ann,1.50\n4,2026-11-20,ann ,+1.5\n",
    # At most one of the two cells of a record is bad, or the other would hide that it is passed.
    "G": "2100-02-29,2024-02-29 21:00:01+09:00\n2000-02-29,2024-02-29 03:30:00-08:30\n1900-02-29,2024-02-29 12:00:00Z\n"
    "2024-04-31,2024-03-01 00:00:00+12:00\n2024-04-30,2024-02-29 21:00:02+09:00\n2026-07-31,2024-02-29 24:00:00Z\n"
    "2000-01-10,2024-02-29 06:00:00+06:00\n2000-03-10,2024-02-29 18:00:00-06:00\n",
    "F": "-9223372036854775808,-2147483648\n9223372036854775807,2147483647\n+0,-0\n",
}
OPTIONS = b"<"  # cut anywhere, 10,000 cells listed, a partition


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target starts from."""
    match target:
        case "check" | "grammar":
            yield from _files()
        case "kernel":
            yield from (seed for seed in _files() if seed[:1].decode() in LETTERS_OF_KERNEL)
            yield from _segments()
        case "contract":
            yield from (path.read_bytes() for path in _contracts())
        case "compiled":
            yield from (json.dumps(read_contract(path).to_json()).encode() for path in _contracts())


def words(target: str) -> list[str]:
    """Return what a target's inputs are made of."""
    if target in {"check", "grammar", "kernel"}:
        return ['"', '""', '\\"', ",", "\r\n", "\n", "T,", "#", "//", "水", "2026-11-20", "'", ";", "\t", "-"]
    found = {word for seed in seeds(target) for word in re.findall(r"[\w/{}.-]+", seed.decode())}
    return sorted({*found, "null", "~", "!!bool ", "!!int ", "&a ", "*a", "1e999", ".nan", "- ", ": ", "[]", "{}"})


def write(target: str, folder: Path) -> Path:
    """Write a target's seeds and its dictionary into a folder; give the dictionary."""
    (folder / "seeds").mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds(target)):
        (folder / "seeds" / f"{number:03}").write_bytes(seed)
    quoted = ("".join(f"\\x{byte:02x}" for byte in word.encode()) for word in words(target))
    dictionary = folder / "words.dict"
    dictionary.write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
    return dictionary


def _contracts() -> list[Path]:
    own = sorted((ROOT / "datasets").glob("*/contract.odcs.yaml"))
    return [*own, Path(__file__).parent / "every-clause.odcs.yaml"]


def _files() -> Iterator[bytes]:
    expected = json.loads((CORPUS / "expected.json").read_text(encoding="utf-8"))
    for name, entry in sorted(expected.items()):
        contents = (CORPUS / name).read_bytes()
        if len(contents) <= 1000:  # longer ones only slow it down
            for letter in LETTERS.get(entry["contract"], "a"):
                yield letter.encode() + OPTIONS + contents
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr(zipfile.ZipInfo("x.csv"), PLAIN.encode("cp932"))
    yield b"g" + OPTIONS + gzip.compress(PLAIN.encode(), mtime=0)
    yield b"i" + OPTIONS + archive.getvalue()
    yield b"u" + OPTIONS + b"\xff\xfe" + PLAIN.encode("utf-16-le")
    yield b"u" + OPTIONS + b"\xfe\xff" + PLAIN.encode("utf-16-be")
    yield b"z" + OPTIONS + _zstd(PLAIN.encode())
    yield b"k" + OPTIONS + KEYS.encode()
    yield b"y" + OPTIONS + TYPES.encode()
    for letter, encoding in (("e", "euc-jp"), ("p", "cp932"), ("s", "shift_jis"), ("r", "utf-8")):
        yield letter.encode() + OPTIONS + PLAIN.encode(encoding)


def _segments() -> Iterator[bytes]:
    """Yield sound records for the contracts that the kernel alone is asked about."""
    for letter, text in SEGMENTS.items():
        yield letter.encode() + OPTIONS + text.encode("cp932" if letter == "D" else "utf-8")


def _zstd(contents: bytes) -> bytes:
    from backports import zstd  # noqa: PLC0415 - as the checker imports it

    return zstd.compress(contents)
