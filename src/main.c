#include "cli/cli.h"

#include <openssl/crypto.h>

int main(int argc, char **argv)
{
    /* Pool threads may end while the process does; their clean-up and OpenSSL's at exit would free
     * the same things. The process' end frees them as well. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    return ak_cli_main(argc, argv);
}
