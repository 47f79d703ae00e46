"""The cache of findings, and linting in several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from generator.errors import FactoryError
from generator.lint import Finding, Job, Suppression, lint_many, store
from tests.lint import samples

JOB = Job(samples.FAULTY, "p", "b", ("us-east-1",))


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def lint_one(job: Job, folder: Path | None) -> tuple[Finding, ...]:
    (found,) = lint_many([job], processes=1, cache=folder)
    return found


def test_what_was_found_once_is_not_looked_for_again(tmp_path: Path) -> None:
    found = lint_one(JOB, tmp_path)
    (entry,) = entries(tmp_path)
    # An entry that says something else shows that it is what is read.
    fewer = json.loads(entry.read_text())["findings"][:1]
    entry.write_text(json.dumps({"sha256": store._digest(fewer), "findings": fewer}))
    assert lint_one(JOB, tmp_path) == found[:1]
    assert lint_one(JOB, None) == found


def test_an_entry_serves_every_product_with_the_same_template(tmp_path: Path) -> None:
    lint_one(JOB, tmp_path)
    other = lint_one(replace(JOB, product="q", blueprint="c"), tmp_path)
    assert len(entries(tmp_path)) == 1
    assert {(finding.product, finding.blueprint) for finding in other} == {("q", "c")}


def test_text_and_regions_are_part_of_the_key_and_their_order_is_not(tmp_path: Path) -> None:
    lint_one(JOB, tmp_path)
    lint_one(replace(JOB, text=JOB.text + "\n"), tmp_path)
    lint_one(replace(JOB, regions=("eu-west-1", "us-east-1")), tmp_path)
    assert len(entries(tmp_path)) == 3
    lint_one(replace(JOB, regions=("us-east-1", "eu-west-1")), tmp_path)
    assert len(entries(tmp_path)) == 3


def test_suppressions_are_applied_to_what_is_cached(tmp_path: Path) -> None:
    lint_one(JOB, tmp_path)
    suppressed = lint_one(
        replace(JOB, exceptions=(Suppression("E9004", "Resources/Volume", "Why."),)), tmp_path
    )
    assert "E9004" not in {finding.rule for finding in suppressed}
    assert len(entries(tmp_path)) == 1
    assert "E9004" in {finding.rule for finding in lint_one(JOB, tmp_path)}


@pytest.mark.parametrize(
    "damage", ["", "{", "null", "[]", '{"findings": []}', '{"sha256": "x", "findings": []}', "\x00" * 9]
)
def test_a_damaged_entry_is_worked_out_again(damage: str, tmp_path: Path) -> None:
    found = lint_one(JOB, tmp_path)
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    entry.write_text(damage)
    assert lint_one(JOB, tmp_path) == found
    assert entry.read_bytes() == whole


def test_an_entry_of_other_fields_is_worked_out_again(tmp_path: Path) -> None:
    found = lint_one(JOB, tmp_path)
    (entry,) = entries(tmp_path)
    strange = [{"product": "p", "surprise": 1}]
    entry.write_text(json.dumps({"sha256": store._digest(strange), "findings": strange}))
    assert lint_one(JOB, tmp_path) == found


def test_a_half_written_entry_never_has_its_name(tmp_path: Path) -> None:
    found = lint_one(JOB, tmp_path)
    (entry,) = entries(tmp_path)
    (entry.parent / ".left.tmp").write_text('{"sha')
    assert lint_one(JOB, tmp_path) == found
    assert [path.name for path in entries(tmp_path)] == [".left.tmp", entry.name]


def test_a_cache_that_cannot_be_written_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FactoryError, match=r"lint cache: .*file.*cannot be written"):
        lint_one(JOB, tmp_path / "file")


def test_processes_may_share_a_cache(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from generator.lint import Job, lint_many; from tests.lint import samples;"
        "jobs = [Job(samples.FAULTY + '#' * n, 'p', 'b', ('us-east-1',)) for n in range(4)];"
        "print(len(lint_many(jobs, processes=1, cache=Path(sys.argv[1]))))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) for _ in range(2)
    ]
    assert [process.communicate()[0] for process in running] == ["4\n", "4\n"]
    assert len(entries(tmp_path)) == 4
    assert all(json.loads(path.read_text())["findings"] for path in entries(tmp_path))


def test_many_processes_find_what_one_does_in_the_same_order(tmp_path: Path) -> None:
    texts = [samples.FAULTY + "#" * n if n % 3 else samples.CLEAN + "#" * n for n in range(36)]
    jobs = [Job(text, f"p{n}", "b", ("us-east-1",)) for n, text in enumerate(texts)]
    together = lint_many(jobs, processes=2, cache=tmp_path)
    assert together == lint_many(jobs, processes=1)
    assert next(finding.product for found in together for finding in found) == "p1"
    assert len(entries(tmp_path)) == 36
    assert lint_many(jobs, processes=2, cache=tmp_path) == together


def test_nothing_to_lint() -> None:
    assert lint_many([], processes=2) == ()
