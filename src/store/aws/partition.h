#ifndef AK_STORE_AWS_PARTITION_H
#define AK_STORE_AWS_PARTITION_H

#include <glib.h>

/* May stand in a host name: at most 63 of a-z 0-9 '-'. */
gboolean ak_aws_is_region(const char *region);

/* The end of the names of a region's endpoints: "amazonaws.com". */
const char *ak_aws_dns_suffix(const char *region);

/* Has the region's partition FIPS endpoints? */
gboolean ak_aws_has_fips(const char *region);

#endif
