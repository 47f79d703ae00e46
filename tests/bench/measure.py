"""Processes of their own, measured: seconds on the clock and of the processor, and the largest memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Run:
    """`memory` is the largest resident set, in MB, of the process or of one that it started.

    Linux counts what its parent held when it was forked, so the parent has to stay small.
    """

    seconds: float
    processor: float
    memory: float
    output: str = ""


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str], codes: tuple[int, ...] = (0,)
) -> Run:
    """Run a command to its end; raises when it ends otherwise than expected."""
    started = time.perf_counter()
    with subprocess.Popen(
        [str(word) for word in command],
        env={**environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        said = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in codes:
        raise SystemExit(f"{command[0]} ended with {process.returncode}:\n{said}")
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said)


def middle(runs: Sequence[Run]) -> Run:
    """The medians of several runs; of the memory the largest."""
    return Run(
        median(each.seconds for each in runs),
        median(each.processor for each in runs),
        max(each.memory for each in runs),
    )
