/* Texts: lists, patterns, characters in each encoding, and the hash of a text as a key. */
#ifndef SUIMON_TEXT_H
#define SUIMON_TEXT_H

#include "words.h"

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

#endif
