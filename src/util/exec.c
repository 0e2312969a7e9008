#include "util/exec.h"

typedef struct {
    AkExec base;
    GThreadPool *pool;
    GAsyncQueue *done;
} Threads;

typedef struct {
    AkTask task;
    gpointer job;
} Work;

static void run_work(gpointer data, gpointer user_data)
{
    Threads *threads = user_data;
    Work *work = data;
    gpointer job = work->job;

    work->task(job);
    g_free(work);
    g_async_queue_push(threads->done, job);
}

static void threads_submit(AkExec *exec, AkTask task, gpointer job)
{
    Threads *threads = (Threads *)exec;
    Work *work = g_new(Work, 1);

    *work = (Work){task, job};
    (void)g_thread_pool_push(threads->pool, work, NULL); /* a busy pool queues it */
}

static gpointer threads_wait(AkExec *exec, guint timeout_ms)
{
    return g_async_queue_timeout_pop(((Threads *)exec)->done, (guint64)timeout_ms * 1000);
}

static gint64 threads_now_usec(AkExec *exec)
{
    return g_get_real_time();
}

static void threads_free(AkExec *exec)
{
    Threads *threads = (Threads *)exec;

    g_thread_pool_free(threads->pool, FALSE, TRUE);
    g_async_queue_unref(threads->done);
    g_free(threads);
}

AkExec *ak_exec_threads_new(guint n_threads)
{
    static const AkExecDriver driver = {threads_submit, threads_wait, threads_now_usec,
                                        threads_free};
    Threads *threads = g_new0(Threads, 1);

    threads->base.driver = &driver;
    threads->done = g_async_queue_new();
    threads->pool = g_thread_pool_new(run_work, threads, (gint)n_threads, FALSE, NULL);
    return &threads->base;
}
