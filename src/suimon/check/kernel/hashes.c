/* Hashes of keys: parted, and those that come again. */
#include "kernel.h"

#include <string.h>

/* Hashes parted by their first byte. `counts` has room for 256. */
void suimon_scatter(const uint64_t *hashes, int64_t count, uint64_t *parted, int64_t *counts)
{
    int64_t places[256], sum = 0;
    memset(counts, 0, 256 * sizeof *counts);
    for (int64_t place = 0; place < count; place++)
        counts[hashes[place] >> 56]++;
    for (int part = 0; part < 256; part++) {
        places[part] = sum;
        sum += counts[part];
    }
    for (int64_t place = 0; place < count; place++)
        parted[places[hashes[place] >> 56]++] = hashes[place];
}

/* The hashes that stand in the table or come again, each as often as it does; zeros are none. `table` has `size` places,
 * a power of two, of which more than `count` are free; afterwards it holds every hash. */
int64_t suimon_repeats(const uint64_t *hashes, int64_t count, uint64_t *table, int64_t size, uint64_t *found)
{
    uint64_t mask = (uint64_t)size - 1;
    int64_t repeats = 0;
    for (int64_t place = 0; place < count; place++) {
        uint64_t hash = hashes[place], at = hash & mask;
        if (!hash)
            continue;
        while (table[at] && table[at] != hash)
            at = (at + 1) & mask;
        if (table[at])
            found[repeats++] = hash;
        table[at] = hash;
    }
    return repeats;
}
