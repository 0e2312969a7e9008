#include "conformance.h"
#include "simulated.h"

static SimRemote remote;

static const AkSinkDriver *set_up(AkSinkConfig *out)
{
    out->url = "sim:place";
    sim_remote_init(&remote, 0, FALSE);
    return sim_driver(&remote);
}

static void tear_down(void)
{
    sim_remote_clear(&remote);
}

int main(int argc, char **argv)
{
    static const SinkBackend backend = {set_up, tear_down};

    g_test_init(&argc, &argv, NULL);
    sink_conformance_add(&backend);
    return g_test_run();
}
