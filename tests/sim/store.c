#include "sim/store.h"

#include "sim/call.h"
#include "sim/check.h"

/*
 * A write-once store with versions. put() does what store/s3_put.c does: where the store honours
 * conditional writes they are enough; elsewhere it looks first and looks again afterwards.
 */
enum { ATTEMPTS = 3 };

static const SimLine line = {SIM_STORE, NULL};

void sim_object_free(gpointer data)
{
    SimObject *object = data;

    g_free(object->key);
    g_clear_pointer(&object->data, g_bytes_unref);
    g_clear_pointer(&object->meta, g_hash_table_unref);
    g_free(object);
}

static SimProcess *process_of(AkStore *store)
{
    return (SimProcess *)((char *)store - G_STRUCT_OFFSET(SimProcess, store));
}

SimObject *sim_store_find(const SimWorld *world, const char *key, const char *version)
{
    for (guint i = world->objects->len; i-- > 0;) {
        SimObject *object = g_ptr_array_index(world->objects, i);

        if (g_str_equal(object->key, key) &&
            (version == NULL || g_str_equal(object->version, version)))
            return object;
    }
    return NULL;
}

SimObject *sim_store_add(SimWorld *world, SimObject *object)
{
    object->number = ++world->versions;
    (void)g_snprintf(object->version, sizeof object->version, "v%u", object->number);
    object->created_usec = world->now_usec;
    g_ptr_array_add(world->objects, object);
    return object;
}

static SimObject *copy_object(const SimObject *object)
{
    SimObject *copy = g_memdup2(object, sizeof *object);

    copy->key = g_strdup(object->key);
    copy->data = g_bytes_ref(object->data);
    copy->meta = g_hash_table_ref(object->meta);
    return copy;
}

/* Somebody was there first, with the same bytes and a lock that ends too early. */
static void plant_weak(SimWorld *world, const SimObject *planned)
{
    SimObject *weak = copy_object(planned);

    weak->retain_until_usec -= 86400 * G_GINT64_CONSTANT(1000000);
    weak->is_bad = TRUE;
    sim_trace(world, "a weaker object is at '%s' already", weak->key);
    (void)sim_store_add(world, weak);
}

static gboolean set_exists(const SimObject *object, GError **error)
{
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "cannot put '%s': it exists already",
                object->key);
    return FALSE;
}

/* A disk that is full, or read-only, for a while. */
static gboolean is_full(SimWorld *world, GError **error)
{
    if (sim_draw(world, SIM_STORE_FULL)) {
        world->full_until_usec =
            world->now_usec + sim_rng_between(&world->rng, 1, 3000) * G_GINT64_CONSTANT(1000);
        world->full_code = sim_rng_chance(&world->rng, 5000) ? AK_ERROR_FULL : AK_ERROR_DENIED;
    }
    if (world->is_calm || world->now_usec >= world->full_until_usec)
        return FALSE;
    g_set_error(error, AK_ERROR, world->full_code, "put: nothing can be written");
    return TRUE;
}

static gboolean apply_put(SimRequest *request, GError **error)
{
    SimWorld *world = request->world;
    SimMutant mutant = world->lab->mutant;
    const SimObject *planned = request->object;
    SimObject *there = sim_store_find(world, planned->key, NULL), *object;

    if (sim_draw(world, SIM_TORN_WRITE)) {
        g_set_error(error, AK_ERROR, AK_ERROR_NETWORK, "put: the object came in half");
        return FALSE;
    }
    if (is_full(world, error))
        return FALSE;
    if (there == NULL && sim_draw(world, SIM_WEAK_OBJECT)) {
        plant_weak(world, planned);
        there = sim_store_find(world, planned->key, NULL);
    }
    if (there != NULL && mutant == SIM_MUTANT_OVERWRITE)
        g_ptr_array_remove(world->objects, there);
    else if (there != NULL && there->data != NULL && world->is_conditional)
        return set_exists(planned, error);
    object = copy_object(planned);
    if (sim_draw(world, SIM_LOCK_DROPPED)) {
        object->lock_mode = AK_LOCK_NONE;
        object->is_bad = TRUE;
    }
    (void)sim_store_add(world, object);
    (void)g_strlcpy(request->version, object->version, sizeof request->version);
    sim_check_put(world, object);
    return TRUE;
}

static gboolean apply_lock(SimRequest *request)
{
    SimObject *object = sim_store_find(request->world, request->object->key, NULL);

    if (object != NULL) {
        object->lock_mode = request->object->lock_mode;
        object->retain_until_usec = request->object->retain_until_usec;
    }
    return TRUE;
}

gboolean sim_store_apply(SimRequest *request, GError **error)
{
    return request->kind == SIM_LOCK ? apply_lock(request) : apply_put(request, error);
}

static void fill(const SimWorld *world, const SimObject *object, AkObject *out)
{
    *out = (AkObject){
        .key = g_strdup(object->key),
        .version = g_strdup(object->version),
        .size = object->data != NULL ? g_bytes_get_size(object->data) : 0,
        .modified_usec = object->created_usec,
        .is_latest = sim_store_find(world, object->key, NULL) == object,
        .is_delete_marker = object->data == NULL,
        .lock_mode = object->lock_mode,
        .retain_until_usec = object->retain_until_usec,
        .has_sha256 = TRUE,
        .meta = object->meta != NULL ? g_hash_table_ref(object->meta) : NULL,
    };
    memcpy(out->sha256, object->sha256, sizeof out->sha256);
}

static const SimObject *find(AkStore *store, const char *key, const char *version, GError **error)
{
    const SimObject *object = sim_store_find(process_of(store)->world, key, version);

    if (object != NULL && object->data != NULL)
        return object;
    g_set_error(error, AK_ERROR, AK_ERROR_MISSING, "no object '%s'", key);
    return NULL;
}

static gboolean head(AkStore *store, const char *key, const char *version, AkObject *out,
                     GError **error)
{
    SimProcess *process = process_of(store);
    const SimObject *object;

    if (!sim_call_read(process, &line, "head", error))
        return FALSE;
    object = find(store, key, version, error);
    if (object == NULL)
        return FALSE;
    fill(process->world, object, out);
    return TRUE;
}

static gboolean get(AkStore *store, const char *key, const char *version, guint64 offset,
                    guint64 len, gsize max_bytes, AkBuf *out, GError **error)
{
    const SimObject *object;
    const char *data;
    gsize size, have;

    if (!sim_call_read(process_of(store), &line, "get", error))
        return FALSE;
    object = find(store, key, version, error);
    if (object == NULL)
        return FALSE;
    data = g_bytes_get_data(object->data, &size);
    have = offset < size ? size - offset : 0;
    have = len > 0 ? MIN(have, len) : have;
    if (have > max_bytes) {
        g_set_error(error, AK_ERROR, AK_ERROR_BAD_INPUT, "'%s' is too large", key);
        return FALSE;
    }
    ak_buf_append(out, data + offset, have);
    return TRUE;
}

/* By key, newest first. */
static int compare_objects(gconstpointer a, gconstpointer b)
{
    const SimObject *x = *(SimObject *const *)a, *y = *(SimObject *const *)b;
    int by_key = strcmp(x->key, y->key);

    if (by_key != 0)
        return by_key;
    return x->number > y->number ? -1 : x->number < y->number;
}

static gboolean list(AkStore *store, const char *prefix, AkObjectFunc func, gpointer data,
                     GError **error)
{
    SimProcess *process = process_of(store);
    g_autoptr(GPtrArray) found = g_ptr_array_new();

    if (!sim_call_read(process, &line, "list", error))
        return FALSE;
    for (guint i = process->world->objects->len; i-- > 0;) {
        SimObject *object = g_ptr_array_index(process->world->objects, i);

        if (g_str_has_prefix(object->key, prefix))
            g_ptr_array_add(found, object);
    }
    g_ptr_array_sort(found, compare_objects);
    for (guint i = 0; i < found->len; i++) {
        g_auto(AkObject) object = {0};

        fill(process->world, g_ptr_array_index(found, i), &object);
        if (!func(&object, data, error))
            return FALSE;
    }
    return TRUE;
}

/* A version of @key that is not @ours. */
static gboolean find_other(SimProcess *process, const char *key, const char *ours,
                           gboolean *out_is_there, GError **error)
{
    const SimWorld *world = process->world;

    *out_is_there = FALSE;
    if (!sim_call_read(process, &line, "list", error))
        return FALSE;
    for (guint i = 0; i < world->objects->len; i++) {
        const SimObject *object = g_ptr_array_index(world->objects, i);

        *out_is_there |= object->data != NULL && g_str_equal(object->key, key) &&
                         g_strcmp0(object->version, ours) != 0;
    }
    return TRUE;
}

/* In front of every attempt, where the store does not look itself. */
static gboolean require_absent(SimProcess *process, const SimObject *object, GError **error)
{
    gboolean is_there;

    if (process->world->is_conditional || process->world->lab->mutant == SIM_MUTANT_OVERWRITE)
        return TRUE;
    return find_other(process, object->key, NULL, &is_there, error) &&
           (!is_there || set_exists(object, error));
}

static gboolean upload(SimProcess *process, SimRequest *request, GError **error)
{
    for (guint attempt = 1;; attempt++) {
        GError *local = NULL;

        if (require_absent(process, request->object, &local) &&
            sim_call_write(process, &line, request, &local))
            return TRUE;
        if (attempt == ATTEMPTS || !ak_error_is_retryable(local) || process->is_crashed) {
            g_propagate_error(error, local);
            return FALSE;
        }
        g_error_free(local);
        sim_sleep(process->world, sim_rng_between(&process->world->rng, 1, 200) * 1000LL);
    }
}

static gboolean read_back(SimProcess *process, const AkPut *put, const char *version, AkObject *out,
                          GError **error)
{
    gboolean is_there = FALSE;

    if (!head(&process->store, put->key, version, out, error))
        return FALSE;
    if (out->lock_mode < put->lock_mode || out->retain_until_usec < put->retain_until_usec) {
        g_set_error(error, AK_ERROR, AK_ERROR_LOCK_OFF, "put '%s': not locked", put->key);
        return FALSE;
    }
    if (process->world->is_conditional)
        return TRUE;
    if (!find_other(process, put->key, version, &is_there, error))
        return FALSE;
    if (!is_there)
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFLICT, "put '%s': another version is there too",
                put->key);
    return FALSE;
}

static SimObject *object_of(SimWorld *world, const AkPut *put)
{
    SimObject *object = g_new0(SimObject, 1);

    object->key = g_strdup(put->key);
    object->data = g_bytes_new(put->data, put->len);
    object->lock_mode = put->lock_mode;
    object->retain_until_usec = put->retain_until_usec;
    object->meta = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    for (gsize i = 0; i < put->n_meta; i++)
        (void)g_hash_table_insert(object->meta, g_strdup(put->meta[i].name),
                                  g_strdup(put->meta[i].value));
    ak_sha256_of(world->lab->sha, put->data, put->len, object->sha256);
    if (memcmp(object->sha256, put->sha256, AK_SHA256_LEN) != 0)
        sim_violate(world, "put '%s' with a digest that is not its own", put->key);
    return object;
}

/* SIM_MUTANT_LOCK_AFTER_WRITE */
static gboolean put_then_lock(SimProcess *process, SimRequest *request, GError **error)
{
    SimObject *object = request->object;
    g_autoptr(SimRequest) lock = sim_request_new(process->world, SIM_LOCK);

    lock->object = copy_object(object);
    object->lock_mode = AK_LOCK_NONE;
    object->retain_until_usec = 0;
    return upload(process, request, error) && sim_call_write(process, &line, lock, error);
}

static gboolean put(AkStore *store, const AkPut *wanted, AkObject *out, GError **error)
{
    SimProcess *process = process_of(store);
    SimWorld *world = process->world;
    g_autoptr(SimRequest) request = sim_request_new(world, SIM_PUT);
    g_auto(AkObject) written = {0};

    request->object = object_of(world, wanted);
    if (world->lab->mutant == SIM_MUTANT_ACK_BEFORE_WRITE) {
        sim_call_late(request);
        *out = (AkObject){.key = g_strdup(wanted->key), .size = wanted->len};
        return TRUE;
    }
    if (world->lab->mutant == SIM_MUTANT_LOCK_AFTER_WRITE) {
        if (!put_then_lock(process, request, error))
            return FALSE;
    } else if (!upload(process, request, error)) {
        return FALSE;
    }
    if (!read_back(process, wanted, request->version, &written, error))
        return FALSE;
    *out = written;
    written = (AkObject){0};
    return TRUE;
}

static gboolean check(AkStore *store, GError **error)
{
    return sim_call_read(process_of(store), &line, "check the store", error);
}

void sim_store_init(SimProcess *process)
{
    static const AkStoreDriver driver = {
        .scheme = "sim", .check = check, .put = put, .head = head, .get = get, .list = list};

    process->store.driver = &driver;
}
