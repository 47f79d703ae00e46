"""A SageMaker pipeline for each branch that is pushed, beside that of the main branch, and gone with its branch.

Owns the build that makes a branch's pipeline, and the function that CodeCommit's events start. The build is that of the main
branch with another `PIPELINE_NAME`; its commands are the repository's own. Pipelines that a project leaves behind are deleted
by the clean-up, which knows them by the project's id.
"""

from __future__ import annotations

from troposphere import codebuild

from . import artifacts
from .access import allow, arn
from .codebuild import Machine, build_project, run
from .event_functions import event_function
from .foundation import Foundation
from .functions import LONGEST_SECONDS
from .half import Half
from .project import PREFIX, PROJECT_ID
from .project_options import ProjectOptions


def branch_pipelines(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    """Build every branch but the main one of the half's CodeCommit repository."""
    watched = half.repository.event
    assert watched is not None, "CodeCommit tells of pushes"
    build = build_project(
        shared.project,
        title=f"{half.title}Branch",
        suffix=f"{half.name}-branch",
        description=f"Runs {half.build.buildspec} of a branch of the {half.name} code.",
        source=codebuild.Source(
            Type="CODECOMMIT", Location=half.repository.address, BuildSpec=half.build.buildspec
        ),
        environment=half.build.environment,
        permissions=[*artifacts.use(half.writes), *half.repository.pull, *half.build.permissions],
        machine=Machine(options.build_size, options.build_timeout_minutes),
        around=shared.around,
        after=half.after,
    )
    event_function(
        shared,
        title=f"{half.title}Branches",
        suffix="branches",
        description="Gives each branch of a SageMaker project a pipeline, and takes it away with the branch.",
        failure="a branch did not get its pipeline, or kept it.",
        event={
            **watched,
            "detail": {
                "event": ["referenceCreated", "referenceUpdated", "referenceDeleted"],
                "referenceType": ["branch"],
                "referenceName": [{"anything-but": [options.branch]}],
            },
        },
        permissions=[
            allow(["codecommit:GetBranch"], watched["resources"]),
            *run(build),
            allow(["codebuild:ListBuildsForProject", "codebuild:StopBuild"], [build.get_att("Arn")]),
            allow(
                [
                    "sagemaker:DeletePipeline",
                    "sagemaker:DescribePipelineExecution",
                    "sagemaker:ListPipelineExecutions",
                    "sagemaker:StopPipelineExecution",
                ],
                [arn("sagemaker", f"pipeline/{PREFIX}*${{{PROJECT_ID}}}-{half.name}-*")],
            ),
        ],
        environment={
            "BUILD_PROJECT": build.ref(),
            "PIPELINE_NAME": half.build.environment["PIPELINE_NAME"],
        },
        seconds=LONGEST_SECONDS,  # a pipeline that runs is stopped first
        after=half.after,
    )
