/* What Python and the kernel share: the plan of a file, and what is found in a piece of it.
 *
 * `library.py` declares the same structures for ctypes; `suimon_sizes` lets it check that both have the same layout.
 */
#ifndef SUIMON_KERNEL_H
#define SUIMON_KERNEL_H

#include <stddef.h>
#include <stdint.h>

enum type { UNKNOWN, TEXT, INTEGER, DECIMAL, DATE, TIMESTAMP, BOOLEAN };

/* What a column's cells must keep, besides their type. */
enum {
    REQUIRED = 1,
    MINIMUM = 2,
    MAXIMUM = 4,
    PARTITION = 8, /* a date is the partition; a timestamp begins with it */
    ALLOWED = 16,
    PATTERN = 32,
    ISO = 64, /* a date is written as the partition is */
};

typedef struct {
    const uint8_t *bytes;
    int64_t size;
} text;

typedef struct {
    const text *items;
    int64_t count;
} texts;

/* A pattern as a table: from state and byte to state; 0 is the state without a way out, 1 the first. */
typedef struct {
    const uint8_t *next;
    const uint8_t *accepts;
} automaton;

/* One step of a format: a directive of strptime, or 0 and the byte that must stand there. */
typedef struct {
    uint8_t directive;
    uint8_t byte;
} step;

/* A column's part in a key. `seed` tells the parts of a key from each other. */
typedef struct {
    uint64_t seed;
    int64_t key;
} part;

enum metric_kind { NULL_VALUES, MISSING_VALUES, INVALID_VALUES };

/* A metric that counts cells. Of INVALID_VALUES only those that are valid are told; the others are doubtful. */
typedef struct {
    int64_t kind;
    int64_t counter;
    texts values;
    automaton pattern;
    int64_t has_values;
    int64_t has_pattern;
} metric;

typedef struct {
    int64_t type;
    int64_t flags;
    int64_t bits;                        /* of an integer */
    int64_t scale, one;                  /* of a decimal: places, and ten to their power if they are at most eight */
    uint64_t limit_low;                  /* of a decimal without its point: ten to the power of its precision */
    int64_t limit_high;
    uint64_t minimum_low, maximum_low;   /* bounds: whole numbers of 128 bits, a decimal's without its point, */
    int64_t minimum_high, maximum_high;  /* days or microseconds since 1970 */
    int64_t least, most;                 /* characters */
    const step *format;
    int64_t format_size;
    texts allowed;
    texts true_words, false_words;
    automaton pattern;
    const part *parts;
    int64_t part_count;
    const metric *metrics;
    int64_t metric_count;
    int64_t sum; /* place among the sums, -1 for none */
} column;

/* How bytes above 0x7F are characters: by the rules of UTF-8, or by tables from one to three bytes to code points. */
typedef struct {
    const uint16_t *singles; /* 256; NULL for UTF-8 */
    const uint16_t *pairs;   /* 65536, by both bytes */
    const uint16_t *triples; /* 65536, by the two bytes after 0x8F; NULL if there are none */
} encoding;

typedef struct {
    const column *columns;
    int64_t width;
    uint8_t delimiter;
    uint8_t quote;     /* 0 when nothing is quoted */
    uint8_t backslash; /* it escapes within quotes */
    uint8_t decimal;   /* the separator */
    uint8_t wants_lf;  /* every record ends with it; with neither of the two, each as it likes */
    uint8_t wants_crlf;
    uint8_t empty_is_null;
    uint8_t by_code_points; /* keys are hashed by their characters, not by their bytes */
    texts null_tokens; /* besides the empty one */
    text comment;      /* of no bytes when there are none */
    text partition;
    int64_t partition_day; /* since 1970 */
    encoding encoding;
    int64_t key_count, sum_count, metric_count;
    int64_t longest; /* bytes of a record */
} plan;

enum kind {
    CELLS,     /* its form is sound, a cell may be bad */
    FORM,      /* its form is broken, or a byte is none of the encoding */
    BLANK,     /* a line that is no record */
    CANDIDATE, /* its key is one of those looked for */
};

/* A record in doubt: `record` records and `line` lines stand before it in the piece. */
typedef struct {
    int64_t start, end;
    int64_t record, line;
    int64_t kind;
} doubt;

enum stop {
    DONE,
    FULL,       /* no room for more records: go on at `end` */
    TOO_MANY,   /* no room for more doubts: if every one is asked for, go on at `end` */
    UNENDED,    /* the last record does not end */
    TOO_LONG,   /* a record is longer than any may be */
    TOO_GREAT,  /* a sum exceeds 128 bits */
};

typedef struct {
    uint64_t low;
    int64_t high;
} wide;

typedef struct {
    /* given */
    doubt *doubts;
    int64_t doubt_room;
    uint64_t **hashes; /* for each key, room for `record_room` */
    int64_t record_room;
    wide *sums;
    int64_t *metrics;
    const uint64_t *wanted; /* hashes looked for, a table as of `suimon_repeats`; NULL for none */
    int64_t wanted_size, wanted_key;
    uint8_t *scratch; /* for one cell without its escapes */
    int64_t scratch_size;
    int64_t last;         /* the piece is the file's last */
    int64_t every_doubt;  /* stop where there is no more room for doubts; else go on, to tell broken records from bad */
    /* found */
    int64_t records, lines, end, stop, doubt_count;
    int64_t broken; /* records of no sound form */
    int64_t *hash_counts; /* for each key */
} piece;

int64_t suimon_scan(const plan *plan, const uint8_t *bytes, int64_t size, piece *piece);
int64_t suimon_cut(const uint8_t *bytes, int64_t size, int64_t quote);
void suimon_scatter(const uint64_t *hashes, int64_t count, uint64_t *parted, int64_t *counts);
int64_t suimon_repeats(const uint64_t *hashes, int64_t count, uint64_t *table, int64_t size, uint64_t *found);
void suimon_sizes(int64_t *sizes);

#endif
