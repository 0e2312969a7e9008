#ifndef AK_CHAIN_TEXT_BLOCK_H
#define AK_CHAIN_TEXT_BLOCK_H

#include <glib.h>
#include <string.h>

#if defined(__SSE2__) && !defined(AK_TEXT_BLOCK_PORTABLE)
#define AK_TEXT_BLOCK_SSE2
#include <emmintrin.h>
#endif

/* Fast steps through JSON text. Both block functions read and write AK_TEXT_BLOCK whole bytes. */
#ifdef AK_TEXT_BLOCK_SSE2
enum { AK_TEXT_BLOCK = 16 };
#else
enum { AK_TEXT_BLOCK = 8 };
#endif

/*
 * Copies one block and returns how many bytes at its start are plain: ASCII that stands for itself
 * in a JSON string, thus no control, quote or backslash.
 */
static inline guint ak_text_copy_block(const char *src, char *dst)
{
#ifdef AK_TEXT_BLOCK_SSE2
    __m128i bytes = _mm_loadu_si128((const void *)src);
    /* as signed numbers, controls and everything outside ASCII are below the space */
    __m128i stops = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));

    _mm_storeu_si128((void *)dst, bytes);
    return (guint)__builtin_ctz((guint)_mm_movemask_epi8(stops) | 1u << AK_TEXT_BLOCK);
#else
    /* the lowest high bit of each of these marks the first byte sought; those above may be false */
    const guint64 ones = G_GUINT64_CONSTANT(0x0101010101010101), highs = ones << 7;
    guint64 bytes, quotes, slashes, stops;

    memcpy(&bytes, src, sizeof bytes);
    memcpy(dst, &bytes, sizeof bytes);
    bytes = GUINT64_FROM_LE(bytes);
    quotes = bytes ^ (ones * '"');
    slashes = bytes ^ (ones * '\\');
    stops = (bytes | ((bytes - ones * ' ') & ~bytes) | ((quotes - ones) & ~quotes) |
             ((slashes - ones) & ~slashes)) &
            highs;
    return stops == 0 ? AK_TEXT_BLOCK : (guint)__builtin_ctzll(stops) / 8;
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
