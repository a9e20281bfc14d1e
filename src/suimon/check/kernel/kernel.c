/* Goes once through a piece of a CSV file and says which of its records are in doubt. Of all others it is sure that they
 * keep every rule of the plan. It may doubt a good record; it never lets a bad one pass. It names no fault: the checker
 * reads what is in doubt again.
 *
 * What is read lies between `bytes` and `bytes + size`, never beyond. Nothing is allocated, nothing is kept between two
 * calls: threads may call at the same time, each with a piece of its own.
 */
#include "marks.h"

#include "cells.h"

/* One record on its way. */
typedef struct {
    int64_t start;
    int64_t cells;
    int64_t breaks; /* lines that end within its cells */
    bool sound;     /* every cell so far keeps its rules */
    bool broken;    /* its form does not */
} record;

typedef struct {
    const plan *plan;
    piece *piece;
    const uint8_t *bytes;
    int64_t size;
    record record;
    figures figures;
} scan;

/* What no writer puts into a value: NUL, the end of a file in DOS, and what ISO-2022-JP shifts with, the last control
 * character that is looked at. */
#define LAST_CONTROL 0x1B
static inline bool is_stain(uint8_t byte) { return byte == 0 || byte == 0x1A || byte == LAST_CONTROL; }

/* A quoted cell as it is meant, in the piece's scratch; -1 if there is no room. */
static int64_t without_escapes(scan *scan, int64_t start, int64_t end)
{
    int64_t size = 0;
    if (end - start > scan->piece->scratch_size)
        return -1;
    /* Both ways an escape is one byte, and what follows it is meant. */
    uint8_t escape = scan->plan->backslash ? '\\' : scan->plan->quote;
    for (int64_t at = start; at < end; at++) {
        if (scan->bytes[at] == escape && at + 1 < end)
            at++;
        scan->piece->scratch[size++] = scan->bytes[at];
    }
    return size;
}

INLINE void add_cell(scan *scan, const reader *reader, int64_t start, int64_t end, bool escaped)
{
    record *record = &scan->record;
    const plan *plan = scan->plan;
    const uint8_t *bytes = scan->bytes + start;
    int64_t size = end - start, readable = scan->size - start;
    if (record->cells++ >= plan->width || !record->sound)
        return;
    if (escaped) {
        readable = size = without_escapes(scan, start, end);
        bytes = scan->piece->scratch;
    }
    const column *column = &plan->columns[record->cells - 1];
    record->sound = size >= 0 && cell_holds(plan, column, bytes, size, readable, reader->valid, &scan->figures);
}

/* Past the mark at `at` in a quoted cell: where the closing quote stands, -1 if there is none. */
static __attribute__((noinline)) int64_t closing_quote(scan *scan, reader *reader, bool *escaped)
{
    const uint8_t *bytes = scan->bytes;
    const plan *plan = scan->plan;
    record *record = &scan->record;
    int64_t at;
    while ((at = next_mark(reader)) < scan->size) {
        uint8_t byte = bytes[at], next = at + 1 < scan->size ? bytes[at + 1] : 0;
        record->breaks += byte == '\n';
        record->broken |= is_stain(byte);
        if (byte == '\\' && plan->backslash) {
            if (at + 1 >= scan->size)
                return -1;
            *escaped = true;
            /* What it escapes is a mark, too, or none. */
            if (next == plan->delimiter || next == plan->quote || next == '\\' || next <= LAST_CONTROL) {
                next_mark(reader);
                record->breaks += next == '\n';
                record->broken |= is_stain(next);
            }
        } else if (byte == plan->quote) {
            if (plan->backslash || next != plan->quote)
                return at;
            next_mark(reader);
            *escaped = true;
        }
    }
    return -1;
}

/* Where the line of a fault ends, behind its line feed; -1 if it does not. */
static __attribute__((noinline)) int64_t end_of_line(scan *scan, reader *reader, int64_t *ending)
{
    int64_t at;
    *ending = 1;
    while ((at = next_mark(reader)) < scan->size)
        if (scan->bytes[at] == '\n')
            return at + 1;
    *ending = 0;
    return scan->piece->last ? scan->size : -1;
}

/* Where a record ends that starts at `start`, behind its line ending of so many bytes; -1 if it does not end. Where its
 * form breaks it ends with the line of the `fault`. */
INLINE int64_t read_record(scan *scan, reader *reader, int64_t start, bool *fault, int64_t *ending)
{
    const uint8_t *bytes = scan->bytes;
    const plan *plan = scan->plan;
    const uint8_t delimiter = plan->delimiter, quote = plan->quote;
    int64_t cell = start;
    *fault = false;
    /* Before a record a byte order mark says that files were joined; it may stand in the quotes of the first cell. */
    const int64_t mark = start + (quote && bytes[start] == quote);
    if (!plan->encoding.singles && scan->size - mark >= 3 && memcmp(bytes + mark, "\xEF\xBB\xBF", 3) == 0) {
        scan->record.broken = true;
        if (mark == start)
            cell += 3;
    }
    for (;;) {
        int64_t at = next_mark(reader), begin = cell, end;
        bool escaped = false;
        while (at < scan->size && bytes[at] != delimiter && bytes[at] != '\n') {
            uint8_t byte = bytes[at];
            if (byte == '\r' && at + 1 < scan->size && bytes[at + 1] == '\n')
                break;
            if (byte == '\r' || (byte == quote && quote && at != cell)) {
                *fault = true;
                return end_of_line(scan, reader, ending);
            }
            if (byte == quote && quote) {
                begin = cell + 1;
                end = closing_quote(scan, reader, &escaped);
                if (end < 0)
                    return -1;
                /* A delimiter or a line ending must follow, or the end. */
                at = end + 1;
                uint8_t next = at < scan->size ? bytes[at] : delimiter;
                bool pair = next == '\r' && at + 1 < scan->size && bytes[at + 1] == '\n';
                if (next != delimiter && next != '\n' && !pair) {
                    *fault = true;
                    if (next == quote || next == '\r')
                        next_mark(reader);
                    return end_of_line(scan, reader, ending);
                }
                if (at < scan->size)
                    next_mark(reader);
                goto ended;
            }
            /* A tab, say, or a backslash outside quotes. */
            scan->record.broken |= is_stain(byte);
            at = next_mark(reader);
        }
        end = at;
    ended:
        add_cell(scan, reader, begin, end, escaped);
        if (at >= scan->size) {
            *ending = 0;
            return scan->piece->last ? scan->size : -1;
        }
        if (bytes[at] == delimiter) {
            cell = at + 1;
            continue;
        }
        *ending = 1;
        if (bytes[at] == '\r') {
            next_mark(reader);
            *ending = 2;
        }
        return at + *ending;
    }
}

static bool is_wanted(const piece *piece, uint64_t hash)
{
    uint64_t mask = (uint64_t)piece->wanted_size - 1;
    for (uint64_t place = hash & mask; piece->wanted[place]; place = (place + 1) & mask)
        if (piece->wanted[place] == hash)
            return true;
    return false;
}

static bool summed(scan *scan)
{
    piece *piece = scan->piece;
    for (int64_t place = 0; place < scan->plan->sum_count; place++) {
        whole sum = joined(piece->sums[place].low, piece->sums[place].high);
        if (__builtin_add_overflow(sum, scan->figures.sums[place], &sum))
            return false;
        piece->sums[place].low = (uint64_t)sum;
        piece->sums[place].high = (int64_t)(sum >> 64);
    }
    return true;
}

/* The hash of a key; 0 where a part of it is missing. */
static uint64_t key_of(const scan *scan, int64_t key)
{
    uint64_t hash = mixed(scan->figures.keys[key] ^ SALT_B, SALT_A);
    return scan->figures.incomplete[key] ? 0 : hash ? hash : 1;
}

static void keep(scan *scan)
{
    piece *piece = scan->piece;
    for (int64_t key = 0; key < scan->plan->key_count; key++) {
        uint64_t hash = key_of(scan, key);
        if (hash)
            piece->hashes[key][piece->hash_counts[key]++] = hash;
    }
    for (int64_t place = 0; place < scan->plan->metric_count; place++)
        piece->metrics[place] += scan->figures.metrics[place];
}

static void begin(scan *scan, int64_t start)
{
    scan->record = (record){.start = start, .sound = true};
    for (int64_t key = 0; key < scan->plan->key_count; key++) {
        scan->figures.keys[key] = 0;
        scan->figures.incomplete[key] = false;
    }
}

/* What a record that has been read is in doubt for; -1 if for nothing. */
static int64_t doubted(scan *scan, int64_t end, bool fault, int64_t ending)
{
    const plan *plan = scan->plan;
    record *record = &scan->record;
    if (fault)
        return FORM;
    if (end - ending == record->start && plan->width > 1)
        return BLANK;
    bool other = (ending == 1 && plan->wants_crlf) || (ending == 2 && plan->wants_lf);
    if (record->broken || other || record->cells != plan->width)
        return FORM;
    if (!record->sound) {
        /* Of a record with a byte that is none of the encoding the checker says that, and no more. */
        const uint8_t *bytes = scan->bytes + record->start;
        return characters(bytes, end - record->start, plan->encoding) < 0 ? FORM : CELLS;
    }
    if (scan->piece->wanted && is_wanted(scan->piece, key_of(scan, scan->piece->wanted_key)))
        return CANDIDATE;
    return -1;
}

/* Past a comment at `start`, behind its line ending; -1 if there is none. */
INLINE int64_t past_comment(scan *scan, reader *reader, int64_t start)
{
    text comment = scan->plan->comment;
    int64_t at;
    if (!comment.size || scan->size - start < comment.size)
        return -1;
    if (memcmp(scan->bytes + start, comment.bytes, (size_t)comment.size) != 0)
        return -1;
    while ((at = next_mark(reader)) < scan->size)
        if (scan->bytes[at] == '\n')
            return at + 1;
    return scan->size;
}

int64_t suimon_scan(const plan *plan, const uint8_t *bytes, int64_t size, piece *piece)
{
    scan scan = {.plan = plan, .piece = piece, .bytes = bytes, .size = size};
    uint8_t quote = plan->quote ? plan->quote : plan->delimiter;
    reader reader;
    start_reading(&reader, bytes, size, plan->delimiter, quote, plan->backslash ? '\\' : quote, LAST_CONTROL);
    reader.valid = reader.valid && !plan->encoding.singles;
    int64_t at = 0, ending, kept = 0;
    bool fault;
    while (at < size) {
        if (kept == piece->record_room)
            return piece->end = at, FULL; /* whether there were too many doubts is kept */
        int64_t end = past_comment(&scan, &reader, at);
        if (end >= 0) {
            piece->lines += bytes[end - 1] == '\n';
            at = end;
            continue;
        }
        begin(&scan, at);
        end = read_record(&scan, &reader, at, &fault, &ending);
        if (end < 0)
            return piece->end = at, piece->stop = UNENDED;
        if (end - at > plan->longest)
            return piece->end = at, piece->stop = TOO_LONG;
        int64_t kind = doubted(&scan, end, fault, ending);
        if (kind >= 0) {
            doubt found = {at, end, piece->records, piece->lines, kind};
            if (piece->doubt_count < piece->doubt_room)
                piece->doubts[piece->doubt_count++] = found;
            else if (piece->every_doubt)
                return piece->end = at, piece->stop = TOO_MANY;
            else
                piece->stop = TOO_MANY;
            piece->broken += kind == FORM;
        }
        if (kind < 0 || kind == CANDIDATE) {
            if (!summed(&scan))
                return piece->end = at, piece->stop = TOO_GREAT;
            keep(&scan);
            kept++;
        }
        piece->records += kind != BLANK;
        piece->lines += scan.record.breaks + (ending > 0);
        at = end;
    }
    piece->end = size;
    return piece->stop;
}

/* Where the last line ends that stands outside quotes, counting these from the beginning; 0 if none does. */
int64_t suimon_cut(const uint8_t *bytes, int64_t size, int64_t quote)
{
    int64_t last = 0;
    bool inside = false;
    uint8_t other = quote ? (uint8_t)quote : '\n', rest[64];
    for (int64_t block = 0; block < size; block += 64) {
        const uint8_t *looked = bytes + block;
        if (size - block < 64) {
            memset(rest, 0xFF, sizeof rest); /* is no mark */
            memcpy(rest, looked, (size_t)(size - block));
            looked = rest;
        }
        for (uint64_t marks = marks_of(looked, '\n', other, other, 0); marks; marks &= marks - 1) {
            int place = __builtin_ctzll(marks);
            if (looked[place] == '\n' && !inside)
                last = block + place + 1;
            else if (quote && looked[place] == quote)
                inside = !inside;
        }
    }
    return last;
}

void suimon_sizes(int64_t *sizes)
{
    sizes[0] = sizeof(column);
    sizes[1] = sizeof(plan);
    sizes[2] = sizeof(piece);
    sizes[3] = sizeof(doubt);
    sizes[4] = sizeof(metric);
}
