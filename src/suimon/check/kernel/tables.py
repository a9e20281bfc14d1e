"""The encodings of Japan as tables from bytes to code points, made of Python's own codecs."""

import ctypes
from functools import cache
from itertools import product

from suimon.check.decode import is_undefined
from suimon.contract.file import Encoding

_HIGH = range(0x80, 0x100)
_HIGH_POINTS = range(0x80, 0x10000)
_TRAIL = range(0x40, 0x100)  # no second byte is lower
_THREE = 0x8F  # leads to two more bytes in EUC-JP

Table = ctypes.Array[ctypes.c_uint16]


@cache
def tables(encoding: Encoding) -> tuple[Table, Table, Table | None]:
    """Return the characters of one, of two and of three bytes; 0 where there is none, or an ASCII one again."""
    singles, pairs = (ctypes.c_uint16 * 256)(), (ctypes.c_uint16 * 65536)()
    for byte in range(1, 128):
        singles[byte] = byte
    for first in _HIGH:
        singles[first] = _point(bytes([first]), encoding)
    for first, second in product(_HIGH, _TRAIL):
        if not singles[first]:
            pairs[first << 8 | second] = _point(bytes([first, second]), encoding)
    if encoding != "euc-jp":
        return singles, pairs, None
    triples = (ctypes.c_uint16 * 65536)()
    for second, third in product(_HIGH, _HIGH):
        triples[second << 8 | third] = _point(bytes([_THREE, second, third]), encoding)
    return singles, pairs, triples


def _point(raw: bytes, encoding: Encoding) -> int:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError:
        return 0
    # Two characters would be a single byte and another; ASCII ones would escape every comparison by bytes.
    point = ord(text) if len(text) == 1 else 0
    return point if point in _HIGH_POINTS and not is_undefined(point, encoding) else 0
