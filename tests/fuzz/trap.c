/* g_error() ends in SIGTRAP, for which libFuzzer writes no crash file; for SIGABRT it does. */
#include <signal.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);

static void abort_instead(int signal_number)
{
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)signal(SIGTRAP, abort_instead);
    return 0;
}
