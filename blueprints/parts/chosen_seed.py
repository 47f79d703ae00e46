"""A seed of the organisation's, chosen at launch: an archive in one of its buckets, or a git repository.

Owns the question and the permission to read what may be chosen. Where nothing is chosen, the catalogue's seed is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import If, Ref, Sub

from . import buckets
from .access import Statement, allow, arn
from .buckets import Bucket
from .form import ask, given, or_empty
from .project import Project

GROUP = "Code"
ADDRESS = r"^(s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[\w!.*'()/-]+\.zip|https://[^\s@#]+(#[\w./-]+)?)$"


@dataclass(frozen=True)
class Choice:
    """Where a seed may come from."""

    project: Project
    buckets: tuple[Bucket, ...]
    repositories: tuple[str, ...]
    """Names of CodeCommit repositories of the account and region, * for any text."""

    def asked(self, half: str, title: str, shipped: Sub) -> If:
        """The seed that was chosen for the half, or the one that the catalogue ships."""
        template = self.project.template
        name = f"{title}SeedAddress"
        ask(
            template,
            name,
            group=GROUP,
            label=f"Seed for {half}",
            description=(
                f"What the {half} code begins with: an archive as s3://bucket/key.zip, or a git repository as "
                "https://address, with #tag or #branch at its end where it is not the main one. Empty: the catalogue's."
            ),
            default="",
            pattern=or_empty(ADDRESS),
            constraint="s3://bucket/key.zip, or an https address without a password; or nothing.",
        )
        return If(given(template, name), Ref(name), shipped)

    def read(self) -> list[Statement]:
        """To read what may be chosen."""
        statements = [each for bucket in self.buckets for each in buckets.statements(bucket)]
        if self.repositories:
            statements.append(
                allow(["codecommit:GitPull"], [arn("codecommit", name) for name in self.repositories])
            )
        return statements
