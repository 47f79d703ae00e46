"""The half that trains: a push makes the CI update the SageMaker pipeline and start it.

Owns the pipeline's role and what the repository `model-build` is told. The pipeline itself is the repository's code.
"""

from __future__ import annotations

from troposphere import iam

from . import registry, training
from .codepipeline import Repository
from .foundation import Foundation
from .half import BUILD, Commands, Half


def build_half(
    shared: Foundation,
    repository: Repository,
    role: iam.Role,
    after: tuple[str, ...],
) -> Half:
    """What a CI has to do to train and register models as `role`."""
    project = shared.project
    shared.output(
        "PipelineRoleArn",
        role.get_att("Arn"),
        "The role that the SageMaker pipeline and its jobs run as.",
    )
    return Half(
        BUILD,
        repository,
        Commands(
            "TrainAndRegister",
            "buildspec.yml",
            {
                "ARTIFACT_BUCKET": shared.bucket.ref(),
                "MODEL_PACKAGE_GROUP_NAME": registry.group_name(project),
                "PIPELINE_NAME": training.pipeline_name(project, BUILD),
                "PIPELINE_ROLE_ARN": role.get_att("Arn"),
                "SAGEMAKER_PROJECT_ID": project.id,
                "SAGEMAKER_PROJECT_NAME": project.name,
                **shared.encryption.properties("KMS_KEY_ID"),
            },
            tuple(training.start(role)),
        ),
        after=after,
    )
