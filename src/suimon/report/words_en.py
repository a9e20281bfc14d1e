"""Every error code in English."""

from suimon.check.verdict import Code
from suimon.report.words import Words

WORDS = {
    Code.EMPTY_FILE: Words(
        "the file holds no bytes",
        "Export the file again and look at its size before sending it.",
        {"": "is empty, not one byte"},
    ),
    Code.COMPRESSION_ERROR: Words(
        "the file is not compressed as declared, or is damaged",
        "Compress the file again as the contract says and transfer it in binary mode. A zip archive holds one file.",
        {"": "cannot be read as {compression}", "members": "is a {compression} of {members} files; it must hold one"},
    ),
    Code.TRUNCATED_FILE: Words(
        "the compressed file ends too early",
        "The export or the transfer was cut off: send the whole file again and compare its size.",
        {"": "ends in the middle of its {compression} data"},
    ),
    Code.DECOMPRESSION_LIMIT: Words(
        "the file grows beyond what is allowed when it is decompressed",
        "Send the file in parts, or agree on a higher limit in the contract.",
        {
            "ratio": "decompresses to more than {allowed} times its size",
            "bytes": "decompresses to more than {allowed} bytes",
            "members": "is compressed in more than {allowed} tiny parts",
        },
    ),
    Code.BYTE_ORDER_MARK: Words(
        "a byte order mark stands where the contract declares none",
        "Save the file as UTF-8 without BOM; Excel's “CSV UTF-8” writes one. On a later line it shows that files were "
        "joined: remove it there, and the second header.",
        {"": "starts with a byte order mark, the bytes EF BB BF"},
    ),
    Code.MISSING_BYTE_ORDER_MARK: Words(
        "the file is UTF-16 without the byte order mark that tells its byte order",
        "Save the file as UTF-16 with BOM.",
        {"": "starts without a byte order mark, so its byte order is unknown"},
    ),
    Code.WRONG_ENCODING: Words(
        "the file is in another encoding than the contract declares, though its bytes could be read as that",
        "Export or save the file in the declared encoding.",
        {"": "is {found}, not {encoding}: read as that, its text would become other characters"},
    ),
    Code.DATE_OUT_OF_BOUNDS: Words(
        "the date in the file's key is further back or ahead than the contract allows",
        "Send the file under the key of its business date; if that is the date, have the contract's bounds on dates "
        "changed first.",
        {
            "early": "comes under the date {partition}; the contract takes none before {limit}",
            "late": "comes under the date {partition}; the contract takes none after {limit}",
            "ahead": "has the time {stamp} in its name, which lies ahead: none after {limit} UTC is taken, or whatever "
            "comes later would be older",
        },
    ),
    Code.OUTSIDE_WINDOW: Words(
        "the file came at a time of the day at which the contract takes none",
        "Send the file again within the window.",
        {"": "came at {arrived}; the contract takes files from {opens} to {closes} ({zone})"},
    ),
    Code.VOLUME_ERROR: Words(
        "the file is much smaller, or much larger, than those of comparable days",
        "Send the whole file again; if it is right, whoever operates Suimon replays it.",
        {
            "few": "{what}: {found}, which is {percent} % of the median {median} of {days} comparable days; "
            "the contract takes {bound} % or more",
            "many": "{what}: {found}, which is {percent} % of the median {median} of {days} comparable days; "
            "the contract takes {bound} % or less",
        },
    ),
    Code.TOO_MANY_FAULTS: Words(
        "so much is wrong that reading stopped",
        "Correct the faults that are listed, or their common cause, and have the file checked again.",
        {"": "is where reading stopped: what follows was not judged"},
    ),
    Code.ROW_COUNT_ERROR: Words(
        "the number of records is not what the contract asks for",
        "Check whether the export is complete and covers the right period.",
        {"": "has {rows} records (contract: {threshold})"},
    ),
    Code.QUALITY_ERROR: Words(
        "a quality figure of the file is not what the contract asks for",
        "Look at this column in the system that exports it: too many of its cells are empty, or too many "
        "values missing, invalid or repeated.",
        {
            "nullValues": "has {value} empty cells ({percent} % of all records; contract: {threshold})",
            "missingValues": "has {value} missing values ({percent} % of all records; contract: {threshold})",
            "invalidValues": "has {value} invalid values ({percent} % of all records; contract: {threshold})",
            "duplicateValues": "has {value} repeated values ({percent} % of all records; contract: {threshold})",
        },
    ),
    Code.MISSING_TRAILER: Words(
        "the last line is not the trailer",
        "End the file with its trailer line. If the export writes one, the transfer was cut off: send the file again.",
        {"": "is not the trailer, which starts with “{marker}”"},
    ),
    Code.TRAILER_COUNT_ERROR: Words(
        "the trailer's number of records is not that of the file",
        "Check whether records were lost. The trailer counts data records, not the header and not itself.",
        {"": "is not the number of records, {rows}"},
    ),
    Code.TRAILER_SUM_ERROR: Words(
        "the trailer's total is not that of the column",
        "Check whether records were lost or changed after the trailer was made.",
        {"": "is not the total of the column, {sum}"},
    ),
    Code.MISSING_HEADER: Words(
        "the first line holds none of the contract's labels",
        "Begin the file with its header line. If it has one, the delimiter or the encoding is not the declared one.",
        {"": "holds none of the labels {labels}"},
    ),
    Code.MISSING_LABEL: Words(
        "a column of the contract is not in the header",
        "Add the column, with its label exactly as the contract writes it.",
        {"": "is missing: the header has no label “{label}”"},
    ),
    Code.EXTRA_LABEL: Words(
        "the header has a column that the contract does not know",
        "Remove the column, or have it added to the contract first.",
        {"": "labels column {place} and is not in the contract"},
    ),
    Code.DUPLICATE_LABEL: Words(
        "the header has a label twice",
        "Keep one of the columns and remove or rename the other.",
        {"": "is the label of column {first} and again of column {place}"},
    ),
    Code.MISPLACED_LABEL: Words(
        "a label stands at another place than in the contract",
        "Export the columns in the order of the contract.",
        {
            "": "stands as column {place}; the contract has it after “{after}”",
            "first": "stands as column {place}; the contract has it first",
        },
    ),
    Code.TOO_MANY_LABELS: Words(
        "the header has more labels than a table can have columns",
        "Check the delimiter and the line ending of the header; split a file that has so many columns.",
        {"": "has more than {most} labels; what follows was not judged"},
    ),
    Code.BLANK_ROW: Words(
        "a line is empty",
        "Delete empty lines, also those at the end of the file.",
        {"": "is an empty line"},
    ),
    Code.EXTRA_CELL: Words(
        "a record has too many cells",
        "Put values that contain the delimiter into quotes.",
        {"": "has too many cells: {cells} instead of {expected}"},
    ),
    Code.MISSING_CELL: Words(
        "a record has too few cells",
        "Write every cell, also empty ones, and put values that contain line breaks into quotes.",
        {"": "has too few cells: {cells} instead of {expected}"},
    ),
    Code.QUOTE_ERROR: Words(
        "a quote stands where none may stand",
        "Put the whole cell into quotes, nothing before or after them, and escape each quote inside, "
        'usually by doubling it: "3.5"" disk".',
        {"after": "has text after a closing quote", "inside": "has a quote inside a cell that is not quoted"},
    ),
    Code.UNTERMINATED_QUOTE: Words(
        "a quote is opened and never closed: what follows cannot be judged",
        "Close the quote, or escape it if it belongs to the value; then have the file checked again.",
        {
            "": "opens a quote that is never closed; what follows was not judged",
            "bytes": "opens a quote that is not closed within {bytes} bytes; what follows was not judged",
        },
    ),
    Code.LINE_ENDING_ERROR: Words(
        "a line ends otherwise than the contract says",
        "Write every line ending alike, and put values that contain line breaks into quotes.",
        {"": "has the line ending {found}; the contract asks for {wanted}"},
    ),
    Code.RECORD_TOO_LONG: Words(
        "a record is too long to be one: what follows cannot be judged",
        "End every record with a line ending; then have the file checked again.",
        {"": "does not end within {bytes} bytes; what follows was not judged"},
    ),
    Code.ENCODING_ERROR: Words(
        "there are bytes that cannot be read in the declared encoding",
        "Save the whole file in the declared encoding. Mixed files come from joining exports of different systems.",
        {"": "has the byte {byte}, which is not {encoding}"},
        "Save the whole file as {encoding}. Mixed files come from joining exports of different systems.",
    ),
    Code.NULL_BYTE: Words(
        "there is a NUL byte",
        "Remove NUL bytes. They come from UTF-16 saved as something else, or from fields of fixed width.",
        {"": "has a NUL byte"},
    ),
    Code.CONTROL_CHARACTER: Words(
        "there is a control character that no text holds",
        "Remove it. 0x1A is the mark by which DOS programs end a file; 0x1B belongs to ISO-2022-JP.",
        {"": "has the control character {byte}"},
    ),
    Code.CONDITION_ERROR: Words(
        "a record breaks a condition over its values",
        "Correct the values that the condition names, in the system that exports them.",
        {"": "breaks the condition {name}: {text}"},
    ),
    Code.PRIMARY_KEY_ERROR: Words(
        "the primary key already appears in an earlier record",
        "Keep one record for each key. Records sent twice come from exporting or joining the data twice.",
        {"": "is a primary key that already appears in record {first}"},
    ),
    Code.REQUIRED_ERROR: Words(
        "a required value is missing",
        "Fill in the value.",
        {"": "has no value; one is required"},
    ),
    Code.TYPE_ERROR: Words(
        "the value is not of the column's type",
        "Write the value exactly in this form. Digits are 0-9, without thousands separators, units or blanks.",
        {
            "integer": "is not a whole number from {least} to {most}",
            "decimal": "is not a number of up to {whole} digits before the “{decimal}” and up to {scale} after it",
            "decimal-whole": "is not a number of up to {whole} digits without decimal places",
            "date": "is not a real date written {format}",
            "timestamp": "is not a real time written {format}",
            "timestamp-zone": "is not a real time written {format}, in UTC not before year 1",
            "boolean": "is none of the words {words}",
        },
    ),
    Code.MIN_LENGTH_ERROR: Words(
        "the value is too short",
        "Check whether the value was cut off or lost leading zeros.",
        {"": "has fewer characters than the {length} required"},
    ),
    Code.MAX_LENGTH_ERROR: Words(
        "the value is too long",
        "Shorten the value, or agree on a greater length in the contract.",
        {"": "has more characters than the {length} allowed"},
    ),
    Code.MINIMUM_ERROR: Words(
        "the value is too small",
        "Correct the value. A wrong sign or unit is a common cause.",
        {"": "is below the minimum of {minimum}"},
    ),
    Code.MAXIMUM_ERROR: Words(
        "the value is too large",
        "Correct the value. A wrong unit or a lost decimal separator is a common cause.",
        {"": "is above the maximum of {maximum}"},
    ),
    Code.PATTERN_ERROR: Words(
        "the value does not match the column's pattern",
        "Write the value in the agreed form; blanks and full-width characters count.",
        {"": "does not match the pattern {pattern}"},
    ),
    Code.ALLOWED_VALUES_ERROR: Words(
        "the value is not among those allowed",
        "Write one of the allowed values exactly, upper and lower case included.",
        {"": "is none of the allowed values {allowed}"},
    ),
    Code.UNIQUE_ERROR: Words(
        "the value already appears in an earlier record",
        "Keep one record for each value. Records sent twice come from exporting or joining the data twice.",
        {"": "already appears in record {first}"},
    ),
    Code.PARTITION_ERROR: Words(
        "the value is not the date in the file's key, or what else stands there",
        "Send each record under the key that names its date, or whatever else stands in the key.",
        {
            "": "is not {partition}, the date in the file's key",
            "hour": "is not of {partition}, the hour in the file's key",
            "week": "is no day of {partition}, the week in the file's key",
            "month": "is no day of {partition}, the month in the file's key",
            "part": "is not {partition}, the {part} in the file's key",
        },
    ),
}
