"""SageMaker projects: what Studio makes of a team's wish for a model pipeline, composed of parts by its options.

Owns which parts there are and in what order they are made; each part owns its resources, parameters and permissions.
A git provider gives a `Repository`; whatever a pipeline does is an `Action` that brings the permissions it takes, so
that stages are a list of any length; what all halves of a project share is the `Foundation`. A scenario is a YAML file.

Decisions:
- Names begin with `sagemaker-` and contain the project's id; its name joins where the limit leaves room for the longest.
- One bucket, one key and one model package group per project, and one role per service, with what its parts ask for.
- Terminating a project deletes all of it, or keeps the work (`when_terminated`). Either way a custom resource first stops
  and deletes the SageMaker pipelines, which the repository's code made. It is deleted after the CodePipeline and the
  builds, so that nothing is made behind its back. What SageMaker keeps as history stays: jobs, experiments, their logs.
- A product update never touches what people have written: the seed is a repository's first commit and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator
from troposphere import Output, Template, s3, sagemaker

from generator.blueprint import BlueprintParams, Context, LambdaPackage, Seed

from .parts import registry, training
from .parts.artifacts import artifact_bucket
from .parts.buckets import Bucket, check_distinct
from .parts.checkin import checkin
from .parts.cleanup import cleanup
from .parts.codebuild import Machine, Size
from .parts.codebuild import build as build_action
from .parts.codecommit import codecommit_repository
from .parts.codeconnections import connected_repository
from .parts.codepipeline import Repository, Stage, pipeline
from .parts.encryption import Encryption, project_key
from .parts.form import studio_rules
from .parts.functions import PACKAGE
from .parts.logs import Days, Logging
from .parts.network import ask_vpc
from .parts.project import Project
from .parts.project import project as declare_project
from .parts.retention import Retention
from .parts.surroundings import Surroundings

BUILD = "model-build"  # the half of a project that trains and registers

InstanceType = Annotated[str, StringConstraints(pattern=r"^ml\.[a-z0-9-]+\.([a-z0-9]+|\*)$")]


class Params(BlueprintParams):
    """The options of a SageMaker project."""

    git: Literal["codecommit", "codeconnections"] = Field(
        "codecommit",
        description=(
            "Who hosts the repositories. codecommit: made with the project; codeconnections: at GitHub, GitHub Enterprise, "
            "GitLab or Bitbucket, there already, named at launch with the connection."
        ),
        examples=["codeconnections"],
    )
    branch: str = Field(
        "main",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The branch that is seeded, and whose pushes start the pipeline.",
        examples=["main"],
    )
    network: Literal["internet", "vpc-only"] = Field(
        "internet",
        description=(
            "Where builds, training and functions run. internet: on AWS's network; vpc-only: in subnets named at launch, "
            "and jobs anywhere else are refused."
        ),
        examples=["vpc-only"],
    )
    encryption: Literal["customer-key", "service-managed"] = Field(
        "customer-key",
        description=(
            "customer-key: a KMS key of the project for bucket, pipeline, builds, logs and training; "
            "service-managed: the keys that the services hold."
        ),
        examples=["customer-key"],
    )
    when_terminated: Literal["delete", "keep-work"] = Field(
        "delete",
        description=(
            "delete: all that belongs to the project goes with it; keep-work: repository, models, artifacts and key stay."
        ),
        examples=["keep-work"],
    )
    instance_types: tuple[InstanceType, ...] = Field(
        (),
        max_length=50,
        description="Instance types that training and processing may use, * for any size; all when left out.",
        examples=[["ml.m5.*", "ml.g5.xlarge"]],
    )
    data_buckets: tuple[Bucket, ...] = Field(
        (),
        max_length=10,
        description="Buckets, beside the project's own, that training may use.",
        examples=[[{"name": "acme-curated-${AWS::AccountId}", "access": "read"}]],
    )
    build_size: Size = Field(
        "small",
        description="The CodeBuild machine that creates and starts the SageMaker pipeline.",
        examples=["small"],
    )
    build_timeout_minutes: int = Field(
        30, ge=5, le=480, description="How long a build may take.", examples=[30]
    )
    log_retention_days: Days = Field(
        90, description="How long logs of builds and functions are kept.", examples=[90]
    )
    overwritten_artifact_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="How long an overwritten or deleted object of the artifact bucket can be brought back.",
        examples=[90],
    )

    @field_validator("data_buckets")
    @classmethod
    def _distinct(cls, buckets: tuple[Bucket, ...]) -> tuple[Bucket, ...]:
        check_distinct(buckets)
        return buckets


def assets(params: Params) -> tuple[Seed | LambdaPackage, ...]:  # noqa: ARG001  # part of the contract
    return (Seed(BUILD, "model-build", {"ci": "codebuild"}), PACKAGE)


def build(params: Params, context: Context) -> Template:
    template = Template(Description=context.description)
    shared = _foundation(params, context, declare_project(template))
    repositories, filled = _repositories(params, shared, {BUILD: "ModelBuild"})
    _model_build(params, shared, repositories[BUILD], filled)
    studio_rules(template)
    return template


@dataclass(frozen=True)
class Foundation:
    """What all halves of a project share."""

    project: Project
    context: Context
    retention: Retention
    around: Surroundings
    bucket: s3.Bucket
    group: sagemaker.ModelPackageGroup

    @property
    def encryption(self) -> Encryption:
        return self.around.encryption


def _foundation(params: Params, context: Context, project: Project) -> Foundation:
    retention = Retention(kept=params.when_terminated == "keep-work")
    encryption = project_key(project, retention) if params.encryption == "customer-key" else Encryption()
    bucket = artifact_bucket(
        project, encryption, retention, overwritten_days=params.overwritten_artifact_days
    )
    group = registry.model_package_group(project, retention)
    _output(
        project, "ArtifactBucketName", bucket.ref(), "Where artifacts, data and models of the project lie."
    )
    _output(
        project,
        "ModelPackageGroupName",
        registry.group_name(project),
        "Where the project's models are registered.",
    )
    if encryption.key_arn:
        _output(project, "KeyArn", encryption.key_arn, "The key that encrypts what the project stores.")
    around = Surroundings(
        Logging(encryption, params.log_retention_days),
        ask_vpc(project) if params.network == "vpc-only" else None,
    )
    return Foundation(project, context, retention, around, bucket, group)


def _model_build(params: Params, shared: Foundation, repository: Repository, filled: Sequence[str]) -> None:
    """The half that trains: a push makes CodeBuild update the SageMaker pipeline and start it."""
    project = shared.project
    role = training.pipeline_role(
        project,
        shared.group,
        shared.around,
        instance_types=params.instance_types,
        data_buckets=params.data_buckets,
    )
    cleaned = cleanup(
        project,
        shared.context,
        shared.around,
        shared.retention,
        bucket=shared.bucket,
        group=shared.group,
        after=[role],
    )
    run = build_action(
        project,
        half=BUILD,
        title="ModelBuild",
        name="TrainAndRegister",
        buildspec="buildspec.yml",
        environment={
            "ARTIFACT_BUCKET": shared.bucket.ref(),
            "MODEL_PACKAGE_GROUP_NAME": registry.group_name(project),
            "PIPELINE_NAME": training.pipeline_name(project, BUILD),
            "PIPELINE_ROLE_ARN": role.get_att("Arn"),
            "SAGEMAKER_PROJECT_ID": project.id,
            "SAGEMAKER_PROJECT_NAME": project.name,
            **shared.encryption.properties("KMS_KEY_ID"),
        },
        permissions=training.start(role),
        machine=Machine(params.build_size, params.build_timeout_minutes),
        around=shared.around,
        after=[cleaned],
    )
    made = pipeline(
        project,
        half=BUILD,
        title="ModelBuild",
        repository=repository,
        stages=[Stage("Build", (run,))],
        bucket=shared.bucket,
        encryption=shared.encryption,
        after=[cleaned, *filled],
    )
    _output(project, "ModelBuildRepository", repository.address, "Where the model's code is.")
    _output(project, "ModelBuildPipelineName", made.ref(), "The CodePipeline that each push starts.")
    _output(
        project,
        "PipelineRoleArn",
        role.get_att("Arn"),
        "The role that the SageMaker pipeline and its jobs run as.",
    )


def _repositories(
    params: Params, shared: Foundation, halves: Mapping[str, str]
) -> tuple[dict[str, Repository], list[str]]:
    """The repository of each half, given with its title, and the titles after which all are filled."""
    project, context = shared.project, shared.context
    if params.git == "codecommit":
        made = {
            half: codecommit_repository(
                project, context, shared.retention, half=half, title=title, branch=params.branch
            )
            for half, title in halves.items()
        }
        return made, []
    connected = {
        half: connected_repository(project, half=half, title=title, branch=params.branch)
        for half, title in halves.items()
    }
    filled = checkin(project, context, shared.around, [target for _, target in connected.values()])
    return {half: repository for half, (repository, _) in connected.items()}, filled


def _output(project: Project, title: str, value: object, description: str) -> None:
    project.template.add_output(Output(title, Value=value, Description=description))
