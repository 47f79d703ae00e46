"""Git provider external: repositories at any git server that speaks https, made by its API where it is GitLab.

Owns the questions for the server, and the function that makes, fills and watches over the repositories. A repository is its
team's: it is seeded once and never taken away. How pushes reach a pipeline is `push_hook`'s business.
"""

from __future__ import annotations

from collections.abc import Sequence

from troposphere import Ref, Sub
from troposphere.cloudformation import AWSCustomObject

from .access import allow
from .cleanup import TITLE as CLEANUP
from .codepipeline import Repository
from .form import ask
from .foundation import Foundation
from .functions import LONGEST_SECONDS, function
from .half import TITLES
from .project_options import ProjectOptions
from .push_hook import GIT_MEGABYTES, Watched, pushes, source
from .server_secrets import SERVER_URL, ask_secret

GROUP = "Git"


class RepositorySeed(AWSCustomObject):  # type: ignore[misc]  # troposphere ships no types
    """Fills one repository when it is created, or when it is exchanged for another; takes nothing away but its hook."""

    resource_type = "Custom::RepositorySeed"
    props = {
        "ServiceToken": (object, True),
        "ServiceTimeout": (int, True),
        "Server": (str, True),
        "ServerUrl": (object, True),
        "RepositoryPath": (object, True),
        "Branch": (str, True),
        "CredentialsSecretArn": (object, True),
        "SeedBucket": (object, True),
        "SeedKey": (str, True),
        "Author": (object, True),
        "HookUrl": (object, False),
        "HookSecretArn": (object, False),
        "SourceBucket": (object, False),
        "SourceKey": (str, False),
    }


def external_repositories(
    options: ProjectOptions, shared: Foundation, halves: Sequence[str]
) -> tuple[dict[str, Repository], tuple[str, ...]]:
    """The repositories of the halves, and the titles after which they are filled."""
    project, context = shared.project, shared.context
    server = ask(
        project.template,
        "GitServerUrl",
        group=GROUP,
        label="Git server",
        description="Address of the git server, over https; repositories are found below it.",
        pattern=SERVER_URL,
        constraint="An https address without a slash at its end, such as https://gitlab.example.com.",
    )
    secret = ask_secret(
        project,
        "GitSecretArn",
        server,
        group=GROUP,
        server="the git server",
        use="may read and write the repositories"
        + (", and use the API (scope api)" if options.git_server == "gitlab" else ""),
    )
    paths = {half: _ask_path(options, shared, half) for half in halves}
    urls = {half: Sub(f"${{GitServerUrl}}/${{{path.data['Ref']}}}.git") for half, path in paths.items()}
    # Jenkins hears of pushes by itself.
    watched = pushes(shared, urls, options.branch, secret) if options.ci == "codepipeline" else Watched()
    seeds = [
        Sub(f"arn:${{AWS::Partition}}:s3:::${{Bucket}}/{context.seed_key(half)}", Bucket=context.bucket())
        for half in halves
    ]
    filler = function(
        project,
        context,
        shared.around,
        title="GitSeed",
        suffix="git-seed",
        description="Fills repositories with seed code, and has their server tell of pushes.",
        permissions=[allow(["s3:GetObject"], seeds), *secret.read(), *watched.permissions],
        megabytes=GIT_MEGABYTES,
    )
    filled = tuple(
        project.add(
            RepositorySeed(
                f"{TITLES[half]}Seed",
                ServiceToken=filler.get_att("Arn"),
                ServiceTimeout=LONGEST_SECONDS + 60,
                Server=options.git_server,
                ServerUrl=server,
                RepositoryPath=path,
                Branch=options.branch,
                CredentialsSecretArn=secret.arn,
                SeedBucket=context.bucket(),
                SeedKey=context.seed_key(half),
                Author=project.id,
                **watched.told(half),
                # What it brings to the bucket, the clean-up takes away, after a creation that failed too.
                DependsOn=CLEANUP,
            )
        ).title
        for half, path in paths.items()
    )
    return {half: source(shared, half, urls[half]) for half in halves}, filled


def _ask_path(options: ProjectOptions, shared: Foundation, half: str) -> Ref:
    made = "it is made if it does not exist" if options.git_server == "gitlab" else "it exists already"
    return ask(
        shared.project.template,
        f"{TITLES[half]}RepositoryName",
        group=GROUP,
        label=f"Repository for {half}",
        description=(
            f"The repository for the {half} code with its groups, as group/name; {made}, and is seeded if its branch "
            f"{options.branch} does not exist."
        ),
        pattern=r"^[\w.-]+(/[\w.-]+)+$",
        length=(3, 200),
        constraint="The repository with its group or groups, such as acme/models/churn.",
    )
