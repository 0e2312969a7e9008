#ifndef AK_CHAIN_LINK_H
#define AK_CHAIN_LINK_H

#include "chain/event.h"

enum { AK_LINK_SIZE = 65 };

/*
 * A hash as links compare: lower case, at most 64 digits. What stands for "no hash" (NULL, empty,
 * 64 zeros) gives "".
 */
void ak_link_copy(AkView hash, char out[AK_LINK_SIZE]);

/* Moves @cursor to @event; the hash is the stored one, "" when there is none. */
void ak_cursor_move(AkCursor *cursor, const AkEvent *event);

/* An event id as a string; ids are cut at 36 characters. */
void ak_id_copy(AkView id, char out[37]);

#endif
