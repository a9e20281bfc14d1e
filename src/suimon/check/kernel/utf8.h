/* Whether bytes are UTF-8, sixteen at a time: John Keiser and Daniel Lemire, "Validating UTF-8 in less than one
 * instruction per byte" (2021). Each byte and the one before it, halved, look up which mistakes they may be a part of;
 * what all three lookups agree on is one. `cells.h` has the same rules byte by byte, which is how other
 * processors have it: only what the tests run may say that a text is sound.
 */
#ifndef SUIMON_UTF8_H
#define SUIMON_UTF8_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    TOO_SHORT = 1 << 0,  /* a lead byte that no continuation follows */
    TOO_MUCH = 1 << 1,   /* ASCII that a continuation follows */
    LONG_THREE = 1 << 2, /* longer than it must be, of two, three and four bytes */
    LARGE = 1 << 3,      /* above U+10FFFF */
    SURROGATE = 1 << 4,
    LONG_TWO = 1 << 5,
    LARGER = 1 << 6,
    LONG_FOUR = 1 << 6,
    CONTINUED = 1 << 7, /* two continuations in a row: right only in characters of three bytes and four */
    ANY_LOW = TOO_SHORT | TOO_MUCH | CONTINUED,
};

#if defined(__SSSE3__) && !defined(SUIMON_PORTABLE)
#define SUIMON_VALIDATES 1

static const uint8_t FIRST_HIGH[16] = {
    TOO_MUCH, TOO_MUCH, TOO_MUCH, TOO_MUCH, TOO_MUCH, TOO_MUCH, TOO_MUCH, TOO_MUCH, CONTINUED, CONTINUED, CONTINUED,
    CONTINUED, TOO_SHORT | LONG_TWO, TOO_SHORT, TOO_SHORT | LONG_THREE | SURROGATE,
    TOO_SHORT | LARGE | LARGER | LONG_FOUR,
};
static const uint8_t FIRST_LOW[16] = {
    ANY_LOW | LONG_THREE | LONG_TWO | LONG_FOUR, ANY_LOW | LONG_TWO, ANY_LOW, ANY_LOW, ANY_LOW | LARGE,
    ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER,
    ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER,
    ANY_LOW | LARGE | LARGER | SURROGATE, ANY_LOW | LARGE | LARGER, ANY_LOW | LARGE | LARGER,
};
static const uint8_t SECOND_HIGH[16] = {
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
    TOO_MUCH | LONG_TWO | CONTINUED | LONG_THREE | LARGER | LONG_FOUR, TOO_MUCH | LONG_TWO | CONTINUED | LONG_THREE | LARGE,
    TOO_MUCH | LONG_TWO | CONTINUED | SURROGATE | LARGE, TOO_MUCH | LONG_TWO | CONTINUED | SURROGATE | LARGE,
    TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
};

#include <tmmintrin.h>
typedef __m128i sixteen;
static inline sixteen loaded(const uint8_t *bytes) { return _mm_loadu_si128((const sixteen *)bytes); }
static inline sixteen either(sixteen a, sixteen b) { return _mm_or_si128(a, b); }
static inline bool any_high(sixteen a) { return _mm_movemask_epi8(a) != 0; }
static inline bool any(sixteen a) { return _mm_movemask_epi8(_mm_cmpeq_epi8(a, _mm_setzero_si128())) != 0xFFFF; }

static inline sixteen mistakes(sixteen now, sixteen before)
{
    sixteen low = _mm_set1_epi8(0x0F), one = _mm_alignr_epi8(now, before, 15);
    sixteen found = _mm_shuffle_epi8(loaded(FIRST_HIGH), _mm_and_si128(_mm_srli_epi16(one, 4), low));
    found = _mm_and_si128(found, _mm_shuffle_epi8(loaded(FIRST_LOW), _mm_and_si128(one, low)));
    found = _mm_and_si128(found, _mm_shuffle_epi8(loaded(SECOND_HIGH), _mm_and_si128(_mm_srli_epi16(now, 4), low)));
    sixteen third = _mm_subs_epu8(_mm_alignr_epi8(now, before, 14), _mm_set1_epi8(0xE0 - 0x80));
    sixteen fourth = _mm_subs_epu8(_mm_alignr_epi8(now, before, 13), _mm_set1_epi8((char)(0xF0 - 0x80)));
    return _mm_xor_si128(_mm_and_si128(either(third, fourth), _mm_set1_epi8((char)0x80)), found);
}
/* Whether 64 bytes go on what `before` ends with as UTF-8. What they end with may be cut: the next ones tell. */
static inline bool goes_on(const uint8_t *bytes, uint8_t before[16])
{
    sixteen parts[4] = {loaded(bytes), loaded(bytes + 16), loaded(bytes + 32), loaded(bytes + 48)};
    sixteen last = loaded(before);
    memcpy(before, bytes + 48, 16);
    if (!any_high(either(either(either(parts[0], parts[1]), either(parts[2], parts[3])), last)))
        return true;
    sixteen found = either(mistakes(parts[0], last), mistakes(parts[1], parts[0]));
    found = either(found, either(mistakes(parts[2], parts[1]), mistakes(parts[3], parts[2])));
    return !any(found);
}
#else
#define SUIMON_VALIDATES 0
static inline bool goes_on(const uint8_t *bytes, uint8_t before[16])
{
    (void)bytes;
    (void)before;
    return false;
}
#endif

#endif
