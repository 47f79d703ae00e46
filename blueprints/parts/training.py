"""The SageMaker pipeline of a project: the role it runs as, and what creating and starting it takes.

The pipeline itself is code in the repository; what it makes at run time is known by its names. SageMaker names jobs of
a pipeline `pipelines-<execution>-<step>-…`, and `PIPELINE_NAME` tells the repository's code what to call the pipeline.
ARNs carry those names in lower case, so that only the project's id, never its name, can be matched.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from troposphere import Sub, iam

from . import artifacts, buckets
from .access import Statement, allow, arn, merged, pass_role, service_role
from .buckets import Bucket
from .project import PREFIX, PROJECT_ID, Project
from .registry import Registry
from .surroundings import Surroundings

TITLE = "PipelineRole"
HALF = "model-build"  # whose code the pipelines are

# Images of the algorithms and frameworks that AWS keeps in accounts of its own, one set per region.
_IMAGES = ("autogluon-*", "huggingface-*", "pytorch-*", "sagemaker-*", "tensorflow-*")
_JOBS = ("processing-job", "training-job", "transform-job")
_FOLLOW = (
    "AddTags",
    "DescribeProcessingJob",
    "DescribeTrainingJob",
    "DescribeTransformJob",
    "ListTags",
    "StopProcessingJob",
    "StopTrainingJob",
    "StopTransformJob",
)


def pipeline_name(project: Project, half: str) -> Sub:
    """What the repository's code is to call its SageMaker pipeline."""
    return project.named(half, limit=256)


def folder(project: Project) -> str:
    """What keys begin with that pipelines and their builds write, in text for `Sub`: they begin with the pipeline's name.

    The shortest is longer than the twenty characters of a CodePipeline's name that its artifacts lie below.
    """
    return str(pipeline_name(project, HALF).data["Fn::Sub"])


def pipelines() -> Sub:
    """The ARNs of the project's SageMaker pipelines; those of executions begin with them."""
    return arn("sagemaker", f"pipeline/{PREFIX}*${{{PROJECT_ID}}}-*")


def pipeline_role(
    project: Project,
    registry: Registry,
    around: Surroundings,
    *,
    instance_types: Sequence[str],
    data_buckets: Sequence[Bucket],
) -> iam.Role:
    """The role of the SageMaker pipeline and its jobs, which write to the pipelines' folders of the bucket.

    `instance_types`: what jobs may run on, anything if empty. `data_buckets`: what they may use beside the project's own.
    """
    curated: dict[str, Any] = (
        {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": list(instance_types)}}
        if instance_types
        else {}
    )
    inside = around.vpc.required() if around.vpc else {}
    jobs = [arn("sagemaker", f"{job}/pipelines-*") for job in _JOBS]
    statements = [
        allow(
            ["sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob"], jobs[:2], {**curated, **inside}
        ),
        # A transform job runs where its model says.
        allow(["sagemaker:CreateTransformJob"], jobs[2:], curated),
        allow(["sagemaker:CreateModel"], [arn("sagemaker", "model/pipelines-*")], inside),
        allow([f"sagemaker:{action}" for action in _FOLLOW], jobs),
        allow(
            ["sagemaker:AddTags", "sagemaker:DescribeModel"],
            [arn("sagemaker", "model/pipelines-*")],
        ),
        *registry.register(),
        pass_role(_own_arn(project), "sagemaker"),
        *artifacts.use(folder(project)),
        *around.encryption.use(),
        *around.encryption.attach(),
        *(around.vpc.connect_jobs() if around.vpc else []),
        *merged(statement for bucket in data_buckets for statement in buckets.statements(bucket)),
        *pull_images(),
        allow(
            [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
            ],
            [arn("logs", "log-group:/aws/sagemaker/*")],
        ),
        allow(
            ["cloudwatch:PutMetricData"],
            "*",
            {"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*"]}},
        ),
    ]
    return service_role(
        project,
        TITLE,
        "training",
        "sagemaker",
        "SageMaker runs the project's pipeline and its jobs.",
        statements,
    )


def start(role: iam.Role) -> list[Statement]:
    """To create or update the SageMaker pipeline, start it and follow its execution."""
    actions = [
        "AddTags",
        "CreatePipeline",
        "DescribePipeline",
        "DescribePipelineExecution",
        "ListPipelineExecutionSteps",
        "ListPipelineExecutions",
        "ListTags",
        "StartPipelineExecution",
        "UpdatePipeline",
    ]
    return [
        allow([f"sagemaker:{action}" for action in actions], [pipelines()]),
        pass_role(role.get_att("Arn"), "sagemaker"),
    ]


def _own_arn(project: Project) -> Sub:
    """A role's own policy cannot refer to the role, but its name is known."""
    name = project.named("training", limit=64).data["Fn::Sub"]
    return Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name}")


def pull_images() -> list[Statement]:
    return [
        allow(["ecr:GetAuthorizationToken"], "*"),
        allow(
            ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
            [Sub(f"arn:${{AWS::Partition}}:ecr:${{AWS::Region}}:*:repository/{name}") for name in _IMAGES],
        ),
    ]
