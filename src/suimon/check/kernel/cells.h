/* Whether one cell keeps the rules of its column. Every answer but "yes" means: in doubt. */
#ifndef SUIMON_CELLS_H
#define SUIMON_CELLS_H

#include "kernel.h"

#include <stdbool.h>
#include <string.h>

typedef __int128 whole;
typedef unsigned __int128 magnitude;

/* What one record adds to the figures of its piece, once all of it is found good. */
#define MOST_FIGURES 64
typedef struct {
    uint64_t keys[MOST_FIGURES];
    bool incomplete[MOST_FIGURES]; /* a key with a part missing */
    whole sums[MOST_FIGURES];
    uint8_t metrics[MOST_FIGURES];
} figures;

static inline uint64_t mixed(uint64_t a, uint64_t b)
{
    magnitude product = (magnitude)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t eight(const uint8_t *bytes)
{
    uint64_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint64_t four(const uint8_t *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

#define SALT_A 0x9E3779B97F4A7C15u
#define SALT_B 0xC2B2AE3D27D4EB4Fu

static inline uint64_t hash_of_bytes(const uint8_t *bytes, int64_t size)
{
    /* The size must not meet a byte: it would be taken for another. */
    uint64_t hash = SALT_A + (uint64_t)size * SALT_B, a, b;
    while (size > 16) {
        hash = mixed(eight(bytes) ^ SALT_B, eight(bytes + 8) ^ hash);
        bytes += 16;
        size -= 16;
    }
    if (size >= 8) {
        a = eight(bytes);
        b = eight(bytes + size - 8);
    } else if (size >= 4) {
        a = four(bytes);
        b = four(bytes + size - 4);
    } else if (size > 0) {
        a = bytes[0];
        b = (uint64_t)bytes[size / 2] << 8 | bytes[size - 1];
    } else {
        a = b = 0;
    }
    return mixed(a ^ SALT_B, b ^ hash);
}

static inline uint64_t hash_of_whole(whole value)
{
    return mixed((uint64_t)value ^ SALT_A, (uint64_t)(value >> 64) ^ SALT_B);
}

/* Lists are sorted by size, then by their bytes. */
static inline bool listed(const uint8_t *bytes, int64_t size, texts list)
{
    int64_t low = 0, high = list.count;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        text item = list.items[middle];
        int order = item.size != size ? (item.size < size ? -1 : 1) : memcmp(item.bytes, bytes, (size_t)size);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static inline bool matched(const uint8_t *bytes, int64_t size, automaton pattern)
{
    unsigned state = 1;
    for (int64_t place = 0; place < size && state; place++)
        state = pattern.next[state * 256 + bytes[place]];
    return pattern.accepts[state];
}

static inline bool ascii(const uint8_t *bytes, int64_t size)
{
    uint64_t seen = 0;
    if (size < 8) {
        for (int64_t place = 0; place < size; place++)
            seen |= (uint64_t)bytes[place];
        return seen < 0x80;
    }
    for (int64_t place = 0; place < size - 8; place += 8)
        seen |= eight(bytes + place);
    seen |= eight(bytes + size - 8);
    return (seen & 0x8080808080808080u) == 0;
}

/* How many characters of UTF-8 there are; -1 where it is none. As Python and Unicode have it: no surrogates, nothing
 * longer than it must be, nothing above U+10FFFF. */
static inline int64_t utf8_length(const uint8_t *bytes, int64_t size)
{
    int64_t count = 0, at = 0;
    while (at < size) {
        uint8_t first = bytes[at];
        if (first < 0x80) {
            at++;
            count++;
            continue;
        }
        /* Most of Japanese: three bytes, of whose first nothing depends on the second. */
        if (size - at >= 4 && first > 0xE0 && first < 0xED && (four(bytes + at) & 0xC0C0F0) == 0x8080E0) {
            at += 3;
            count++;
            continue;
        }
        int64_t more = first < 0x80 ? 0 : first < 0xC2 ? -1 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : first < 0xF5 ? 3 : -1;
        if (more < 0 || at + more >= size)
            return -1;
        if (more) {
            uint8_t second = bytes[at + 1];
            uint8_t least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
            uint8_t most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
            if (second < least || second > most)
                return -1;
            for (int64_t place = 2; place <= more; place++)
                if ((bytes[at + place] & 0xC0) != 0x80)
                    return -1;
        }
        at += more + 1;
        count++;
    }
    return count;
}

/* The code point of the character at `at`, and how many bytes it takes; 0 where there is none. */
static inline unsigned coded(const uint8_t *bytes, int64_t size, int64_t at, encoding encoding, int64_t *taken)
{
    uint8_t first = bytes[at];
    *taken = 1;
    if (first < 0x80)
        return first;
    if (encoding.singles[first])
        return encoding.singles[first];
    if (encoding.triples && first == 0x8F) {
        *taken = 3;
        return at + 2 < size ? encoding.triples[bytes[at + 1] << 8 | bytes[at + 2]] : 0;
    }
    *taken = 2;
    return at + 1 < size ? encoding.pairs[first << 8 | bytes[at + 1]] : 0;
}

/* How many characters there are in an encoding of tables; -1 where a byte is none of it. No cell holds a NUL here. */
static inline int64_t coded_length(const uint8_t *bytes, int64_t size, encoding encoding)
{
    int64_t count = 0, taken;
    for (int64_t at = 0; at < size; at += taken, count++)
        if (!coded(bytes, size, at, encoding, &taken))
            return -1;
    return count;
}

static inline int64_t characters(const uint8_t *bytes, int64_t size, encoding encoding)
{
    if (ascii(bytes, size))
        return size;
    return encoding.singles ? coded_length(bytes, size, encoding) : utf8_length(bytes, size);
}

/* The code point of the character of UTF-8 at `at`, in a text that is known to be sound. */
static inline unsigned utf8_coded(const uint8_t *bytes, int64_t at, int64_t *taken)
{
    uint8_t first = bytes[at];
    *taken = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    unsigned point = *taken == 1 ? first : first & (0x7Fu >> *taken);
    for (int64_t place = 1; place < *taken; place++)
        point = point << 6 | (bytes[at + place] & 0x3F);
    return point;
}

/* The hash of a text. Blanks at its end mean nothing in a key. Several sequences of CP932 may stand for one character, so
 * there, and in what DuckDB writes of such a file, the characters count. */
static inline uint64_t hash_of_text(const uint8_t *bytes, int64_t size, const plan *plan)
{
    /* In every encoding a blank is itself, and never the last byte of another character. */
    while (size && bytes[size - 1] == ' ')
        size--;
    if (!plan->by_code_points || ascii(bytes, size))
        return hash_of_bytes(bytes, size);
    uint64_t hash = SALT_B;
    int64_t taken;
    for (int64_t at = 0; at < size; at += taken) {
        unsigned point = plan->encoding.singles ? coded(bytes, size, at, plan->encoding, &taken)
                                                : utf8_coded(bytes, at, &taken);
        hash = mixed(hash ^ point, SALT_A);
    }
    return hash;
}

static inline whole joined(uint64_t low, int64_t high) { return (whole)((magnitude)(uint64_t)high << 64 | low); }

static inline bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

#define ZEROS 0x3030303030303030u

/* One to eight digits, of which `readable` bytes may be read at once. */
static inline bool eight_digits(const uint8_t *bytes, int64_t count, int64_t readable, uint64_t *number)
{
    if (readable < 8) {
        *number = 0;
        for (int64_t place = 0; place < count; place++) {
            if (!is_digit(bytes[place]))
                return false;
            *number = *number * 10 + (uint64_t)(bytes[place] - '0');
        }
        return true;
    }
    /* The last digit in the highest byte, zeros before the first; then two, four and eight digits together. */
    uint64_t digits = eight(bytes) << (64 - 8 * count) | (ZEROS >> 8) >> (8 * (count - 1));
    if (((digits & 0xF0F0F0F0F0F0F0F0u) | ((digits + 0x0606060606060606u) & 0xF0F0F0F0F0F0F0F0u) >> 4)
        != 0x3333333333333333u)
        return false;
    digits = (digits & 0x0F0F0F0F0F0F0F0Fu) * 2561 >> 8;
    digits = (digits & 0x00FF00FF00FF00FFu) * 6553601 >> 16;
    *number = (digits & 0x0000FFFF0000FFFFu) * 42949672960001u >> 32;
    return true;
}

/* One to nineteen digits. */
static inline bool digits_of(const uint8_t *bytes, int64_t count, int64_t readable, uint64_t *number)
{
    uint64_t more;
    int64_t first = count <= 8 ? count : count <= 16 ? count - 8 : count - 16;
    if (!eight_digits(bytes, first, readable, number))
        return false;
    for (int64_t at = first; at < count; at += 8) {
        if (!eight_digits(bytes + at, 8, readable - at, &more))
            return false;
        *number = *number * 100000000 + more;
    }
    return true;
}

static inline bool integer_of(const uint8_t *bytes, int64_t size, int64_t readable, int64_t bits, whole *value)
{
    bool negative = bytes[0] == '-';
    int64_t sign = negative || bytes[0] == '+';
    uint64_t found;
    if (size - sign < 1 || size - sign > 19 || !digits_of(bytes + sign, size - sign, readable - sign, &found))
        return false; /* longer ones are left to others */
    uint64_t most = bits == 32 ? 0x7FFFFFFFu : 0x7FFFFFFFFFFFFFFFu;
    if (found > most + negative)
        return false;
    *value = negative ? -(whole)found : (whole)found;
    return true;
}

/* A decimal of any number of digits and places. */
static inline bool long_decimal_of(
    const uint8_t *bytes, int64_t size, const column *column, uint8_t separator, magnitude *found)
{
    int64_t digits = 0, places = 0, at = 0;
    *found = 0;
    if (size > 39)
        return false;
    for (; at < size && is_digit(bytes[at]); at++, digits++)
        *found = *found * 10 + (unsigned)(bytes[at] - '0');
    if (!digits)
        return false;
    if (at < size) {
        if (bytes[at] != separator || column->scale == 0)
            return false;
        for (at++; at < size && is_digit(bytes[at]); at++, places++)
            *found = *found * 10 + (unsigned)(bytes[at] - '0');
        if (at < size || !places || places > column->scale)
            return false;
    }
    if (digits + column->scale > 38)
        return false;
    for (; places < column->scale; places++)
        *found *= 10;
    return true;
}

static inline bool decimal_of(
    const uint8_t *bytes, int64_t size, int64_t readable, const column *column, uint8_t separator, whole *value)
{
    bool negative = bytes[0] == '-';
    int64_t sign = negative || bytes[0] == '+';
    int64_t scale = column->scale, digits = size - sign - scale - 1;
    magnitude found;
    bytes += sign;
    /* Most are written with all their places, and fit a machine's word. */
    if (scale > 0 && scale <= 8 && digits > 0 && digits <= 10 && bytes[digits] == separator) {
        uint64_t before, behind;
        if (!digits_of(bytes, digits, readable - sign, &before))
            return false;
        if (!eight_digits(bytes + digits + 1, scale, readable - sign - digits - 1, &behind))
            return false;
        found = before * (uint64_t)column->one + behind;
    } else if (!long_decimal_of(bytes, size - sign, column, separator, &found)) {
        return false;
    }
    if ((whole)found >= joined(column->limit_low, column->limit_high))
        return false;
    *value = negative ? -(whole)found : (whole)found;
    return true;
}

static inline int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static inline bool number_at(const uint8_t *bytes, int64_t digits, int64_t *number)
{
    *number = 0;
    for (int64_t place = 0; place < digits; place++) {
        if (!is_digit(bytes[place]))
            return false;
        *number = *number * 10 + (bytes[place] - '0');
    }
    return true;
}

static inline bool zone_of(const uint8_t *bytes, int64_t size, int64_t *minutes)
{
    int64_t hour, minute;
    if (size == 1 && bytes[0] == 'Z') {
        *minutes = 0;
        return true;
    }
    if (size != 6 || (bytes[0] != '+' && bytes[0] != '-') || bytes[3] != ':')
        return false;
    if (!number_at(bytes + 1, 2, &hour) || !number_at(bytes + 4, 2, &minute) || hour > 17 || minute > 59)
        return false; /* 18:00 is left to others */
    *minutes = (hour * 60 + minute) * (bytes[0] == '-' ? -1 : 1);
    return true;
}

/* The year a calendar is sure of: no reader mistakes these. Earlier and later ones are left to others. */
#define FIRST_YEAR 1583
#define LAST_YEAR 9998

static inline bool moment_of(const uint8_t *bytes, int64_t size, const column *column, whole *value)
{
    static const uint8_t days_of[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, fraction = 0, zone = 0, at = 0;
    for (int64_t place = 0; place < column->format_size; place++) {
        step step = column->format[place];
        int64_t *into = &year, digits = 2, factor = 1, number;
        switch (step.directive) {
        case 0:
            if (at >= size || bytes[at] != step.byte)
                return false;
            at++;
            continue;
        case 'z':
            if (!zone_of(bytes + at, size - at, &zone))
                return false;
            at = size;
            continue;
        case 'Y': into = &year; digits = 4; break;
        case 'm': into = &month; break;
        case 'd': into = &day; break;
        case 'H': into = &hour; break;
        case 'M': into = &minute; break;
        case 'S': into = &second; break;
        case 'g': into = &fraction; digits = 3; factor = 1000; break;
        case 'f': into = &fraction; digits = 6; break;
        default: return false;
        }
        if (size - at < digits || !number_at(bytes + at, digits, &number))
            return false;
        *into = number * factor;
        at += digits;
    }
    if (at != size || year < FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1)
        return false;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (day > days_of[month - 1] + (month == 2 && leap) || hour > 23 || minute > 59 || second > 59)
        return false;
    *value = days_since_1970(year, month, day);
    if (column->type == TIMESTAMP)
        *value = ((*value * 1440 + hour * 60 + minute - zone) * 60 + second) * 1000000 + fraction;
    return true;
}

/* Both have ten bytes. */
static inline bool same_day(const uint8_t *bytes, const uint8_t *other)
{
    return eight(bytes) == eight(other) && eight(bytes + 2) == eight(other + 2);
}

static inline bool missing(const uint8_t *bytes, int64_t size, const plan *plan)
{
    return size ? plan->null_tokens.count && listed(bytes, size, plan->null_tokens) : plan->empty_is_null;
}

static inline bool counted(
    const uint8_t *bytes, int64_t size, bool null, bool is_ascii, const column *column, figures *figures)
{
    for (int64_t place = 0; place < column->metric_count; place++) {
        const metric *metric = &column->metrics[place];
        uint8_t *counter = &figures->metrics[metric->counter];
        switch (metric->kind) {
        case NULL_VALUES:
            *counter = null;
            break;
        case MISSING_VALUES:
            *counter = null || (metric->has_values && listed(bytes, size, metric->values));
            break;
        default:
            *counter = 0;
            if (null)
                break;
            if (metric->has_values && !listed(bytes, size, metric->values))
                return false;
            if (metric->has_pattern && !(is_ascii && matched(bytes, size, metric->pattern)))
                return false;
        }
    }
    return true;
}

/* What of a value goes into the figures of its record. */
static inline void noted(const column *column, uint64_t hash, whole value, figures *figures)
{
    for (int64_t place = 0; place < column->part_count; place++) {
        const part *part = &column->parts[place];
        figures->keys[part->key] += mixed(hash ^ part->seed, SALT_A);
    }
    if (column->sum >= 0)
        figures->sums[column->sum] = value;
}

INLINE bool cell_holds(
    const plan *plan, const column *column, const uint8_t *bytes, int64_t size, int64_t readable, bool valid,
    figures *figures)
{
    whole value = 0;
    uint64_t hash = 0;
    bool null = missing(bytes, size, plan);
    if (column->metric_count && !counted(bytes, size, null, ascii(bytes, size), column, figures))
        return false;
    if (null) {
        for (int64_t place = 0; place < column->part_count; place++)
            figures->incomplete[column->parts[place].key] = true;
        if (column->sum >= 0)
            figures->sums[column->sum] = 0;
        return !(column->flags & REQUIRED);
    }
    switch (column->type) {
    case UNKNOWN:
        return valid || characters(bytes, size, plan->encoding) >= 0;
    case TEXT: {
        /* A character has one byte to four. */
        if (!valid || size > column->most || size < 4 * column->least) {
            int64_t length = characters(bytes, size, plan->encoding);
            if (length < 0 || length < column->least || length > column->most)
                return false;
        }
        if (column->flags & ALLOWED && !listed(bytes, size, column->allowed))
            return false;
        if (column->flags & PATTERN && !matched(bytes, size, column->pattern))
            return false;
        if (column->part_count)
            hash = hash_of_text(bytes, size, plan);
        break;
    }
    case INTEGER:
        if (!size || !integer_of(bytes, size, readable, column->bits, &value))
            return false;
        if (column->flags & ALLOWED && !listed(bytes, size, column->allowed))
            return false;
        break;
    case DECIMAL:
        if (!size || !decimal_of(bytes, size, readable, column, plan->decimal, &value))
            return false;
        break;
    case DATE:
        if (column->flags & ISO && column->flags & PARTITION && size == 10 && same_day(bytes, plan->partition.bytes))
            value = plan->partition_day;
        else if (!moment_of(bytes, size, column, &value))
            return false;
        if (column->flags & PARTITION && value != plan->partition_day)
            return false;
        break;
    case TIMESTAMP:
        if (column->flags & PARTITION && (size < 10 || !same_day(bytes, plan->partition.bytes)))
            return false;
        if (!moment_of(bytes, size, column, &value))
            return false;
        break;
    case BOOLEAN:
        if (listed(bytes, size, column->true_words))
            value = 1;
        else if (!listed(bytes, size, column->false_words))
            return false;
        break;
    default:
        return false;
    }
    if (column->flags & MINIMUM && value < joined(column->minimum_low, column->minimum_high))
        return false;
    if (column->flags & MAXIMUM && value > joined(column->maximum_low, column->maximum_high))
        return false;
    if (column->part_count && column->type != TEXT)
        hash = hash_of_whole(value);
    noted(column, hash, value, figures);
    return true;
}

#endif
