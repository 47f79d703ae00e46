"""Seed check-in: the first commit of repositories that CloudFormation cannot fill.

Owns a build that runs git, a function that starts it and answers CloudFormation, and a custom resource per repository.
Git speaks to the provider by AWS's credential helper, so that there is no secret to keep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

from troposphere import Ref, Sub, awslambda, codebuild
from troposphere.cloudformation import AWSCustomObject

from generator.blueprint import Context

from .access import Statement, allow, distinct
from .chosen_seed import Choice
from .codebuild import Machine, build_project, run
from .functions import LONGEST_SECONDS, function
from .project import Project
from .surroundings import Surroundings

TITLE = "SeedCheckin"
SCRIPT = Path(__file__).parent / "scripts" / "checkin.sh"
HELPER = """git config --global credential.helper '!aws codecommit credential-helper $@'
git config --global credential.UseHttpPath true
"""


@dataclass(frozen=True)
class Target:
    """A repository to seed, with what the build and the function must be allowed for it."""

    half: str
    title: str
    url: object
    branch: str
    connection: Ref | None
    """What the address is reached by; nothing where the account's own credentials do."""
    use: tuple[Statement, ...]
    look_at: tuple[Statement, ...]


class SeedCheckin(AWSCustomObject):  # type: ignore[misc]  # troposphere ships no types
    """Fills one repository when it is created, or when it is exchanged for another; never takes anything away."""

    resource_type = "Custom::SeedCheckin"
    props = {
        "ServiceToken": (object, True),
        "ServiceTimeout": (int, True),
        "BuildProject": (object, True),
        "ConnectionArn": (object, False),
        "RepositoryUrl": (object, True),
        "Branch": (str, True),
        "Seed": (object, True),
    }


def buildspec() -> str:
    """What the build runs; its environment comes from whoever starts it."""
    commands = indent(HELPER + SCRIPT.read_text("utf-8"), " " * 10)
    return f"version: 0.2\nenv:\n  shell: bash\nphases:\n  build:\n    commands:\n      - |\n{commands}"


def checkin(
    project: Project,
    context: Context,
    around: Surroundings,
    targets: Sequence[Target],
    choice: Choice | None = None,
) -> list[str]:
    """Seed the repositories, with what is chosen where there is a choice; returns the titles after which they are filled."""
    seeds = [
        Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}/{context.seed_key(one.half)}", Bucket=context.bucket())
        for one in targets
    ]
    build = build_project(
        project,
        title=TITLE,
        suffix="seed-checkin",
        description="Commits the seed code of a SageMaker project to its repositories.",
        source=codebuild.Source(Type="NO_SOURCE", BuildSpec=buildspec()),
        environment={"AUTHOR": project.id},
        permissions=[
            allow(["s3:GetObject"], seeds),
            *distinct(each for one in targets for each in one.use),
            *(choice.read() if choice else []),
        ],
        machine=Machine("small", 10),
        around=around,
    )
    starter = function(
        project,
        context,
        around,
        title="Checkin",
        suffix="checkin",
        description="Starts the check-in of seed code and tells CloudFormation how it went.",
        permissions=[*run(build), *distinct(each for one in targets for each in one.look_at)],
    )
    return [_filled(project, context, one, build, starter, choice) for one in targets]


def _filled(
    project: Project,
    context: Context,
    target: Target,
    build: codebuild.Project,
    starter: awslambda.Function,
    choice: Choice | None,
) -> str:
    shipped = Sub(f"s3://${{Bucket}}/{context.seed_key(target.half)}", Bucket=context.bucket())
    connection = {"ConnectionArn": target.connection} if target.connection else {}
    made = project.add(
        SeedCheckin(
            f"{target.title}Seed",
            ServiceToken=starter.get_att("Arn"),
            ServiceTimeout=LONGEST_SECONDS + 60,
            BuildProject=build.ref(),
            RepositoryUrl=target.url,
            Branch=target.branch,
            Seed=choice.asked(target.half, target.title, shipped) if choice else shipped,
            **connection,
        )
    )
    return str(made.title)
