/*
 * What a metadata service, a program or STS answers gives whole keys that fit into a header, or is
 * refused with a reason.
 */
#include "fuzz.h"

#include "store/aws/keys_json.h"
#include "store/aws/sts.h"

static void check_keys(const AkAwsKeys *keys)
{
    g_autoptr(GError) error = NULL;

    if (!ak_aws_keys_check(keys, "fuzz", &error))
        g_error("unusable keys");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AkView text = ak_view((const char *)data, size);
    g_auto(AkAwsKeys) from_xml = {0};

    for (int form = AK_KEYS_JSON_PROCESS; form <= AK_KEYS_JSON_INSTANCE; form++) {
        g_auto(AkAwsKeys) keys = {0};
        g_autoptr(GError) error = NULL;

        if (ak_aws_keys_from_json(text, (AkKeysJson)form, "fuzz", &keys, &error)) {
            check_keys(&keys);
            if (form != AK_KEYS_JSON_PROCESS && keys.expires_usec == 0)
                g_error("keys of a role that never expire");
        } else if (error == NULL || keys.access_key_id != NULL) {
            g_error("refused without a reason, or with keys");
        }
    }
    if (ak_sts_read_keys(text, "AssumeRole", &from_xml) &&
        (from_xml.session_token == NULL || from_xml.expires_usec == 0))
        g_error("keys of a role without token or expiry");
    return 0;
}
