"""What a template's launch role and its comparison with a published one cost, in a process whose tables are loaded.

`python -m tests.bench.roles` prints a JSON line for each: what, the median and the slowest in milliseconds of the
processor, and how much of that time linting the same templates takes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from statistics import median

from generator import lint
from generator.catalogue import LOCAL
from generator.draft import Draft, draft
from generator.launch_role import Scope, synthesise
from generator.load import load
from generator.template_diff.comparison import compare
from tests.conftest import ROOT

ROUNDS = 5


def milliseconds(
    work: Callable[[Draft], object], drafts: Sequence[Draft], rounds: int = ROUNDS
) -> list[float]:
    """The median for each draft, after one round that loads what has to be loaded."""
    for each in drafts:
        work(each)
    return [median(_took(work, each) for _ in range(rounds)) for each in drafts]


def _took(work: Callable[[Draft], object], one: Draft) -> float:
    started = time.process_time()
    work(one)
    return 1000 * (time.process_time() - started)


def main() -> None:
    catalogue = load(ROOT)
    target = catalogue.target(LOCAL)
    drafts = [draft(product, catalogue, target) for product in catalogue.products.values()]
    drafts.sort(key=lambda one: len(one.content))

    def linted(one: Draft) -> object:
        job = lint.Job(one.content.decode(), one.product.id, one.file, one.regions, one.exceptions)
        return lint.lint_many([job], processes=1)

    def role(one: Draft) -> object:
        return synthesise(one.template, Scope(catalogue.name, one.product.id, tuple(target.spec.regions)))

    def compared(one: Draft) -> object:
        # Against the product's next in size: nearly everything differs, which no new version makes happen.
        return compare("1.0.0", drafts[drafts.index(one) - 1].template, one.template)

    base = sum(milliseconds(linted, drafts, 1))
    for name, work in (("launch role", role), ("comparison, all different", compared)):
        took = milliseconds(work, drafts)
        print(json.dumps([name, len(drafts), median(took), max(took), sum(took) / base]))


if __name__ == "__main__":
    main()
