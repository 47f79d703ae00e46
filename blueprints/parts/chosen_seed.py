"""A seed of the organisation's, chosen at launch: an archive in one of its buckets, or one of its repositories.

Owns the question and the permission to read what may be chosen. Where nothing is chosen, the catalogue's seed is taken. A
seed's commands run under the project's roles: buckets that are not the catalogue's IAM refuses, but to a public repository of
git nobody's permission is asked, so that the question takes the addresses of the named repositories and no others.
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
ARCHIVE = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[\w!.*'()/-]+\.zip"
HOST = r"https://git-codecommit\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/v1/repos/"
REF = r"(#[\w./-]+)?"


@dataclass(frozen=True)
class Choice:
    """Where a seed may come from."""

    project: Project
    buckets: tuple[Bucket, ...]
    repositories: tuple[str, ...]
    """Names of CodeCommit repositories of the account and region, * for any text."""

    @property
    def pattern(self) -> str:
        """What addresses of seeds are like."""
        forms = [ARCHIVE] if self.buckets else []
        if self.repositories:
            # A repository's name is letters, digits, dots, hyphens and underscores.
            names = "|".join(name.replace(".", r"\.").replace("*", r"[\w.-]*") for name in self.repositories)
            forms.append(f"{HOST}({names}){REF}")
        return f"^({'|'.join(forms)})$"

    @property
    def described(self) -> str:
        """What addresses of seeds are like, in words."""
        forms = ["an archive as s3://bucket/key.zip"] if self.buckets else []
        if self.repositories:
            forms.append(
                f"the https address of a CodeCommit repository of this account, called {' or '.join(self.repositories)}, "
                "with #tag or #branch at its end where it is not the main one"
            )
        return ", or ".join(forms)

    def asked(self, half: str, title: str, shipped: Sub) -> If:
        """The seed that was chosen for the half, or the one that the catalogue ships."""
        template = self.project.template
        name = f"{title}SeedAddress"
        ask(
            template,
            name,
            group=GROUP,
            label=f"Seed for {half}",
            description=f"What the {half} code begins with: {self.described}. Empty: the catalogue's.",
            default="",
            pattern=or_empty(self.pattern),
            constraint=f"Nothing, or {self.described}.",
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
