#include "verify/group.h"

struct AkGrouper {
    AkFindingGroupFunc func;
    gpointer data;
    GPtrArray *open; /* AkFindingGroup *, in the order in which they began */
};

static void free_group(gpointer data)
{
    AkFindingGroup *group = data;

    g_free(group->first_id);
    g_free(group->last_id);
    g_free(group->first_key);
    g_free(group->last_key);
    g_free(group->detail);
    g_free(group);
}

AkGrouper *ak_grouper_new(AkFindingGroupFunc func, gpointer data)
{
    AkGrouper *grouper = g_new0(AkGrouper, 1);

    grouper->func = func;
    grouper->data = data;
    grouper->open = g_ptr_array_new_with_free_func(free_group);
    return grouper;
}

void ak_grouper_free(AkGrouper *grouper)
{
    if (grouper == NULL)
        return;
    g_ptr_array_unref(grouper->open);
    g_free(grouper);
}

/* One kind has one open group at most. */
static gboolean is_kind(const AkFindingGroup *group, const AkFinding *finding)
{
    return group->code == finding->code && strcmp(group->where, finding->where) == 0 &&
           (group->last_index < 0) == (finding->index < 0);
}

static gboolean belongs(const AkFindingGroup *group, const AkFinding *finding)
{
    if (finding->index >= 0)
        return finding->index == group->last_index || finding->index == group->last_index + 1;
    return g_strcmp0(group->detail, finding->detail) == 0;
}

static void replace(char **place, const char *text)
{
    g_free(*place);
    *place = g_strdup(text);
}

static void extend(AkFindingGroup *group, const AkFinding *finding)
{
    group->count++;
    group->last_index = finding->index;
    replace(&group->last_id, finding->id);
    replace(&group->last_key, finding->key);
}

static AkFindingGroup *begin(const AkFinding *finding)
{
    AkFindingGroup *group = g_new0(AkFindingGroup, 1);

    group->code = finding->code;
    group->where = finding->where;
    group->first_index = finding->index;
    group->first_id = g_strdup(finding->id);
    group->first_key = g_strdup(finding->key);
    group->detail = g_strdup(finding->detail);
    extend(group, finding);
    return group;
}

gboolean ak_grouper_add(AkGrouper *grouper, const AkFinding *finding)
{
    for (guint i = 0; i < grouper->open->len; i++) {
        AkFindingGroup *group = g_ptr_array_index(grouper->open, i);

        if (!is_kind(group, finding))
            continue;
        if (belongs(group, finding)) {
            extend(group, finding);
            return FALSE;
        }
        grouper->func(group, grouper->data);
        g_ptr_array_remove_index(grouper->open, i);
        break;
    }
    g_ptr_array_add(grouper->open, begin(finding));
    return TRUE;
}

void ak_grouper_end(AkGrouper *grouper)
{
    for (guint i = 0; i < grouper->open->len; i++)
        grouper->func(g_ptr_array_index(grouper->open, i), grouper->data);
    g_ptr_array_set_size(grouper->open, 0);
}
