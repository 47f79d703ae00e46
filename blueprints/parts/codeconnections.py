"""Git provider CodeConnections: a repository at GitHub, GitHub Enterprise, GitLab or Bitbucket, reached by a connection.

Owns the questions for connection and repository, and the permissions to use them. The connection is made, and its
handshake completed, by a person; the repository exists already, since a connection cannot create one.
"""

from __future__ import annotations

from troposphere import Ref, Select, Split, Sub, codepipeline

from .access import Statement, allow
from .checkin import Target
from .codepipeline import Action, Repository
from .form import ask
from .project import Project

CONNECTION = "ConnectionArn"
GROUP = "Git"
# The service was called CodeStar Connections; ARNs of both names are in use, and each wants the prefix of its own.
PREFIXES = ("codeconnections", "codestar-connections")


def connected_repository(
    project: Project, *, half: str, title: str, branch: str
) -> tuple[Repository, Target]:
    """The repository that holds, or is to hold, the code of `half`, and what seeding it takes."""
    template = project.template
    connection = ask(
        template,
        CONNECTION,
        group=GROUP,
        label="Connection",
        description="ARN of the connection to your git provider; it must be available, not pending.",
        pattern=r"^arn:[a-z0-9-]+:(codeconnections|codestar-connections):[a-z0-9-]+:\d{12}:connection/[0-9a-f-]{36}$",
        constraint="The ARN of a connection, from Developer Tools > Settings > Connections.",
    )
    full_name = ask(
        template,
        f"{title}RepositoryName",
        group=GROUP,
        label=f"Repository for {half}",
        description=f"The repository for the {half} code, as owner/name; it is seeded if its branch {branch} does not exist.",
        pattern=r"^[\w.-]+(/[\w.-]+)+$",
        length=(3, 200),
        constraint="The repository with its owner or groups, such as acme/churn-model.",
    )
    source = codepipeline.Actions(
        Name="Source",
        ActionTypeId=codepipeline.ActionTypeId(
            Category="Source", Owner="AWS", Provider="CodeStarSourceConnection", Version="1"
        ),
        Configuration={
            "ConnectionArn": connection,
            "FullRepositoryId": full_name,
            "BranchName": branch,
            "OutputArtifactFormat": "CODE_ZIP",
            "DetectChanges": "true",  # the connection tells the pipeline of pushes; nothing polls
        },
        OutputArtifacts=[codepipeline.OutputArtifacts(Name=Repository.ARTIFACT)],
        RunOrder=1,
    )
    url = Sub(
        f"https://codeconnections.${{Region}}.${{AWS::URLSuffix}}/git-http/${{Account}}/${{Region}}/${{Id}}/${{{title}RepositoryName}}.git",
        **_parts(connection),
    )
    return (
        Repository(Action(source, use(connection, full_name)), address=full_name),
        Target(
            half=half,
            title=title,
            url=url,
            branch=branch,
            use=use(connection, full_name),
            look_at=look_at(connection),
            connection=connection,
        ),
    )


def use(connection: Ref, repository: Ref) -> tuple[Statement, ...]:
    """To read and write one repository through the connection; requests that are about no repository name none."""
    return tuple(
        allow(
            [f"{prefix}:UseConnection"],
            [_arn(connection, prefix)],
            {"StringEqualsIfExists": {f"{prefix}:FullRepositoryId": repository}},
        )
        for prefix in PREFIXES
    )


def look_at(connection: Ref) -> tuple[Statement, ...]:
    """To see whether the connection is available."""
    return tuple(allow([f"{prefix}:GetConnection"], [_arn(connection, prefix)]) for prefix in PREFIXES)


def _arn(connection: Ref, prefix: str) -> Sub:
    """The connection's ARN in one of its two forms, whichever was given."""
    return Sub(
        f"arn:${{AWS::Partition}}:{prefix}:${{Region}}:${{Account}}:connection/${{Id}}", **_parts(connection)
    )


def _parts(connection: Ref) -> dict[str, Select]:
    return {
        "Region": Select(3, Split(":", connection)),
        "Account": Select(4, Split(":", connection)),
        "Id": Select(1, Split("/", connection)),
    }
