#!/usr/bin/env python3
"""Breaks one promise on purpose: mutants.py NAME FILE OUT writes FILE with one change.

A mutant whose text is no longer there builds a program that says so and fails.
"""
import pathlib
import sys

MUTANTS = {
    # promise 1
    "gap-stepped-over": [(
        "        if (step != AK_WALK_EVENT) {\n            gboolean is_accepted;\n\n"
        "            if (!cross_break(feed, step, FALSE, &is_accepted, error))",
        "        if (step == AK_WALK_GAP) {\n            ak_walk_step_over(feed->walk);\n"
        "            continue;\n        }\n"
        "        if (step != AK_WALK_EVENT) {\n            gboolean is_accepted;\n\n"
        "            if (!cross_break(feed, step, FALSE, &is_accepted, error))")],
    "late-rows-forgotten": [(
        "        if (!look_up(walk, out_row, out_done, error))\n            return FALSE;\n", "")],
    "commit-before-put": [(
        "(void)!ak_flight_put(job->flight, config, &job->error);",
        "job->flight->state = AK_FLIGHT_PUT;"), (
        "(void)!ak_flight_commit(job->flight, writer, session->epoch, &job->error);",
        "if (ak_flight_commit(job->flight, writer, session->epoch, &job->error))\n"
        "            (void)!ak_flight_put(job->flight, config, &job->error);")],
    "put-error-ignored": [(
        "    if (job->error != NULL)\n        fail(pipeline,",
        "    if (job->kind == JOB_PUT && job->error != NULL) {\n"
        "        g_clear_error(&job->error);\n        job->flight->state = AK_FLIGHT_PUT;\n    }\n"
        "    if (job->error != NULL)\n        fail(pipeline,")],
    "way-back-forgotten": [("if (waiting->row.is_archived || holders.is_shared)", "if (TRUE)")],
    # promise 2
    "plan-skipped": [(
        "    if (!source->driver->plan(source, epoch, row, error))\n        return FALSE;\n", "")],
    "plans-forgotten": [("!ak_session_recover(session, error) || ", "")],
    "any-object-taken": [(
        "return adopt_or_refuse(store, segment, lock_mode, plan, before, after, error);",
        "if (!ak_store_head(store, plan->key, NULL, &object, error))\n            return FALSE;\n"
        "        plan->version = g_strdup(object.version);\n"
        "        plan->object_bytes = object.size;\n"
        "        memcpy(plan->root, segment->manifest.root, AK_SHA256_LEN);\n"
        "        return TRUE;")],
    "other-content-taken": [("!is_planned_content(adoption, &footer) || ", "")],
    "hole-ends-catch-up": [(
        "    if (session->tree.size < name->first_index) {\n",
        "    if (session->tree.size < name->first_index)\n        return TRUE;\n"
        "    if (session->tree.size < name->first_index) {\n")],
    "hole-overrun": [("    ak_feed_bound(session->feed, end - 1);\n", "")],
    # promise 3
    "verdict-believed": [("        doubt_verdict(&session, &local);\n", "        (void)0;\n")],
    "race-believed": [(
        "    if (session->epoch != 0 &&\n        !writer->driver->lease_renew(",
        "    if (FALSE &&\n        !writer->driver->lease_renew(")],
    # promise 4
    "weak-lock-taken": [("!is_locked_enough(adoption, &object) ||", "")],
    "lock-too-short": [(
        ".retain_until_usec = plan->retain_until_usec,",
        ".retain_until_usec = plan->retain_until_usec - 86400000000LL,")],
    # promise 5
    "fault-dropped": [(
        "&result.info, result.faults, out);\n",
        "&result.info, 0, out);\n")],

    # seals
    "seal-too-early": [("(grace_ms != 0 ? grace_ms : DEFAULT_GRACE_MS) * 1000LL) - 1;",
                        "(grace_ms != 0 ? grace_ms : DEFAULT_GRACE_MS) * 1000LL);")],
    "seal-unplanned": [(
        "    if (!plan(sealer, row, error) || !ak_seal_put(config",
        "    if (!ak_seal_put(config")],
    "seal-plan-forgotten": [("    if (!sealed->has_plan)\n        return TRUE;\n",
                             "    return TRUE;\n")],
    "seals-not-caught-up": [(
        "    return is_stopped(up) || take_seals(up, ahead, error);", "    return TRUE;")],
    "any-seal-taken": [("    return ak_view_equal(bytes, ak_buf_view(&text));",
                        "    return TRUE;")],
    "sealed-day-open": [(
        "        ak_feed_open_day(pipeline->session->feed, open_day);", "        (void)open_day;")],
    "upkeep-starved": [("    if (!is_upkeep_due(pipeline))\n        start", "    start")],
    # acceptances
    "acceptance-not-archived": [("for (guint i = 0; batch->accepted != NULL &&",
                                 "for (guint i = 0; FALSE &&")],
    # silence
    "silence-forgotten": [("    if (interval == 0)\n", "    if (TRUE)\n")],
    # sinks
    "sink-gap-papered-over": [(
        "    if (tail->index < at->index)\n",
        "    if (FALSE)\n")],
    "sink-tail-ignored": [(
        "    if (tail->index > at->index)\n        return catch_up(self, tail, error);\n",
        "    if (tail->index > at->index)\n        return TRUE;\n")],
    "sink-hash-ignored": [(
        "    if ((self->sink->caps & AK_SINK_KNOWS_HASH) != 0 &&\n",
        "    if (FALSE &&\n")],
    "sink-pointer-first": [(
        "mark->to.index <= index) {\n",
        "(index == index)) {\n")],
}

STALE = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void mutant_is_stale(void)
{
    fputs("mutant '%s' no longer fits %s: mend tests/sim/mutants.py\\n", stderr);
    _Exit(99); /* an error, also for a test that has to fail */
}
"""


def main():
    name, path, out = sys.argv[1:]
    text = pathlib.Path(path).read_text(encoding="utf-8")
    changed = text
    for old, new in MUTANTS[name]:
        if changed.count(old) != 1:
            changed = text + STALE % (name, pathlib.Path(path).name)
            break
        changed = changed.replace(old, new)
    pathlib.Path(out).write_text(changed, encoding="utf-8")


if __name__ == "__main__":
    main()
