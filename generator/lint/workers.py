"""Linting in several processes.

Owns the split of jobs over workers and what passes between them: a job and its findings as one line of JSON each. A worker
is a fresh interpreter, not a fork (the caller may have threads) and not a multiprocessing child (that would run the
caller's main script again).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO

from generator.errors import fail
from generator.lint import Finding, Job

# Starting a worker takes as long as linting this many templates.
WORTH_A_WORKER = 16


def run(jobs: Sequence[Job], processes: int) -> list[tuple[Finding, ...]]:
    """The findings of each job, in order; in this process when there is too little to share."""
    shares = min(processes, len(jobs) // WORTH_A_WORKER)
    if shares < 2:
        if not jobs:
            return []
        from generator.lint import engine

        return [engine.run(job) for job in jobs]
    # Long templates are dealt out first, so that the shares take about equally long.
    order = sorted(range(len(jobs)), key=lambda index: -len(jobs[index].text))
    deals = [order[start::shares] for start in range(shares)]
    with ThreadPoolExecutor(shares) as pool:
        answers = list(pool.map(lambda deal: _ask([jobs[index] for index in deal]), deals))
    found = {
        index: got
        for deal, answer in zip(deals, answers, strict=True)
        for index, got in zip(deal, answer, strict=True)
    }
    return [found[index] for index in range(len(jobs))]


def _ask(jobs: Sequence[Job]) -> list[tuple[Finding, ...]]:
    lines = "".join(json.dumps([job.text, job.product, job.blueprint, job.regions]) + "\n" for job in jobs)
    root = Path(__file__).parents[2]
    worker = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", __name__],
        input=lines,
        capture_output=True,
        encoding="utf-8",
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    answers = [json.loads(line) for line in worker.stdout.splitlines()]
    if worker.returncode != 0 or len(answers) != len(jobs):
        raise fail(
            "lint",
            f"a worker process ended with {worker.returncode}: {worker.stderr[-2000:]}",
            "Run it again.",
        )
    return [tuple(Finding.read(found) for found in answer) for answer in answers]


def answer(questions: IO[str], answers: IO[str]) -> None:
    """The worker's side: lint each line's job and write its findings as a line."""
    from generator.lint import engine

    for line in questions:
        text, product, blueprint, regions = json.loads(line)
        found = engine.run(Job(text, product, blueprint, tuple(regions)))
        answers.write(json.dumps([vars(finding) for finding in found]) + "\n")


if __name__ == "__main__":
    answer(sys.stdin, sys.stdout)
