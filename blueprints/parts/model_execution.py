"""The roles that deployed models run under: the model's own, and for batches the one that starts its jobs.

Owns the roles and their permissions, by way of hosting. They are the project's and not a stage's, so that a stage's
template makes no role and whoever deploys needs no right to make any. The template finds them by their names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Sub, iam

from . import artifacts
from .access import THIS_ACCOUNT, Statement, allow, arn, pass_role, service_role
from .network import Vpc
from .project import PREFIX, PROJECT_ID, Project
from .surroundings import Surroundings
from .training import pull_images

MODEL, WORKFLOW = "model", "workflow"  # what the roles are called
# What a stage's model writes below, by way of hosting; each stage has a folder of its own in it.
CAPTURED = "data-capture/"
ENDPOINT_LOGS = f"log-group:/aws/sagemaker/Endpoints/{PREFIX}${{{PROJECT_ID}}}-*"
WRITTEN = {"asynchronous": "asynchronous/", "batch": "batch/"}


def model_role_name(project: Project) -> Sub:
    return project.named(MODEL, limit=64)


def workflow_role_name(project: Project) -> Sub:
    return project.named(WORKFLOW, limit=64)


def role_arn(name: Sub) -> Sub:
    """The ARN of a role of this account by its name; a role's own policy cannot refer to the role."""
    return Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{name.data['Fn::Sub']}")


def model_role(project: Project, around: Surroundings, hosting: str, bucket: str = artifacts.ARN) -> iam.Role:
    """The role of the models in all stages of an account; `bucket` is the artifact bucket's ARN as it stands in a Sub."""
    return service_role(
        project,
        "ModelRole",
        MODEL,
        "sagemaker",
        "The project's models run as this role, in every stage.",
        [
            *_objects(hosting, bucket),
            *around.encryption.use(),
            *(_notify(hosting)),
            *pull_images(),
            *_logs_and_metrics(hosting),
            *(_connect(around.vpc) if around.vpc else []),
        ],
        trust_conditions=THIS_ACCOUNT,
    )


def _objects(hosting: str, bucket: str) -> list[Statement]:
    return [
        allow(["s3:GetBucketLocation", "s3:ListBucket"], [Sub(bucket)]),
        allow(["s3:GetObject"], [Sub(f"{bucket}/*")]),
        allow(
            ["s3:AbortMultipartUpload", "s3:PutObject"],
            [Sub(f"{bucket}/{folder}*") for folder in folders(hosting)],
        ),
    ]


def folders(hosting: str) -> list[str]:
    """What a model writes below."""
    return [CAPTURED, *([WRITTEN[hosting]] if hosting in WRITTEN else [])]


def _notify(hosting: str) -> list[Statement]:
    if hosting != "asynchronous":
        return []
    return [allow(["sns:Publish"], [arn("sns", f"{PREFIX}${{{PROJECT_ID}}}-*")])]


def _logs_and_metrics(hosting: str) -> list[Statement]:
    """To write logs. An endpoint's group is made with the endpoint; that of transform jobs is the account's, and made by the first."""
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [
        allow(["logs:CreateLogGroup", *write], [arn("logs", "log-group:/aws/sagemaker/TransformJobs*")])
        if hosting == "batch"
        else allow(write, [arn("logs", f"{ENDPOINT_LOGS}:*")]),
        allow(
            ["cloudwatch:PutMetricData"],
            "*",
            {"StringLike": {"cloudwatch:namespace": ["/aws/sagemaker/*"]}},
        ),
    ]


def _connect(vpc: Vpc) -> Sequence[Statement]:
    return vpc.connect_jobs()


def workflow_role(project: Project, around: Surroundings, instance_types: Sequence[str]) -> iam.Role:
    """The role of the state machines that run transform jobs, and of the schedules that start those.

    `instance_types`: what the jobs may run on, anything if empty.
    """
    machines = arn("states", f"stateMachine:{PREFIX}${{{PROJECT_ID}}}-*")
    jobs = arn("sagemaker", f"transform-job/{PREFIX}${{{PROJECT_ID}}}-*")
    return service_role(
        project,
        "WorkflowRole",
        WORKFLOW,
        ("scheduler", "states"),
        "Step Functions runs transform jobs of the project's models, on schedule.",
        [
            allow(["states:StartExecution"], [machines]),
            allow(["sagemaker:CreateTransformJob"], [jobs], on_instances(instance_types)),
            allow(
                [
                    "sagemaker:AddTags",
                    "sagemaker:DescribeTransformJob",
                    "sagemaker:StopTransformJob",
                ],
                [jobs],
            ),
            # How Step Functions learns that a job has ended: a rule of its own in each account.
            allow(
                ["events:DescribeRule", "events:PutRule", "events:PutTargets"],
                [arn("events", "rule/StepFunctionsGetEventsForSageMakerTransformJobsRule")],
            ),
            *around.encryption.use(),
            *around.encryption.attach(),
        ],
        trust_conditions=THIS_ACCOUNT,
    )


def on_instances(instance_types: Sequence[str]) -> Mapping[str, Any]:
    """The condition that nothing runs on other instances than these; none if there are none."""
    if not instance_types:
        return {}
    return {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": list(instance_types)}}


def passed(project: Project, hosting: str) -> list[Statement]:
    """To hand the roles to the services that assume them."""
    statements = [pass_role(role_arn(model_role_name(project)), "sagemaker")]
    if hosting == "batch":
        workflow = role_arn(workflow_role_name(project))
        statements += [pass_role(workflow, service) for service in ("scheduler", "states")]
    return statements
