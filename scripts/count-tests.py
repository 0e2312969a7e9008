#!/usr/bin/env python3
"""Adds up what scripts/test ran: 'N passed, N failed, N skipped'; exit status 1 when one failed.

Each line of the results file is 'name kind status report'. A case counts once: repeats of counted
cases ('again') and steps without cases ('step') count only when they fail.
"""
import sys
import xml.etree.ElementTree as xml


def cases(report):
    """(passed, failed, skipped) of a JUnit file; nothing when there is none."""
    passed = failed = skipped = 0
    try:
        root = xml.parse(report).getroot()
    except (OSError, xml.ParseError):
        return 0, 0, 0
    for case in root.iter("testcase"):
        tags = {child.tag for child in case}
        if tags & {"failure", "error"}:
            failed += 1
        elif "skipped" in tags:
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    total = [0, 0, 0]
    with open(sys.argv[1], encoding="utf-8") as results:
        for line in results:
            _, kind, status, report = line.split()
            passed, failed, skipped = cases(report) if kind != "step" else (0, 0, 0)
            if status != "0" and failed == 0:
                failed = 1
            total[1] += failed
            if kind == "count":
                total[0] += passed
                total[2] += skipped
    print("{} passed, {} failed, {} skipped".format(*total))
    return 1 if total[1] or not total[0] else 0


if __name__ == "__main__":
    sys.exit(main())
