#ifndef AK_CHAIN_TEXT_BLOCK_H
#define AK_CHAIN_TEXT_BLOCK_H

#include <glib.h>
#include <string.h>

#if defined(__SSE2__) && !defined(AK_TEXT_BLOCK_PORTABLE)
#define AK_TEXT_BLOCK_SSE2
#include <emmintrin.h>
#endif

/* Fast steps through JSON text. They read, and write, AK_TEXT_BLOCK whole bytes. */
#ifdef AK_TEXT_BLOCK_SSE2
enum { AK_TEXT_BLOCK = 32 };
#else
enum { AK_TEXT_BLOCK = 8 };
#endif

#ifdef AK_TEXT_BLOCK_SSE2
static inline guint64 ak_text_copy_half(const char *src, char *dst)
{
    __m128i bytes = _mm_loadu_si128((const void *)src);
    /* as signed numbers, controls and everything outside ASCII are below the space */
    __m128i stops = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

    _mm_storeu_si128((void *)dst, bytes);
    return (guint)_mm_movemask_epi8(stops);
}
#else
static const guint64 ak_text_ones = G_GUINT64_CONSTANT(0x0101010101010101);

static inline guint64 ak_text_load(const char *src)
{
    guint64 bytes;

    memcpy(&bytes, src, sizeof bytes);
    return GUINT64_FROM_LE(bytes);
}

/* The place of the lowest high bit: borrows can make those above it false, never it. */
static inline guint ak_text_first_high(guint64 bytes)
{
    bytes &= ak_text_ones << 7;
    return bytes == 0 ? AK_TEXT_BLOCK : (guint)__builtin_ctzll(bytes) / 8;
}
#endif

/*
 * Copies one block and returns how many bytes at its start are plain: ASCII that stands for itself
 * in a JSON string, thus no control, quote or backslash.
 */
static inline guint ak_text_copy_block(const char *src, char *dst)
{
#ifdef AK_TEXT_BLOCK_SSE2
    guint64 stops = ak_text_copy_half(src, dst) | ak_text_copy_half(src + 16, dst + 16) << 16;

    return (guint)__builtin_ctzll(stops | G_GUINT64_CONSTANT(1) << AK_TEXT_BLOCK);
#else
    guint64 bytes = ak_text_load(src);
    guint64 quotes = bytes ^ (ak_text_ones * '"');
    guint64 slashes = bytes ^ (ak_text_ones * '\\');

    memcpy(dst, src, sizeof bytes);
    return ak_text_first_high(bytes | ((bytes - ak_text_ones * ' ') & ~bytes) |
                              ((quotes - ak_text_ones) & ~quotes) |
                              ((slashes - ak_text_ones) & ~slashes));
#endif
}

/* Decimal digits from @src on. There has to be a byte that is none, and a block to read at it. */
static inline const char *ak_text_skip_digits(const char *src)
{
#ifdef AK_TEXT_BLOCK_SSE2
    for (;; src += 16) {
        __m128i digits = _mm_sub_epi8(_mm_loadu_si128((const void *)src), _mm_set1_epi8('0'));
        __m128i same = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
        guint others = (guint)_mm_movemask_epi8(same) ^ 0xffff;

        if (others != 0)
            return src + __builtin_ctz(others);
    }
#else
    while ((guchar)(*src - '0') < 10)
        src++;
    return src;
#endif
}

static inline gboolean ak_text_is_continuation(char byte)
{
    return ((guchar)byte & 0xc0) == 0x80;
}

/*
 * Bytes of the well-formed UTF-8 sequence above ASCII at @src (Unicode table 3-7), at most @size;
 * 0 when there is none. Reads no byte after one that is out of place.
 */
static inline gsize ak_text_utf8_length(const char *src, gsize size)
{
    guchar lead = (guchar)src[0];
    guchar second;

    if (lead < 0xc2 || lead > 0xf4 || size < 2 || !ak_text_is_continuation(src[1]))
        return 0;
    if (lead < 0xe0)
        return 2;
    second = (guchar)src[1];
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
        (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f))
        return 0;
    if (size < 3 || !ak_text_is_continuation(src[2]))
        return 0;
    if (lead < 0xf0)
        return 3;
    return size < 4 || !ak_text_is_continuation(src[3]) ? 0 : 4;
}

#endif
