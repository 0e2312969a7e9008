#include "fixture.h"

/* The same cases against every driver: linked with one backend_*.c each. */
int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_init_cases();
    add_order_cases();
    add_append_cases();
    add_pointer_cases();
    add_seal_cases();
    add_sink_cases();
    add_wait_cases();
    add_accept_cases();
    add_tenant_cases();
    backend_add_cases();
    return g_test_run();
}
