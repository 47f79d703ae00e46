"""Git provider CodeCommit: a repository made and seeded with the stack, and what reading and watching it takes."""

from __future__ import annotations

from troposphere import GetAtt, codecommit, codepipeline

from generator.blueprint import Context

from .access import allow
from .checkin import Target
from .codepipeline import Action, Repository
from .project import Project
from .retention import Retention


def codecommit_repository(
    project: Project,
    context: Context,
    retention: Retention,
    *,
    half: str,
    title: str,
    branch: str,
    seeded: bool = True,
) -> Repository:
    """The repository `<half>`, whose first commit is the seed; without `seeded` it is left empty, to be filled.

    CodeCommit reads the seed at creation only: a later version of the product leaves what people have written alone. It
    encrypts with its own key; the project's would have to be granted to everybody who pushes.
    """
    code = codecommit.Code(
        BranchName=branch, S3=codecommit.S3(Bucket=context.bucket(), Key=context.seed_key(half))
    )
    repository = project.add(
        codecommit.Repository(
            f"{title}Repository",
            RepositoryName=project.named(half, limit=100),
            RepositoryDescription=f"{half} code of a SageMaker project",
            **({"Code": code} if seeded else {}),
            **retention.of_code(),
        )
    )
    source = Action(
        codepipeline.Actions(
            Name="Source",
            ActionTypeId=codepipeline.ActionTypeId(
                Category="Source", Owner="AWS", Provider="CodeCommit", Version="1"
            ),
            Configuration={
                "RepositoryName": repository.get_att("Name"),
                "BranchName": branch,
                "PollForSourceChanges": "false",
                "OutputArtifactFormat": "CODE_ZIP",
            },
            OutputArtifacts=[codepipeline.OutputArtifacts(Name=Repository.ARTIFACT)],
            RunOrder=1,
        ),
        (
            allow(
                [
                    "codecommit:CancelUploadArchive",
                    "codecommit:GetBranch",
                    "codecommit:GetCommit",
                    "codecommit:GetUploadArchiveStatus",
                    "codecommit:UploadArchive",
                ],
                [repository.get_att("Arn")],
            ),
        ),
    )
    return Repository(
        source,
        address=repository.get_att("CloneUrlHttp"),
        pull=(allow(["codecommit:GitPull"], [repository.get_att("Arn")]),),
        event={
            "source": ["aws.codecommit"],
            "detail-type": ["CodeCommit Repository State Change"],
            "resources": [repository.get_att("Arn")],
            "detail": {
                "event": ["referenceCreated", "referenceUpdated"],
                "referenceType": ["branch"],
                "referenceName": [branch],
            },
        },
    )


def target(repository: Repository, *, half: str, title: str, branch: str) -> Target:
    """What filling an empty repository takes."""
    own = [GetAtt(f"{title}Repository", "Arn")]
    return Target(
        half=half,
        title=title,
        url=repository.address,
        branch=branch,
        connection=None,
        use=(allow(["codecommit:GitPull", "codecommit:GitPush"], own),),
        look_at=(),
    )
