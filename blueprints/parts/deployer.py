"""The role under which CloudFormation makes a stage: what the seed's template makes by each way of hosting, and no more.

Owns the role and the permissions by service. Everything in a stage's template begins with `sagemaker-<project id>-`, by
which it is bounded: a stage of one project cannot touch another's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from troposphere import Sub, iam

from . import model_execution
from .access import Statement, allow, arn, service_role
from .artifacts import ARN
from .encryption import Encryption
from .model_execution import on_instances
from .network import Vpc
from .project import ID_TAG, PREFIX, PROJECT_ID, Project
from .registry import Registry
from .surroundings import Surroundings

OWN = f"{PREFIX}${{{PROJECT_ID}}}-*"
ENDPOINTS = ("endpoint", "serverless", "asynchronous", "multi-model", "serial", "multi-container")
SCALED = ("endpoint", "asynchronous", "multi-model", "serial", "multi-container")


def deployer_role(
    project: Project,
    around: Surroundings,
    registry: Registry,
    *,
    hosting: str,
    instance_types: Sequence[str],
    thing_groups: Sequence[str],
) -> iam.Role:
    """The role of the stages' stacks in this account."""
    return service_role(
        project,
        "DeployRole",
        "deploy",
        "cloudformation",
        "CloudFormation makes the stages of the project's models.",
        permissions(
            project,
            registry.versions(),
            around.encryption,
            around.vpc,
            hosting=hosting,
            instance_types=instance_types,
            thing_groups=thing_groups,
        ),
    )


def permissions(
    project: Project,
    versions: object,
    encryption: Encryption,
    vpc: Vpc | None,
    *,
    hosting: str,
    instance_types: Sequence[str] = (),
    thing_groups: Sequence[str] = (),
) -> list[Statement]:
    """What the template takes by its way of hosting; `versions` are the ARNs of the registered versions.

    `instance_types` and `thing_groups`: on what it may be hosted, anything if empty.
    """
    statements = [*_watched(), *model_execution.passed(project, hosting)]
    if hosting != "edge":
        statements += _models(versions, vpc)
    if hosting in ENDPOINTS:
        statements += _endpoints(instance_types, encryption)
    if hosting in SCALED:
        statements += _scaling()
    if hosting in OF_HOSTING:
        statements += OF_HOSTING[hosting](project)
    if hosting == "edge":
        statements += _edge(project, thing_groups or ("*",))
    return statements


def _tags(service: str) -> list[str]:
    return [f"{service}:{action}" for action in ("ListTagsForResource", "TagResource", "UntagResource")]


def _watched() -> list[Statement]:
    """Alarms and a dashboard; dashboards have no region."""
    return [
        allow(
            [
                "cloudwatch:DeleteAlarms",
                "cloudwatch:DeleteDashboards",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:GetDashboard",
                "cloudwatch:PutDashboard",
                "cloudwatch:PutMetricAlarm",
                *_tags("cloudwatch"),
            ],
            [
                arn("cloudwatch", f"alarm:{OWN}"),
                Sub(f"arn:${{AWS::Partition}}:cloudwatch::${{AWS::AccountId}}:dashboard/{OWN}"),
            ],
        )
    ]


def _models(versions: object, vpc: Vpc | None) -> list[Statement]:
    own = [arn("sagemaker", f"model/{OWN}")]
    return [
        allow(["sagemaker:CreateModel"], own, vpc.required() if vpc else None),
        # A model of a registered version reads the version, too.
        allow(["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"], [versions]),
        allow(
            [
                f"sagemaker:{action}"
                for action in ("AddTags", "DeleteModel", "DeleteTags", "DescribeModel", "ListTags")
            ],
            own,
        ),
    ]


def _endpoints(instance_types: Sequence[str], encryption: Encryption) -> list[Statement]:
    configs, endpoints = arn("sagemaker", f"endpoint-config/{OWN}"), arn("sagemaker", f"endpoint/{OWN}")
    statements = [
        allow(["sagemaker:CreateEndpointConfig"], [configs], on_instances(instance_types)),
        allow(["sagemaker:CreateEndpoint", "sagemaker:UpdateEndpoint"], [configs, endpoints]),
        *_logs(),
        allow(
            [
                f"sagemaker:{action}"
                for action in (
                    "AddTags",
                    "DeleteEndpoint",
                    "DeleteEndpointConfig",
                    "DeleteTags",
                    "DescribeEndpoint",
                    "DescribeEndpointConfig",
                    "ListTags",
                )
            ],
            [configs, endpoints],
        ),
    ]
    if encryption.key_arn:
        # The volumes of an endpoint are encrypted on a grant that whoever makes it hands over.
        statements += [
            allow(["kms:DescribeKey"], [encryption.key_arn]),
            allow(["kms:CreateGrant"], [encryption.key_arn], {"Bool": {"kms:GrantIsForAWSResource": "true"}}),
        ]
    return statements


def _logs() -> list[Statement]:
    """The log group of an endpoint; most of the service's actions ask about the group with `:*`, tagging without."""
    group = model_execution.ENDPOINT_LOGS
    return [
        allow(
            [
                "logs:AssociateKmsKey",
                "logs:CreateLogGroup",
                "logs:DeleteLogGroup",
                "logs:DeleteRetentionPolicy",
                "logs:DisassociateKmsKey",
                "logs:PutRetentionPolicy",
                *_tags("logs"),
            ],
            [arn("logs", group), arn("logs", f"{group}:*")],
        ),
        allow(["logs:DescribeLogGroups"], "*"),
    ]


def _scaling() -> list[Statement]:
    """Scaling of endpoints; its describing actions know no resource, its targets carry generated ids."""
    targets = arn("application-autoscaling", "scalable-target/*")
    return [
        allow(
            [
                "application-autoscaling:DescribeScalableTargets",
                "application-autoscaling:DescribeScalingPolicies",
                "application-autoscaling:DescribeScheduledActions",
                "cloudwatch:GetMetricData",
            ],
            "*",
        ),
        allow(
            [
                "application-autoscaling:DeleteScalingPolicy",
                "application-autoscaling:DeregisterScalableTarget",
                "application-autoscaling:PutScalingPolicy",
                "application-autoscaling:RegisterScalableTarget",
            ],
            [targets],
            {"StringEqualsIfExists": {"application-autoscaling:service-namespace": "sagemaker"}},
        ),
        allow(_tags("application-autoscaling"), [targets]),
        # The alarms that scaling makes for whoever makes its policies.
        allow(
            ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"],
            [arn("cloudwatch", "alarm:TargetTracking-*")],
        ),
        # Made by the first scaled endpoint of an account.
        allow(
            ["iam:CreateServiceLinkedRole"],
            [
                Sub(
                    "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/aws-service-role/"
                    "sagemaker.application-autoscaling.${AWS::URLSuffix}/*"
                )
            ],
            {"StringEquals": {"iam:AWSServiceName": "sagemaker.application-autoscaling.amazonaws.com"}},
        ),
    ]


def _asynchronous(_: Project) -> list[Statement]:
    """Topics that tell of answers and failures."""
    return [
        allow(
            [
                "sns:CreateTopic",
                "sns:DeleteTopic",
                "sns:GetDataProtectionPolicy",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sns:SetTopicAttributes",
                *_tags("sns"),
            ],
            [arn("sns", OWN)],
        )
    ]


def _batch(_: Project) -> list[Statement]:
    """A state machine that runs the transform job, and the schedule that starts it."""
    return [
        allow(
            [
                "states:CreateStateMachine",
                "states:DeleteStateMachine",
                "states:DescribeStateMachine",
                "states:UpdateStateMachine",
                *_tags("states"),
            ],
            [arn("states", f"stateMachine:{OWN}")],
        ),
        allow(
            [
                "scheduler:CreateSchedule",
                "scheduler:DeleteSchedule",
                "scheduler:GetSchedule",
                "scheduler:UpdateSchedule",
            ],
            [arn("scheduler", f"schedule/default/{OWN}")],
        ),
    ]


def _edge(project: Project, thing_groups: Sequence[str]) -> list[Statement]:
    """Greengrass components and their deployment, which is an IoT job for a group of things."""
    return [
        # A component is named in its recipe, by the seed; whose it is, its tag says.
        allow(
            ["greengrass:CreateComponentVersion"],
            [arn("greengrass", "components:*")],
            {"StringEquals": {f"aws:RequestTag/{ID_TAG}": project.id}},
        ),
        allow(
            ["greengrass:DeleteComponent", *_tags("greengrass")],
            [arn("greengrass", "components:*")],
            {"StringEquals": {f"aws:ResourceTag/{ID_TAG}": project.id}},
        ),
        allow(["greengrass:DescribeComponent"], [arn("greengrass", "components:*")]),
        # Deployments have generated ids.
        allow(
            [
                "greengrass:CancelDeployment",
                "greengrass:CreateDeployment",
                "greengrass:DeleteDeployment",
                "greengrass:GetDeployment",
            ],
            [arn("greengrass", "*")],
        ),
        allow(_tags("greengrass"), [arn("greengrass", "deployments:*")]),
        allow(
            [f"iot:{action}Job" for action in ("Cancel", "Create", "Delete", "Describe", "Update")],
            [arn("iot", "job/*")],
        ),
        # A job is made for what it is to run on, which no permission on jobs alone allows.
        allow(
            ["iot:CreateJob", "iot:DescribeThingGroup"],
            [arn("iot", f"thinggroup/{group}") for group in thing_groups],
        ),
        # Greengrass reads the component's code and the model as whoever makes the component.
        allow(["s3:GetObject"], [Sub(f"{ARN}/*")]),
    ]


OF_HOSTING: dict[str, Callable[[Project], list[Statement]]] = {
    "asynchronous": _asynchronous,
    "batch": _batch,
}


def calls(hosting: str) -> list[Statement]:
    """To call what was deployed and look at its alarms, for its tests."""
    alarms = allow(["cloudwatch:DescribeAlarms"], [arn("cloudwatch", f"alarm:{OWN}")])
    match hosting:
        case "batch":
            return [
                alarms,
                allow(["states:StartExecution"], [arn("states", f"stateMachine:{OWN}")]),
                allow(["states:DescribeExecution"], [arn("states", f"execution:{OWN}")]),
            ]
        case "edge":
            return [
                alarms,
                # Which devices a stage has, only Greengrass knows; listing them knows no resource.
                allow(["greengrass:ListCoreDevices"], "*"),
                allow(["greengrass:ListInstalledComponents"], [arn("greengrass", "coreDevices:*")]),
            ]
        case _:
            actions = ["DescribeEndpoint", "DescribeEndpointConfig", "InvokeEndpoint"]
            if hosting == "asynchronous":
                actions.append("InvokeEndpointAsync")
            return [
                alarms,
                allow(
                    [f"sagemaker:{action}" for action in actions],
                    [arn("sagemaker", f"endpoint-config/{OWN}"), arn("sagemaker", f"endpoint/{OWN}")],
                ),
            ]
