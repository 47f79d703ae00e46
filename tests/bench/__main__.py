"""`make bench`: how long things take and how much memory, against plain cfn-lint on the same templates in the same run.

Nothing is asserted: machines differ, and the ratios are to be read. `python -m tests.bench --quick` takes a tenth.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench import specs
from tests.bench.measure import Run, middle, run
from tests.conftest import ROOT

BIN = Path(sys.executable).parent
CATALOG = (sys.executable, "-m", "generator")
CLEAN = (0, 4, 8, 12)  # cfn-lint's exit codes for warnings and informational findings


def table(title: str, rows: Sequence[Sequence[str]]) -> None:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    print(f"\n{title}")
    for row in rows:
        numbers = (cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))
        print("  " + "  ".join([row[0].ljust(widths[0]), *numbers]), flush=True)


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


class Bench:
    """A folder to work in, and an environment without anything of the user's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "CATALOG_STATE": str(folder / "aws"),
        }

    def catalog(self, root: Path, *arguments: str) -> Run:
        return run([*CATALOG, "-C", root, *arguments], environment=self.environment)

    def builds(self, count: int, rounds: int) -> None:
        """Cold and warm builds and plain cfn-lint in turns, so that what else the machine does hits all of them."""
        root = specs.catalogue(self.folder / "catalogue", count)
        cold, warm, plain = [], [], []
        for _ in range(rounds):
            shutil.rmtree(root / ".catalog", ignore_errors=True)
            shutil.rmtree(root / "build", ignore_errors=True)
            cold.append(self.catalog(root, "build"))
            templates = sorted(root.glob("build/*/template.yaml"))
            assert len(templates) == count
            plain.append(
                run(
                    [BIN / "cfn-lint", "--regions", "us-east-1", "--template", *templates],
                    environment=self.environment,
                    codes=CLEAN,
                )
            )
            warm += [self.catalog(root, "build") for _ in range(2)]
        base = middle(plain)
        rows = [["", "time", "processor", "memory", "time, of cfn-lint's", "processor, of cfn-lint's"]]
        for name, each in (
            (f"cfn-lint alone, {count} templates", base),
            (f"catalog build, {count} products, cold", middle(cold)),
            (f"catalog build, {count} products, warm", middle(warm)),
        ):
            rows.append(
                [
                    name,
                    seconds(each.seconds),
                    seconds(each.processor),
                    f"{each.memory:.0f} MB",
                    f"{each.seconds / base.seconds:.2f}",
                    f"{each.processor / base.processor:.2f}",
                ]
            )
        table(
            f"Build ({rounds} rounds in turns, medians; memory of the largest process; cold lints in {os.cpu_count()} processes)",
            rows,
        )

    def starts(self, times: int) -> None:
        rows = [["", "time", "processor", "memory"]]
        for arguments in (("--help",), ("check",)):
            each = middle([self.catalog(ROOT, *arguments) for _ in range(times)])
            rows.append(
                [
                    f"catalog {arguments[0]}",
                    f"{1000 * each.seconds:.0f} ms",
                    f"{1000 * each.processor:.0f} ms",
                    f"{each.memory:.0f} MB",
                ]
            )
        table(f"Start (median of {times})", rows)

    def roles(self) -> None:
        measured = run([sys.executable, "-m", "tests.bench.roles"], environment=self.environment)
        rows = [["", "median", "slowest", "of linting them"]]
        for line in measured.output.splitlines():
            name, count, usual, most, share = json.loads(line)
            rows.append([f"{name}, {count} templates", f"{usual:.1f} ms", f"{most:.1f} ms", f"{share:.2f}"])
        table("Roles and versions (processor time of each template, tables loaded)", rows)

    def publishes(self, count: int) -> None:
        root = specs.catalogue(self.folder / "small", count)
        first = self.catalog(root, "publish", "--target", "local", "--yes")
        again = [self.catalog(root, "publish", "--target", "local", "--yes") for _ in range(3)]
        rows = [["", "time", "processor"]]
        for name, each in (("first, findings not cached", first), ("again, nothing to do", middle(again))):
            rows.append([name, seconds(each.seconds), seconds(each.processor)])
        table(f"Publish {count} products to the local AWS", rows)

    def local(self, marks: tuple[int, ...]) -> None:
        rows = [["", "each", "a second", "of the first"]]
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "tests.bench.local_aws",
            self.folder,
            *map(str, marks),
        ]
        # AWS's 350 products in a region are raised by a support case, too.
        environment = {**self.environment, "CATALOG_LIMITS": "products=100000"}
        measured = run(command, environment=environment)
        found = [json.loads(line) for line in measured.output.splitlines()]
        first = found[0][1]
        rows += [
            [name, f"{taken:.1f} ms", f"{1000 / taken:.0f}", f"{taken / first:.2f}"] for name, taken in found
        ]
        table("Local AWS (medians)", rows)
        creates = [taken for name, taken in found if name.startswith("create at")]
        print(
            f"  a create with {marks[-1]:,} products costs {creates[-1] / creates[0]:.2f} of one with {marks[0]:,};"
            f" all of it took {seconds(measured.seconds)} and {measured.memory:.0f} MB"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of everything, to see that it runs")
    quick = parser.parse_args().quick
    with TemporaryDirectory(prefix="bench-") as folder:
        bench = Bench(Path(folder))
        print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors", flush=True)
        bench.starts(3 if quick else 9)
        bench.local((10, 100) if quick else (10, 100, 1_000, 10_000))
        bench.roles()
        bench.publishes(2 if quick else 20)
        bench.builds(20 if quick else 200, 1 if quick else 2)


if __name__ == "__main__":
    main()
