/* Dates and timestamps. Every answer but "yes" means: in doubt. */
#ifndef SUIMON_MOMENTS_H
#define SUIMON_MOMENTS_H

#include "numbers.h"

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

#endif
