"""The half that trains: a push makes the CI update the SageMaker pipeline and start it.

Owns the pipeline's role and what the repository `model-build` is told. The pipeline itself is the repository's code.
"""

from __future__ import annotations

from troposphere import iam

from . import training
from .codepipeline import Repository
from .foundation import Foundation
from .half import BUILD, Commands, Half
from .project_options import ProjectOptions
from .promotion import compiled, promotions


def pipeline_role(options: ProjectOptions, shared: Foundation) -> iam.Role:
    """The role of the SageMaker pipeline and its jobs."""
    return training.pipeline_role(
        shared.project,
        shared.registry,
        shared.around,
        instance_types=options.instance_types,
        data_buckets=options.data_buckets,
    )


def build_half(
    options: ProjectOptions,
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
    environment = {
        "ARTIFACT_BUCKET": shared.bucket.ref(),
        "MODEL_PACKAGE_GROUP_NAME": shared.registry.told,
        "PIPELINE_NAME": training.pipeline_name(project, BUILD),
        "PIPELINE_ROLE_ARN": role.get_att("Arn"),
        "SAGEMAKER_PROJECT_ID": project.id,
        "SAGEMAKER_PROJECT_NAME": project.name,
        **shared.encryption.properties("KMS_KEY_ID"),
    }
    permissions = tuple(training.start(role))
    if options.pipelines == "promoted":
        return Half(
            BUILD,
            repository,
            compiled(environment, options.staged[0], shared),
            promotions=promotions(environment, options.staged, permissions, shared),
            writes=training.folder(project),
            after=after,
        )
    commands = Commands("TrainAndRegister", "buildspec.yml", environment, permissions)
    return Half(BUILD, repository, commands, writes=training.folder(project), after=after)
