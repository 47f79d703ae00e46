"""Linting templates: cfn-lint's rules and the house's own, in every region, with nothing of the user's machine in it.

Owns what a finding, a suppression and a job are, and the order of the steps: cached findings, then a run, then suppressions.
It must not import cfnlint itself (that takes a second): `engine` does, when something is first linted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from generator.errors import did_you_mean, fail

UNUSED_SUPPRESSION = "E9000"


@dataclass(frozen=True)
class Finding:
    """What a rule says about one place of one template, with the regions that it holds for.

    `path` runs from the template's root, `source` is the address of the rule's own documentation, and `line` and `column`
    count from 1 in the template's text; they are 0 when there is no text.
    """

    product: str
    path: tuple[str | int, ...]
    rule: str
    level: str
    message: str
    regions: tuple[str, ...]
    blueprint: str
    source: str
    line: int = 0
    column: int = 0

    @classmethod
    def read(cls, record: Mapping[str, Any]) -> Finding:
        """A finding from its fields as JSON has them."""
        return cls(**{**record, "path": tuple(record["path"]), "regions": tuple(record["regions"])})

    def __lt__(self, other: Finding) -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[object, ...]:
        # A list index and a key may meet at one depth, and Python compares no int with a str.
        path = tuple((part, "") if isinstance(part, int) else (-1, part) for part in self.path)
        return (self.product, path, self.rule, self.level, self.message, self.regions, self.blueprint)

    @property
    def place(self) -> str:
        """The path as people write it: Resources/Bucket/Properties/BucketName."""
        return "/".join(map(str, self.path)) or "the template"


@dataclass(frozen=True, order=True)
class Suppression:
    """A rule that a blueprint sets aside for one part of its template, with the reason.

    `path` is `Resources/<logical id>`, or deeper; everything below it is meant. One that sets nothing aside is a finding
    of its own, so that none outlives its reason. Metadata in a template suppresses nothing.
    """

    rule: str
    path: str
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise fail(
                f"lint exception {self.rule} {self.path}",
                "it has no reason",
                "Say why the rule may be broken there.",
            )
        if self.path.count("/") < 1:
            raise fail(
                f"lint exception {self.rule} {self.path}",
                "it covers too much",
                "Name one part of the template, such as Resources/Bucket.",
            )

    def covers(self, finding: Finding) -> bool:
        parts = tuple(self.path.strip("/").split("/"))
        return finding.rule == self.rule and tuple(map(str, finding.path))[: len(parts)] == parts


@dataclass(frozen=True)
class Job:
    """A template to lint: its text, whose it is, the regions, and what its blueprint sets aside."""

    text: str
    product: str
    blueprint: str
    regions: tuple[str, ...]
    exceptions: tuple[Suppression, ...] = ()


def lint(
    template: Mapping[str, Any],
    *,
    text: str,
    product: str,
    blueprint: str,
    regions: Sequence[str],
    exceptions: Sequence[Suppression] = (),
    cache: Path | None = None,
) -> tuple[Finding, ...]:
    """The findings of a template, merged over the regions, in the template's order of paths.

    `text` is what is linted, so that findings know their line. Where there is none (a blueprint's own test) it is empty,
    and the template itself is linted. Raises FactoryError for an unknown region.
    """
    from generator.lint import engine

    job = Job(text or engine.text_of(template), product, blueprint, tuple(regions), tuple(exceptions))
    (found,) = lint_many([job], processes=1, cache=cache)
    return found if text else tuple(replace(finding, line=0, column=0) for finding in found)


def lint_many(
    jobs: Sequence[Job], *, processes: int, cache: Path | None = None
) -> tuple[tuple[Finding, ...], ...]:
    """The findings of many templates, in the order of the jobs and as if each were linted alone.

    Threads don't help here; from a few dozen templates on, more than one process does. `cache` is a folder that any number
    of processes may share: what it has is not linted again.
    """
    from generator.lint import schemas, store, workers

    for region in sorted({region for job in jobs for region in job.regions} - schemas.regions()):
        raise fail(
            "regions to lint for", f"there is no region {region}", did_you_mean(region, schemas.regions())
        )
    for job in jobs:
        # cfn-lint would take the region of the environment.
        if not job.regions:
            raise fail(f"regions to lint {job.product} for", "there are none", "Name at least one region.")
    known = [store.load(cache, job) for job in jobs]
    missing = [job for job, found in zip(jobs, known, strict=True) if found is None]
    fresh = iter(workers.run(missing, processes))
    results = []
    for job, found in zip(jobs, known, strict=True):
        if found is None:
            found = next(fresh)
            store.save(cache, job, found)
        results.append(_suppressed(job, found))
    return tuple(results)


def _suppressed(job: Job, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The findings without those set aside, and one for each suppression that set nothing aside."""
    left = [finding for finding in findings if not any(one.covers(finding) for one in job.exceptions)]
    unused = [one for one in job.exceptions if not any(one.covers(finding) for finding in findings)]
    left += [
        Finding(
            product=job.product,
            path=tuple(one.path.strip("/").split("/")),
            rule=UNUSED_SUPPRESSION,
            level="error",
            message=f"The lint exception for {one.rule} applies to nothing here. Remove it from the blueprint.",
            regions=tuple(sorted(job.regions)),
            blueprint=job.blueprint,
            source="",
        )
        for one in unused
    ]
    return tuple(sorted(left))
