"""Reads a log as monitors written in Python do: each line is tried by each pattern, and handed to a reader of stack traces.

The reader of traces keeps no more than a state: what opens a trace in Python, Node, Java, Go or Rust, what goes on with it,
and what ends it. Everything is compiled and local, and a line that is part of no trace costs it two looks.
"""
import json
import re
import sys
import time

PYTHON = "Traceback (most recent call last):"
OPENS = re.compile(r"(?P<frames>\s+at )|(?P<go>panic: |fatal error: )|(?P<rust>thread '.*' panicked at )").match
GOES_ON = {
    "python": re.compile(r'\s').match,
    "frames": re.compile(r"\s+at |\s*Caused by: |\s+\.\.\. \d+ more|\s*Suppressed: ").match,
    "go": re.compile(r"goroutine \d+ |\t|\[signal |[\w./*()-]+\(|created by ").match,
    "rust": re.compile(r"stack backtrace:|\s+\d+: |\s+at |note: ").match,
}
MOST_LINES = 500
MOST_OTHERS = 2


def read(log, searches):
    lines = hits = 0
    traces, trace, before = [], None, ""
    for line in log:
        lines += 1
        line = line.rstrip("\n")
        for search in searches:
            if search(line):
                hits += 1
        if trace is None:
            if line.endswith(PYTHON):
                trace, goes_on, is_python, others = [line], GOES_ON["python"], True, 0
            elif found := OPENS(line):
                trace, goes_on, is_python, others = [before, line], GOES_ON[found.lastgroup], False, 0
        elif len(trace) >= MOST_LINES:
            traces.append(trace)
            trace = None
        elif goes_on(line):
            trace.append(line)
            others = 0
        elif is_python:
            # What was thrown closes it.
            trace.append(line)
            traces.append(trace)
            trace = None
        else:
            others += 1
            if others < MOST_OTHERS and line:
                trace.append(line)
            else:
                traces.append(trace)
                trace = None
        before = line
    if trace is not None:
        traces.append(trace)
    return {"lines": lines, "hits": hits, "traces": len(traces)}


def main(path, *sources):
    searches = [re.compile(source).search for source in sources]
    wall, cpu = time.perf_counter(), time.process_time()
    with open(path, encoding="utf-8", errors="replace") as log:
        seen = read(log, searches)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    json.dump({**seen, "wallMs": wall * 1000, "cpuMs": cpu * 1000}, sys.stdout)


main(*sys.argv[1:])
