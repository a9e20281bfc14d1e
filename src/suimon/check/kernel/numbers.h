/* Integers and decimals. Every answer but "yes" means: in doubt. */
#ifndef SUIMON_NUMBERS_H
#define SUIMON_NUMBERS_H

#include "words.h"

static inline whole joined(uint64_t low, int64_t high) { return (whole)((magnitude)(uint64_t)high << 64 | low); }

static inline bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }

#define ZEROS 0x3030303030303030u

/* One to eight digits, of which `readable` bytes may be read at once. */
INLINE bool eight_digits(const uint8_t *bytes, int64_t count, int64_t readable, uint64_t *number)
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
INLINE bool digits_of(const uint8_t *bytes, int64_t count, int64_t readable, uint64_t *number)
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

#endif
