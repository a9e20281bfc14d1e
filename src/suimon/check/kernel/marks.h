/* The bytes that may end a cell, found sixty-four at a time. */
#ifndef SUIMON_MARKS_H
#define SUIMON_MARKS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "utf8.h"

#if defined(__SSE2__) && !defined(SUIMON_PORTABLE)
#include <emmintrin.h>

/* A bit for each of 64 bytes: one of three, or at most `top`, below which only control characters stand. */
static inline __attribute__((always_inline)) uint64_t marks_of(
    const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
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

static inline __attribute__((always_inline)) uint64_t marks_of(
    const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
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

static inline __attribute__((always_inline)) uint64_t marks_of(
    const uint8_t *bytes, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    uint64_t marks = 0;
    for (int place = 0; place < 64; place++) {
        uint8_t byte = bytes[place];
        marks |= (uint64_t)(byte == a || byte == b || byte == c || byte <= top) << place;
    }
    return marks;
}

#endif

/* What goes on for every byte or cell belongs into one function, whose variables then stay in registers. */
#define INLINE static inline __attribute__((always_inline))

/* Goes from mark to mark through a text, and never reads beyond its end. So many bytes are looked at together. */
#define WINDOW 4096
#define AT_ONCE 12

typedef struct {
    const uint8_t *bytes;
    int64_t size, start, looked; /* where the window starts, and where the next one does */
    int64_t next, count;
    uint8_t a, b, c, top;
    bool valid;         /* all that was looked at is UTF-8 */
    uint8_t before[16]; /* the bytes looked at last */
    uint16_t places[WINDOW + AT_ONCE]; /* of the marks in the window; a few more are written than there are */
} reader;

/* The marks of what is no whole block. */
static __attribute__((noinline)) uint64_t rest_marks(reader *reader)
{
    uint8_t rest[64];
    memset(rest, 0x7F, sizeof rest); /* is no mark, and ends every character */
    memcpy(rest, reader->bytes + reader->looked, (size_t)(reader->size - reader->looked));
    reader->valid = reader->valid && goes_on(rest, reader->before);
    return marks_of(rest, reader->a, reader->b, reader->c, reader->top);
}

/* Twelve at once, whether there are so many or not, for few blocks have more: what is too many is written over. */
INLINE void note_places(reader *reader, uint64_t marks, int64_t block)
{
    uint16_t *places = reader->places + reader->count;
    int64_t count = __builtin_popcountll(marks), done = 0;
    if (!marks)
        return;
    do {
        for (int64_t place = done; place < done + AT_ONCE; place++) {
            places[place] = (uint16_t)(block + __builtin_ctzll(marks | (uint64_t)1 << 63));
            marks &= marks - 1;
        }
        done += AT_ONCE;
    } while (done < count);
    reader->count += count;
}

/* Look at the next window that has a mark; false behind the last. */
static __attribute__((noinline)) bool look(reader *reader)
{
    reader->count = reader->next = 0;
    while (!reader->count && reader->looked < reader->size) {
        reader->start = reader->looked;
        for (int64_t block = 0; block < WINDOW && reader->looked < reader->size; block += 64) {
            const uint8_t *bytes = reader->bytes + reader->looked;
            if (reader->size - reader->looked >= 64) {
                note_places(reader, marks_of(bytes, reader->a, reader->b, reader->c, reader->top), block);
                reader->valid = reader->valid && goes_on(bytes, reader->before);
            } else {
                note_places(reader, rest_marks(reader), block);
            }
            reader->looked += 64;
        }
    }
    if (reader->looked == reader->size)
        rest_marks(reader); /* of nothing, but the last block may end within a character */
    return reader->count > 0;
}

static inline void start_reading(
    reader *reader, const uint8_t *bytes, int64_t size, uint8_t a, uint8_t b, uint8_t c, uint8_t top)
{
    reader->bytes = bytes;
    reader->size = size;
    reader->looked = reader->start = reader->next = reader->count = 0;
    reader->valid = SUIMON_VALIDATES;
    memset(reader->before, 0, sizeof reader->before);
    reader->a = a;
    reader->b = b;
    reader->c = c;
    reader->top = top;
}

/* Where the next mark stands; the text's size after the last. */
INLINE int64_t next_mark(reader *reader)
{
    if (reader->next == reader->count && !look(reader))
        return reader->size;
    return reader->start + reader->places[reader->next++];
}

#endif
