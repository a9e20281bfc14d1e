/* Bytes as machine words, and their hashes. */
#ifndef SUIMON_WORDS_H
#define SUIMON_WORDS_H

#include "kernel.h"

#include <stdbool.h>
#include <string.h>

typedef __int128 whole;
typedef unsigned __int128 magnitude;

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

#endif
