/* A key of the hash tree has one spelling: what was read is written as the same bytes. */
#include "fuzz.h"

#include "segment/tree_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *key = g_strndup((const char *)data, size), *again = NULL;
    AkTreeName name;

    if (!ak_tree_key_parse(key, &name))
        return 0;
    if (name.kind == AK_TREE_TILE)
        again = ak_tree_tile_key(name.chain, &name.tile);
    else if (name.kind == AK_TREE_CHECKPOINT)
        again = ak_tree_checkpoint_key(name.chain, name.size);
    else
        again = ak_tree_witness_key(name.chain, name.size, name.key_id);
    if (strcmp(again, key) != 0)
        g_error("a key with two spellings");
    return 0;
}
