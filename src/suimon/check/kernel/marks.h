/* The bytes that may end a cell, found sixty-four at a time. */
#ifndef SUIMON_MARKS_H
#define SUIMON_MARKS_H

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SUIMON_PORTABLE)
#include <emmintrin.h>

/* A bit for each of 64 bytes: one of three, or at most `top`, below which only control characters stand. */
static inline uint64_t marks_of(const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    __m128i as = _mm_set1_epi8((char)a), bs = _mm_set1_epi8((char)b), cs = _mm_set1_epi8((char)c);
    __m128i tops = _mm_set1_epi8((char)top);
    uint64_t marks = 0;
    for (int part = 0; part < 4; part++) {
        __m128i block = _mm_loadu_si128((const __m128i *)(bytes + 16 * part));
        __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(block, tops), block);
        __m128i any = _mm_or_si128(_mm_cmpeq_epi8(block, as), _mm_cmpeq_epi8(block, bs));
        any = _mm_or_si128(any, _mm_or_si128(_mm_cmpeq_epi8(block, cs), low));
        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(any) << (16 * part);
    }
    return marks;
}

#elif defined(__aarch64__) && !defined(SUIMON_PORTABLE)
#include <arm_neon.h>

static inline uint64_t marks_of(const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    static const uint8_t weights[] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t as = vdupq_n_u8(a), bs = vdupq_n_u8(b), cs = vdupq_n_u8(c), tops = vdupq_n_u8(top);
    uint8x16_t weight = vld1q_u8(weights), parts[4];
    for (int part = 0; part < 4; part++) {
        uint8x16_t block = vld1q_u8(bytes + 16 * part);
        uint8x16_t any = vorrq_u8(vceqq_u8(block, as), vceqq_u8(block, bs));
        any = vorrq_u8(any, vorrq_u8(vceqq_u8(block, cs), vcleq_u8(block, tops)));
        parts[part] = vandq_u8(any, weight);
    }
    uint8x16_t sums = vpaddq_u8(vpaddq_u8(parts[0], parts[1]), vpaddq_u8(parts[2], parts[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)), 0);
}

#else

static inline uint64_t marks_of(const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    uint64_t marks = 0;
    for (int place = 0; place < 64; place++) {
        uint8_t byte = bytes[place];
        marks |= (uint64_t)(byte == a || byte == b || byte == c || byte <= top) << place;
    }
    return marks;
}

#endif

/* Goes from mark to mark through a text, and never reads beyond its end. */
typedef struct {
    const uint8_t *bytes;
    int64_t size, base;
    uint64_t marks;
    uint8_t a, b, c, top;
} reader;

static inline void look(reader *reader)
{
    if (reader->size - reader->base >= 64) {
        reader->marks = marks_of(reader->bytes + reader->base, reader->a, reader->b, reader->c, reader->top);
        return;
    }
    uint8_t rest[64];
    memset(rest, 0xFF, sizeof rest); /* is no mark */
    memcpy(rest, reader->bytes + reader->base, (size_t)(reader->size - reader->base));
    reader->marks = marks_of(rest, reader->a, reader->b, reader->c, reader->top);
}

static inline reader reader_of(const uint8_t *bytes, int64_t size, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    reader made = {bytes, size, 0, 0, a, b, c, top};
    if (size)
        look(&made);
    return made;
}

/* Where the next mark stands; the text's size after the last. */
static inline int64_t next_mark(reader *reader)
{
    while (!reader->marks) {
        if (reader->size - reader->base <= 64)
            return reader->size;
        reader->base += 64;
        look(reader);
    }
    int64_t at = reader->base + __builtin_ctzll(reader->marks);
    reader->marks &= reader->marks - 1;
    return at;
}

#endif
