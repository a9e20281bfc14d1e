"""The kernel's shared library: its structures as ctypes has them, and how it is found and loaded. See kernel.h."""

import ctypes
import logging
import sys
from collections.abc import Sequence
from ctypes import POINTER, c_char_p, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

from suimon.check.kernel.seal import SealError, check_seal, seal_of

logger = logging.getLogger(__name__)

Fields = Sequence[tuple[str, Any]]

PATH = Path(__file__).with_name("kernel.so")
SEAL = seal_of(PATH)
# Types of columns, reasons why a scan stopped and kinds of doubt, in the order of kernel.h.
UNKNOWN, TEXT, INTEGER, DECIMAL, DATE, TIMESTAMP, BOOLEAN = range(7)
REQUIRED, MINIMUM, MAXIMUM, PARTITION, ALLOWED, PATTERN, ISO = (1 << bit for bit in range(7))
NULL_VALUES, MISSING_VALUES, INVALID_VALUES = range(3)
DONE, FULL, TOO_MANY, UNENDED, TOO_LONG, TOO_GREAT = range(6)
CELLS, FORM, BLANK, CANDIDATE = range(4)
MOST_FIGURES = 64  # keys, sums or metrics of one file


class Text(ctypes.Structure):
    """Bytes and how many they are."""

    _fields_: ClassVar[Fields] = [("bytes", c_char_p), ("size", c_int64)]


class Texts(ctypes.Structure):
    """A list, sorted by size and then by bytes."""

    _fields_: ClassVar[Fields] = [("items", POINTER(Text)), ("count", c_int64)]


class Automaton(ctypes.Structure):
    """A pattern as a table of transitions."""

    _fields_: ClassVar[Fields] = [("next", c_char_p), ("accepts", c_char_p)]


class Step(ctypes.Structure):
    """A step of a format."""

    _fields_: ClassVar[Fields] = [("directive", c_uint8), ("byte", c_uint8)]


class Part(ctypes.Structure):
    """A column's part in a key."""

    _fields_: ClassVar[Fields] = [("seed", c_uint64), ("key", c_int64)]


class Metric(ctypes.Structure):
    """A metric that counts cells of a column."""

    _fields_: ClassVar[Fields] = [
        ("kind", c_int64),
        ("counter", c_int64),
        ("values", Texts),
        ("pattern", Automaton),
        ("has_values", c_int64),
        ("has_pattern", c_int64),
    ]


class Column(ctypes.Structure):
    """A column and the rules on its cells."""

    _fields_: ClassVar[Fields] = [
        ("type", c_int64),
        ("flags", c_int64),
        ("bits", c_int64),
        ("scale", c_int64),
        ("one", c_int64),
        ("limit_low", c_uint64),
        ("limit_high", c_int64),
        ("minimum_low", c_uint64),
        ("maximum_low", c_uint64),
        ("minimum_high", c_int64),
        ("maximum_high", c_int64),
        ("least", c_int64),
        ("most", c_int64),
        ("format", POINTER(Step)),
        ("format_size", c_int64),
        ("allowed", Texts),
        ("true_words", Texts),
        ("false_words", Texts),
        ("pattern", Automaton),
        ("parts", POINTER(Part)),
        ("part_count", c_int64),
        ("metrics", POINTER(Metric)),
        ("metric_count", c_int64),
        ("sum", c_int64),
    ]


class Encoding(ctypes.Structure):
    """Tables from bytes to code points; none for UTF-8."""

    _fields_: ClassVar[Fields] = [
        ("singles", POINTER(c_uint16)),
        ("pairs", POINTER(c_uint16)),
        ("triples", POINTER(c_uint16)),
    ]


class PlanOfFile(ctypes.Structure):
    """All that the kernel is told of a file."""

    _fields_: ClassVar[Fields] = [
        ("columns", POINTER(Column)),
        ("width", c_int64),
        ("delimiter", c_uint8),
        ("quote", c_uint8),
        ("backslash", c_uint8),
        ("decimal", c_uint8),
        ("wants_lf", c_uint8),
        ("wants_crlf", c_uint8),
        ("empty_is_null", c_uint8),
        ("by_code_points", c_uint8),
        ("null_tokens", Texts),
        ("comment", Text),
        ("partition", Text),
        ("partition_day", c_int64),
        ("encoding", Encoding),
        ("key_count", c_int64),
        ("sum_count", c_int64),
        ("metric_count", c_int64),
        ("longest", c_int64),
    ]


class Doubt(ctypes.Structure):
    """A record in doubt."""

    _fields_: ClassVar[Fields] = [
        ("start", c_int64),
        ("end", c_int64),
        ("record", c_int64),
        ("line", c_int64),
        ("kind", c_int64),
    ]


class Wide(ctypes.Structure):
    """A whole number of 128 bits."""

    _fields_: ClassVar[Fields] = [("low", c_uint64), ("high", c_int64)]


class Piece(ctypes.Structure):
    """Room for what is found in a piece of a file, and the figures of it."""

    _fields_: ClassVar[Fields] = [
        ("doubts", POINTER(Doubt)),
        ("doubt_room", c_int64),
        ("hashes", POINTER(POINTER(c_uint64))),
        ("record_room", c_int64),
        ("sums", POINTER(Wide)),
        ("metrics", POINTER(c_int64)),
        ("wanted", POINTER(c_uint64)),
        ("wanted_size", c_int64),
        ("wanted_key", c_int64),
        ("scratch", POINTER(c_uint8)),
        ("scratch_size", c_int64),
        ("last", c_int64),
        ("every_doubt", c_int64),
        ("records", c_int64),
        ("lines", c_int64),
        ("end", c_int64),
        ("stop", c_int64),
        ("doubt_count", c_int64),
        ("broken", c_int64),
        ("hash_counts", POINTER(c_int64)),
    ]


MIRRORED = (Column, PlanOfFile, Piece, Doubt, Metric)


class KernelError(Exception):
    """The library that was found is not the one that this Python was written for."""


def load(path: Path) -> ctypes.CDLL:
    """Load a library; OSError if that fails, KernelError if it is another's. Calls release the interpreter's lock."""
    library = ctypes.CDLL(str(path))
    try:
        library.suimon_scan.argtypes = [POINTER(PlanOfFile), c_void_p, c_int64, POINTER(Piece)]
        library.suimon_scan.restype = c_int64
        library.suimon_cut.argtypes = [c_void_p, c_int64, c_int64]
        library.suimon_cut.restype = c_int64
        library.suimon_scatter.argtypes = [c_void_p, c_int64, c_void_p, POINTER(c_int64)]
        library.suimon_scatter.restype = None
        library.suimon_repeats.argtypes = [c_void_p, c_int64, c_void_p, c_int64, c_void_p]
        library.suimon_repeats.restype = c_int64
        library.suimon_sizes.argtypes = [POINTER(c_int64)]
        library.suimon_sizes.restype = None
    except AttributeError as error:
        raise KernelError(f"{path}: {error}; build it again") from error
    sizes = (c_int64 * len(MIRRORED))()
    library.suimon_sizes(sizes)
    if list(sizes) != [ctypes.sizeof(one) for one in MIRRORED]:
        raise KernelError(f"{path} has other structures; build it again")
    return library


@cache
def found() -> ctypes.CDLL | None:
    """Return the library beside this module; None, logged once, where it cannot be loaded: checks are slower then."""
    if sys.byteorder != "little":
        logger.warning("kernel not loaded, checks are slower: bytes of this machine stand in the other order")
        return None
    try:
        check_seal(PATH, SEAL, Path(__file__).parent)
        return load(PATH)
    except (OSError, KernelError, SealError) as error:
        logger.warning("kernel not loaded, checks are slower: %s", error)
        return None
