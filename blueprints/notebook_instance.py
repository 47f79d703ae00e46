"""A private notebook instance: encrypted, without root or internet, stopped when idle, limited to named buckets.

The options say what the platform team has decided: sizes, network, keys, buckets. The form asks the rest.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, FindInMap, GetAtt, If, Output, Ref, Sub, Tags, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupRule
from troposphere.iam import Policy, Role
from troposphere.sagemaker import InstanceMetadataServiceConfiguration, NotebookInstance

from generator.blueprint import Context, Guide

from .parts import buckets, customer_key, form, idle_stop
from .parts.access import allow, arn
from .parts.deciding import decided
from .parts.notebook_options import NotebookOptions
from .parts.retention import Retention

LONGEST_NAME = 63  # of a notebook instance (SageMaker API)
LOG_GROUP = "/aws/sagemaker/NotebookInstances"  # SageMaker writes all notebook instances' logs to this one

NOTEBOOK = "Notebook"
NETWORK = "Network"
DATA = "Data and encryption"


class Params(NotebookOptions):
    """What the platform team decides about its notebooks."""


def guide(params: Params) -> Guide:
    return Guide(
        costs=(
            "While the notebook is stopped only its volume costs. It stops by itself after the chosen time without use, "
            f"at the latest {max(params.idle_minutes)} minutes.",
        ),
        clean_up=(
            "The volume goes with the notebook: copy what is to stay to a bucket first.",
            "What lies in the named buckets stays.",
        ),
        before=(
            "A private subnet that reaches what notebooks work with by endpoints or a gateway: S3 and SageMaker at least. They "
            "have no way to the internet of their own.",
            "Quotas of SageMaker for notebook instances of "
            f"{', '.join(size.instance_type for size in params.sizes)}: new accounts have none for some of them.",
        ),
    )


def build(params: Params, context: Context) -> Template:
    template = Template(context.description[:1024])
    name = _name(template, context)
    size = _size(template, params)
    volume = form.ask(
        template,
        "VolumeSize",
        group=NOTEBOOK,
        label="Volume size (GB)",
        description="Size of the volume below /home/ec2-user/SageMaker, which outlives a stop. It can grow later, "
        "not shrink.",
        type="Number",
        default=params.volume_gb,
        value=(params.volume_gb_min, params.volume_gb_max),
        constraint=f"{params.volume_gb_min} to {params.volume_gb_max} GB.",
    )
    minutes = form.ask(
        template,
        "IdleMinutes",
        group=NOTEBOOK,
        label="Stop when idle for (minutes)",
        description="The notebook stops by itself after so many minutes without running code or typing into a "
        "terminal. Files stay; what only lies in memory is lost.",
        type="Number",
        default=params.idle_minutes[0],
        allowed=params.idle_minutes,
    )
    group = _security_group(template, params, context)
    subnet = decided(
        template,
        context,
        params.network,
        "subnet_id",
        "SubnetId",
        group=NETWORK,
        label="Subnet",
        description="A private subnet with a way to the SageMaker API and to S3: VPC endpoints or a NAT gateway.",
        type="AWS::EC2::Subnet::Id",
    )
    instance_arn = arn("sagemaker", f"notebook-instance/{name.data['Fn::Sub']}")
    role = _role(template, params, context, name, instance_arn)
    lifecycle = idle_stop.idle_stop(template, minutes)
    template.add_resource(
        NotebookInstance(
            "Notebook",
            NotebookInstanceName=name,
            InstanceType=size,
            PlatformIdentifier=params.platform,
            VolumeSizeInGB=volume,
            KmsKeyId=_volume_key(template, params, context),
            RoleArn=role.get_att("Arn"),
            RootAccess="Disabled",
            DirectInternetAccess="Disabled",
            SubnetId=subnet,
            SecurityGroupIds=[group],
            LifecycleConfigName=lifecycle.get_att("NotebookInstanceLifecycleConfigName"),
            InstanceMetadataServiceConfiguration=InstanceMetadataServiceConfiguration(
                MinimumInstanceMetadataServiceVersion="2"
            ),
            Tags=Tags(Name=name),
            # A notebook is terminated with its product. A replacement, which would begin with an empty volume, keeps the
            # old one; as the name is taken, CloudFormation refuses it before that.
            **Retention(kept=False).attributes(),
        )
    )
    _outputs(template, name)
    return template


def _name(template: Template, context: Context) -> Sub:
    """The instance's name, known before it exists: its role names it, and nothing else, as what it may stop."""
    most = min(30, LONGEST_NAME - len(context.product) - 1)
    form.ask(
        template,
        "NotebookName",
        group=NOTEBOOK,
        label="Name",
        description=f"Tells this notebook from others; it is called {context.product}-NAME.",
        # Lower case, because SageMaker lower-cases names in ARNs.
        pattern=r"^[a-z0-9](-*[a-z0-9])*$",
        length=(1, most),
        constraint=f"1 to {most} lower-case letters, digits and inner hyphens.",
    )
    return Sub(f"{context.product}-${{NotebookName}}")


def _size(template: Template, params: Params) -> FindInMap:
    labels = [size.label for size in params.sizes]
    offered = "; ".join(f"{size.label}: {size.note or size.instance_type}" for size in params.sizes)
    answer = form.ask(
        template,
        "Size",
        group=NOTEBOOK,
        label="Size",
        description=f"How large the instance is ({offered}). It can be changed later, which restarts the notebook.",
        default=labels[0],
        allowed=labels,
    )
    template.add_mapping("Sizes", {size.label: {"InstanceType": size.instance_type} for size in params.sizes})
    return FindInMap("Sizes", answer, "InstanceType")


def _security_group(template: Template, params: Params, context: Context) -> Any:
    if params.security_group != "create":
        return decided(
            template,
            context,
            params.security_group,
            "security_group_id",
            "SecurityGroupId",
            group=NETWORK,
            label="Security group",
            description="The notebook's security group; it needs outgoing https.",
            type="AWS::EC2::SecurityGroup::Id",
        )
    vpc = decided(
        template,
        context,
        params.network,
        "vpc_id",
        "VpcId",
        group=NETWORK,
        label="VPC",
        description="The subnet's VPC; the notebook's security group is made in it.",
        type="AWS::EC2::VPC::Id",
    )
    group = template.add_resource(
        SecurityGroup(
            "SecurityGroup",
            GroupDescription="A notebook instance: no incoming connection, outgoing https only",
            VpcId=vpc,
            SecurityGroupEgress=[
                SecurityGroupRule(
                    # S3 is reached through its gateway, at public addresses; where else https leads, the subnet decides.
                    Description="https to AWS endpoints, and as far as the subnet's routes go",
                    IpProtocol="tcp",
                    FromPort=443,
                    ToPort=443,
                    CidrIp="0.0.0.0/0",
                )
            ],
        )
    )
    return group.get_att("GroupId")


def _volume_key(template: Template, params: Params, context: Context) -> Any:
    if params.key == "create":
        # The key goes with the volume, the only thing it encrypts.
        return customer_key.customer_key(
            template,
            "VolumeKey",
            "Encrypts the volume of a notebook instance.",
            services=["sagemaker"],
            kept=False,
        )
    return decided(
        template,
        context,
        params.key,
        "key_arn",
        "VolumeKeyArn",
        group=DATA,
        label="Volume key",
        description="ARN of the KMS key that encrypts the notebook's volume. It cannot be changed later.",
        pattern=form.KMS_KEY_ARN,
        constraint="The ARN of a KMS key, not of an alias.",
    )


def _role(template: Template, params: Params, context: Context, name: Sub, instance_arn: Sub) -> Role:
    """What code in the notebook may do: use the named buckets, write its logs and stop its own instance."""
    statements: list[Any] = [
        *idle_stop.use(instance_arn),
        allow(
            ["logs:CreateLogGroup"],
            [arn("logs", f"log-group:{LOG_GROUP}"), arn("logs", f"log-group:{LOG_GROUP}:*")],
        ),
        allow(
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            [arn("logs", f"log-group:{LOG_GROUP}:log-stream:{name.data['Fn::Sub']}/*")],
        ),
    ]
    for bucket in params.buckets:
        statements += buckets.statements(bucket)
    statements += buckets.chosen(template, params.team_buckets, group=DATA)
    if params.data_key != "none":
        key = decided(
            template,
            context,
            params.data_key,
            "data_key_arn",
            "DataKeyArn",
            group=DATA,
            label="Data key",
            description="ARN of the KMS key that encrypts the objects in the buckets.",
            pattern=form.KMS_KEY_ARN,
            constraint="The ARN of a KMS key, not of an alias.",
        )
        writes = any(bucket.access == "read-write" for bucket in (*params.buckets, *params.team_buckets))
        statements.append(customer_key.use_through(key, "s3", write=writes))
    return template.add_resource(
        Role(
            "NotebookRole",
            Description=Sub(f"What code in notebook {name.data['Fn::Sub']} may do."),
            AssumeRolePolicyDocument={
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "sagemaker.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                ],
            },
            Policies=[
                Policy(
                    PolicyName="notebook",
                    PolicyDocument={"Version": "2012-10-17", "Statement": statements},
                )
            ],
        )
    )


def _outputs(template: Template, name: Sub) -> None:
    template.add_condition("IsChina", Equals(Ref("AWS::Partition"), "aws-cn"))
    template.add_condition("IsGovCloud", Equals(Ref("AWS::Partition"), "aws-us-gov"))
    console = If(
        "IsChina",
        "console.amazonaws.cn",
        If("IsGovCloud", "console.amazonaws-us-gov.com", "console.aws.amazon.com"),
    )
    page = "/sagemaker/home?region=${AWS::Region}#/notebook-instances/openNotebook/"
    for title, description, value in (
        ("NotebookName", "Name of the notebook instance.", GetAtt("Notebook", "NotebookInstanceName")),
        ("NotebookArn", "ARN of the notebook instance.", Ref("Notebook")),
        (
            "OpenNotebook",
            "Opens JupyterLab; start the notebook in the console first where it has stopped.",
            Sub(
                f"https://${{AWS::Region}}.${{Console}}{page}{name.data['Fn::Sub']}?view=lab",
                Console=console,
            ),
        ),
        (
            "StartNotebook",
            "Starts the notebook again after it has stopped, from a terminal.",
            Sub(
                "aws sagemaker start-notebook-instance --region ${AWS::Region} --notebook-instance-name "
                + name.data["Fn::Sub"]
            ),
        ),
        ("RoleArn", "The role that code in the notebook acts as.", GetAtt("NotebookRole", "Arn")),
    ):
        template.add_output(Output(title, Description=description, Value=value))
