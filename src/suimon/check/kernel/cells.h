/* Whether one cell keeps the rules of its column. Every answer but "yes" means: in doubt. */
#ifndef SUIMON_CELLS_H
#define SUIMON_CELLS_H

#include "moments.h"
#include "numbers.h"
#include "text.h"

/* What one record adds to the figures of its piece, once all of it is found good. */
#define MOST_FIGURES 64
typedef struct {
    uint64_t keys[MOST_FIGURES];
    bool incomplete[MOST_FIGURES]; /* a key with a part missing */
    whole sums[MOST_FIGURES];
    uint8_t metrics[MOST_FIGURES];
} figures;

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
            noted(column, hash_of_text(bytes, size, plan), 0, figures);
        return true;
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
    if (column->part_count)
        hash = hash_of_whole(value);
    noted(column, hash, value, figures);
    return true;
}

#endif
