#include "cli/commands.h"
#include "cli/open.h"
#include "cli/stop.h"
#include "ops/accept.h"
#include "segment/key.h"
#include "util/time.h"

static gboolean check_call(const AkCli *cli, GError **error)
{
    static const AkOptId needed[] = {AK_OPT_INDEX, AK_OPT_ID, AK_OPT_REASON, AK_OPT_KEY};
    const char *reason;

    for (guint i = 0; i < G_N_ELEMENTS(needed); i++)
        if (ak_cli_require(cli, needed[i], error) == NULL)
            return FALSE;
    reason = ak_cli_text(cli, AK_OPT_REASON);
    if (strlen(reason) > AK_ACCEPTANCE_MAX_REASON || !g_utf8_validate(reason, -1, NULL)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "--reason is at most %d bytes of UTF-8, and says where the story is told",
                    AK_ACCEPTANCE_MAX_REASON);
        return FALSE;
    }
    if (ak_cli_flag(cli, AK_OPT_YES) || ak_cli_flag(cli, AK_OPT_DRY_RUN))
        return TRUE;
    g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                "what is accepted cannot be taken back; hint: --dry-run shows what it would be, "
                "--yes does it");
    return FALSE;
}

static void sign_off(const AkCli *cli, AkAcceptance *acceptance)
{
    gint64 now = g_get_real_time();

    acceptance->chain = g_strdup(ak_cli_text(cli, AK_OPT_CHAIN));
    acceptance->origin = ak_segment_origin(ak_cli_text(cli, AK_OPT_ORIGIN), acceptance->chain);
    acceptance->reason = g_strdup(ak_cli_text(cli, AK_OPT_REASON));
    acceptance->accepted_by = g_strdup_printf("%s@%s", g_get_user_name(), g_get_host_name());
    acceptance->accepted_usec = now - now % AK_USEC_PER_SEC;
}

static gboolean print(const AkCli *cli, const AkAcceptance *acceptance, AkView statement,
                      GError **error)
{
    gboolean is_dry_run = ak_cli_flag(cli, AK_OPT_DRY_RUN);
    g_autoptr(GString) out = g_string_new(NULL);

    if (ak_cli_flag(cli, AK_OPT_JSON)) {
        g_string_append_len(out, statement.data, (gssize)statement.len);
        g_string_append_c(out, '\n');
        return ak_cli_write(ak_view(out->str, out->len), error);
    }
    g_string_append_printf(out,
                           "%s: chain '%s' goes on at index %" G_GUINT64_FORMAT " with event %s\n",
                           is_dry_run ? "would accept" : "accepted", acceptance->chain,
                           acceptance->index, acceptance->event_id);
    if (acceptance->kind == AK_BREAK_GAP)
        g_string_append_printf(out,
                               "gap      it names '%s', which is not there\n"
                               "before   '%s', hash '%s'\n",
                               acceptance->event_prev, acceptance->head_id, acceptance->head_hash);
    else
        g_string_append_printf(out, "fork     '%s', and what follows it, is passed over\n",
                               acceptance->rejected_id);
    g_string_append_printf(out, "reason   %s\nby       %s\n", acceptance->reason,
                           acceptance->accepted_by);
    if (!is_dry_run)
        g_string_append(out, "next     run 'auditkeep archive' (again)\n");
    return ak_cli_write(ak_view(out->str, out->len), error);
}

static gboolean accept_break(const AkCli *cli, AkSource *source, const AkSigningKey *key,
                             AkAcceptance *acceptance, GError **error)
{
    guint8 public_key[32];
    const AkAcceptor acceptor = {acceptance->origin, public_key};
    gboolean is_dry_run = ak_cli_flag(cli, AK_OPT_DRY_RUN);
    g_auto(AkBuf) statement = {0};
    AkBreak found;

    if (!ak_signing_key_public_raw(key, public_key)) {
        g_set_error(error, AK_ERROR, AK_ERROR_CONFIG,
                    "--key is no Ed25519 key; hint: it is the one that 'archive' signs with");
        return FALSE;
    }
    if (!ak_accept_find_break(source, &acceptor, ak_stop_flag(), &found, error) ||
        !ak_accept_describe(&found, ak_cli_number(cli, AK_OPT_INDEX), ak_cli_text(cli, AK_OPT_ID),
                            acceptance, error) ||
        !ak_acceptance_sign(acceptance, is_dry_run ? NULL : key, &statement, error))
        return FALSE;
    if (!is_dry_run && !source->driver->accept(source, acceptance, ak_buf_view(&statement), error))
        return FALSE;
    return print(cli, acceptance, ak_buf_view(&statement), error);
}

gboolean ak_cmd_accept(AkCli *cli, GError **error)
{
    g_autoptr(AkSource) source = NULL;
    g_autoptr(AkSigningKey) key = NULL;
    g_auto(AkAcceptance) acceptance = {0};

    if (!check_call(cli, error))
        return FALSE;
    key = ak_signing_key_load(ak_cli_text(cli, AK_OPT_KEY), error);
    source = key != NULL ? ak_open_source(cli, error) : NULL;
    if (source == NULL)
        return FALSE;
    sign_off(cli, &acceptance);
    return accept_break(cli, source, key, &acceptance, error);
}
