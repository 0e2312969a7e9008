#ifndef AK_VERIFY_LINES_H
#define AK_VERIFY_LINES_H

#include "verify/segment.h"

/*
 * Reads every line of a whole object whose footer is open in @check: leaf hashes, tags, content's
 * digest, and, as the configuration asks, each event by itself, its link, and its row.
 */
void ak_lines_check(AkSegmentCheck *check, AkView object);

#endif
