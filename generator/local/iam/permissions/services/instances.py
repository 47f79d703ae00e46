"""What instances, launch templates and flow logs need, reviewed by hand. Owns facts only. See `ec2` for how EC2 asks.

Which role an instance profile holds is not to be seen from an instance: that the role may be passed is asked where it
is put into the profile.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Reviewed, passes
from generator.local.iam.permissions.services.ec2 import ARN, PAGE, tags_of_creation

_FLOW_LOGS = "https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs.html"
_RUN = "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ExamplePolicies_EC2.html"


def _run(on: str, *, each: str = "", when: tuple[str, ...] = ()) -> Call:
    return Call("ec2:RunInstances", "c", on, each=each, when=when, source=_RUN)


INSTANCE = Reviewed(
    "AWS::EC2::Instance",
    ARN + "instance/{name}",
    PAGE,
    (
        Call("ec2:RunInstances", "c", tagging="sends", source=_RUN),
        _run("arn:{partition}:ec2:{region}::image/{ImageId}"),
        _run(ARN + "network-interface/*"),
        _run(ARN + "volume/*"),
        _run(ARN + "subnet/{SubnetId}", when=("SubnetId",)),
        _run(ARN + "security-group/{each}", each="SecurityGroupIds[]"),
        _run(ARN + "key-pair/{KeyName}", when=("KeyName",)),
        _run(
            ARN + "launch-template/{LaunchTemplate.LaunchTemplateId}",
            when=("LaunchTemplate.LaunchTemplateId",),
        ),
        Call("ec2:DescribeInstances", "crud", "*"),
        Call("ec2:DescribeVolumes", "r", "*"),
        Call(
            "ec2:ModifyInstanceAttribute",
            "u",
            changed=(
                "DisableApiTermination",
                "EbsOptimized",
                "InstanceInitiatedShutdownBehavior",
                "InstanceType",
                "SecurityGroupIds",
                "SourceDestCheck",
                "UserData",
            ),
        ),
        # These change only while the instance stands still.
        Call("ec2:StopInstances", "u", changed=("InstanceType", "EbsOptimized", "UserData")),
        Call("ec2:StartInstances", "u", changed=("InstanceType", "EbsOptimized", "UserData")),
        Call("ec2:ModifyInstanceMetadataOptions", "u", changed=("MetadataOptions",)),
        Call("ec2:TerminateInstances", "d"),
        *tags_of_creation("RunInstances"),
    ),
)

LAUNCH_TEMPLATE = Reviewed(
    "AWS::EC2::LaunchTemplate",
    ARN + "launch-template/{name}",
    PAGE,
    (
        Call("ec2:CreateLaunchTemplate", "c", tagging="sends"),
        Call("ec2:DescribeLaunchTemplates", "r", "*"),
        Call("ec2:DescribeLaunchTemplateVersions", "r", "*"),
        Call("ec2:CreateLaunchTemplateVersion", "u", changed=("LaunchTemplateData", "VersionDescription")),
        Call("ec2:DeleteLaunchTemplate", "d"),
        Call(
            "ec2:CreateTags",
            "c",
            when=("TagSpecifications",),
            keys={"ec2:CreateAction": "CreateLaunchTemplate"},
            source="https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html",
        ),
    ),
    tags="",
)

FLOW_LOG = Reviewed(
    "AWS::EC2::FlowLog",
    ARN + "vpc-flow-log/{name}",
    PAGE,
    (
        Call("ec2:CreateFlowLogs", "c", tagging="sends"),
        Call("ec2:CreateFlowLogs", "c", ARN + "vpc/{ResourceId}", when=("ResourceType=VPC",)),
        Call("ec2:CreateFlowLogs", "c", ARN + "subnet/{ResourceId}", when=("ResourceType=Subnet",)),
        Call(
            "ec2:CreateFlowLogs",
            "c",
            ARN + "network-interface/{ResourceId}",
            when=("ResourceType=NetworkInterface",),
        ),
        passes("DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com", "c", source=_FLOW_LOGS),
        Call("logs:CreateLogDelivery", "c", "*", when=("LogDestinationType=s3",), source=_FLOW_LOGS),
        Call("logs:DeleteLogDelivery", "d", "*", when=("LogDestinationType=s3",), source=_FLOW_LOGS),
        Call("ec2:DescribeFlowLogs", "crd", "*"),
        Call("ec2:DeleteFlowLogs", "d"),
        *tags_of_creation("CreateFlowLogs"),
    ),
)

TYPES = (INSTANCE, LAUNCH_TEMPLATE, FLOW_LOG)
