#ifndef AK_CHAIN_SCAN_H
#define AK_CHAIN_SCAN_H

#include "util/arena.h"

/*
 * Cuts a JSON object into its members without touching their bytes. It checks bounds and nesting
 * but not the whole grammar: what a member holds is checked by whoever uses it. Whitespace between
 * tokens is allowed.
 */
typedef struct {
    const char *at;
    const char *end;
    gboolean is_first;
} AkScan;

typedef enum { AK_SCAN_MEMBER, AK_SCAN_DONE, AK_SCAN_BAD } AkScanStep;

/* FALSE unless @object starts with '{'. */
gboolean ak_scan_begin(AkScan *scan, AkView object);

/*
 * The next member: @key is the raw text between the quotes, @value the raw text of the value;
 * both point into the object. DONE after the closing brace when nothing but whitespace follows.
 */
AkScanStep ak_scan_next(AkScan *scan, AkView *key, AkView *value);

/*
 * The UTF-8 text of a raw JSON string (quotes included), in place when nothing is escaped, else in
 * @arena. FALSE when it is no string, or has a bad or lone-surrogate escape.
 */
gboolean ak_scan_string(AkView raw, AkArena *arena, AkView *out);

#endif
