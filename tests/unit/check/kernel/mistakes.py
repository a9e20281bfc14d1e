"""Mistakes that somebody could make in the kernel: a name, the file, what stands there, what would stand there."""

MISTAKES: tuple[tuple[str, str, str, str], ...] = (
    ("every fourth year is a leap year", "moments.h", "year % 4 == 0 && year % 100 != 0", "year % 4 == 0"),
    ("no century is a leap year", "moments.h", " || year % 400 == 0", ""),
    ("July has thirty days", "moments.h", "30, 31, 31, 30, 31, 30, 31}", "30, 30, 31, 30, 31, 30, 31}"),
    ("March begins a day late", "moments.h", "(153 * (month", "(154 * (month"),
    (
        "a minus is a plus",
        "numbers.h",
        "bool negative = bytes[0] == '-';\n    int64_t sign = negative || bytes[0] == '+';\n    uint64_t found;",
        "bool negative = false;\n    int64_t sign = bytes[0] == '-' || bytes[0] == '+';\n    uint64_t found;",
    ),
    ("the lowest integer is one too low", "numbers.h", "found > most + negative", "found > most + 1"),
    (
        "the minimum itself is below it",
        "cells.h",
        "value < joined(column->minimum_low",
        "value <= joined(column->minimum_low",
    ),
    ("the maximum is not looked at", "cells.h", "value > joined(column->maximum_low, column->maximum_high)", "false"),
    ("one place too many behind the point", "numbers.h", "places > column->scale)", "places > column->scale + 1)"),
    ("a zone is added, not taken away", "moments.h", "+ minute - zone)", "+ minute + zone)"),
    ("24 is an hour", "moments.h", "hour > 23", "hour > 24"),
    ("surrogates are characters", "text.h", "first == 0xED ? 0x9F", "first == 0xED ? 0xBF"),
    ("characters may be longer than they must", "text.h", "first < 0xC2 ? -1", "first < 0xC0 ? -1"),
    ("a character may be cut by the cell's end", "text.h", "at + more >= size", "at + more > size"),
    ("colons are digits", "numbers.h", "(uint8_t)(byte - '0') < 10", "(uint8_t)(byte - '0') < 11"),
    (
        "only the beginning of a value is compared",
        "text.h",
        "memcmp(item.bytes, bytes, (size_t)size);",
        "memcmp(item.bytes, bytes, 1);",
    ),
    (
        "a partition of another month",
        "moments.h",
        "return eight(bytes) == eight(other) && eight(bytes + 2) == eight(other + 2);",
        "return eight(bytes) == eight(other);",
    ),
    ("keys are hashed by their beginnings", "words.h", "b = eight(bytes + size - 8);", "b = 0;"),
    ("the parts of a key may change places", "cells.h", "mixed(hash ^ part->seed, SALT_A)", "mixed(hash, SALT_A)"),
    ("blanks count in a key", "text.h", "while (size && bytes[size - 1] == ' ')", "while (false)"),
    ("a pattern's end is not looked at", "text.h", "return pattern.accepts[state];", "return state > 0;"),
    ("empty cells are never missing", "cells.h", ": plan->empty_is_null;", ": false;"),
    (
        "a block's last byte is not looked at",
        "marks.h",
        "uint64_t marks = 0;\n    for (int part",
        (
            "uint64_t marks = 0;\n    if (bytes[63] == a)\n        return marks_of(bytes - 1, a, b, c, top) >> 1;\n"
            "    for (int part"
        ),
    ),
    (
        "the rest of a text is read in a whole block",
        "marks.h",
        "if (reader->size - reader->looked >= 64) {",
        "if (true) {",
    ),
    ("a quote doubled ends the cell", "kernel.c", "if (plan->backslash || next != plan->quote)", "if (true)"),
    ("quotes may stand inside a cell", "kernel.c", "(byte == quote && quote && at != cell)", "false"),
    ("lines in cells are not counted", "kernel.c", "record->breaks += byte == '\\n';", ""),
    (
        "a lone return ends a record",
        "kernel.c",
        "if (byte == '\\r' && at + 1 < scan->size && bytes[at + 1] == '\\n')",
        "if (byte == '\\r')",
    ),
    ("cells too many are passed over", "kernel.c", "|| record->cells != plan->width", "|| record->cells < plan->width"),
    (
        "every piece is the last",
        "kernel.c",
        (
            "            *ending = 0;\n            return scan->piece->last ? scan->size : -1;\n        }\n"
            "        if (bytes[at] == delimiter)"
        ),
        "            *ending = 0;\n            return scan->size;\n        }\n        if (bytes[at] == delimiter)",
    ),
    ("hashes are taken for wanted by their place", "kernel.c", "if (piece->wanted[place] == hash)", "if (true)"),
    ("what repeats is not told", "hashes.c", "found[repeats++] = hash;", "found[repeats] = hash;"),
    ("sums are carried over wrongly", "kernel.c", "(int64_t)(sum >> 64);", "0;"),
    ("control characters pass", "kernel.c", "return byte == 0 || byte == 0x1A", "return byte == 0"),
    (
        "a comment may stand anywhere",
        "kernel.c",
        "past_comment(&scan, &reader, at);",
        "past_comment(&scan, &reader, at ? at - 1 : at);",
    ),
    (
        "a block is valid whatever it begins with",
        "utf8.h",
        "sixteen last = loaded(before);",
        "sixteen last = parts[0];",
    ),
    (
        "characters of four bytes may end early",
        "utf8.h",
        "_mm_alignr_epi8(now, before, 13)",
        "_mm_alignr_epi8(now, before, 14)",
    ),
    (
        "surrogates are characters in a block",
        "utf8.h",
        "TOO_SHORT | LONG_THREE | SURROGATE",
        "TOO_SHORT | LONG_THREE",
    ),
    (
        "a text is valid once it was",
        "marks.h",
        "reader->valid = reader->valid && goes_on(bytes, reader->before);",
        "(void)goes_on(bytes, reader->before);",
    ),
    (
        "eight digits are seven",
        "numbers.h",
        "int64_t first = count <= 8 ? count : count <= 16 ? count - 8 : count - 16;",
        "int64_t first = count <= 8 ? count : count <= 16 ? count - 9 : count - 16;",
    ),
    (
        "places behind the point are not padded",
        "numbers.h",
        "for (; places < column->scale; places++)\n        *found *= 10;",
        "",
    ),
    (
        "a text may end within a character where a block does",
        "marks.h",
        "if (reader->looked == reader->size)",
        "if (false)",
    ),
)
