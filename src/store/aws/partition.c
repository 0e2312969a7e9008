#include "store/aws/partition.h"

#include <string.h>

typedef struct {
    const char *region_prefix;
    const char *dns_suffix;
    gboolean has_fips;
} Partition;

/* The last one takes what is left. */
static const Partition partitions[] = {
    {"cn-", "amazonaws.com.cn", FALSE},
    {"", "amazonaws.com", TRUE},
};

static const Partition *partition_of(const char *region)
{
    const Partition *partition = partitions;

    while (!g_str_has_prefix(region, partition->region_prefix))
        partition++;
    return partition;
}

gboolean ak_aws_is_region(const char *region)
{
    gsize len = strlen(region);

    return len > 0 && len <= 63 && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

const char *ak_aws_dns_suffix(const char *region)
{
    return partition_of(region)->dns_suffix;
}

gboolean ak_aws_has_fips(const char *region)
{
    return partition_of(region)->has_fips;
}
