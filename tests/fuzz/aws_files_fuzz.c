/*
 * A shared file of the AWS tools is read or refused with a reason that names a line and repeats
 * nothing; what is read can be looked up, and values are single words of the file.
 */
#include "fuzz.h"

#include "store/aws/profiles.h"

static void check_value(const AkAwsProfiles *profiles, const char *kind, const char *setting)
{
    const char *value = ak_aws_profiles_get(profiles, kind, "default", setting);

    if (value != NULL && (value[0] == '\0' || !ak_aws_profiles_has(profiles, kind, "default")))
        g_error("a value without text or section");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const settings[] = {"region", "role_arn", "s3.endpoint_url", "a"};

    for (int file = AK_AWS_FILE_CONFIG; file <= AK_AWS_FILE_CREDENTIALS; file++) {
        g_autoptr(AkAwsProfiles) profiles = ak_aws_profiles_new();
        g_autoptr(GError) error = NULL;
        gboolean is_read = ak_aws_profiles_add(profiles, ak_view((const char *)data, size),
                                               (AkAwsFile)file, &error);

        if (is_read != (error == NULL) ||
            (!is_read && !g_error_matches(error, AK_ERROR, AK_ERROR_CONFIG)))
            g_error("refused without a reason, or read with one");
        for (gsize i = 0; i < G_N_ELEMENTS(settings); i++) {
            check_value(profiles, "profile", settings[i]);
            check_value(profiles, "services", settings[i]);
        }
    }
    return 0;
}
