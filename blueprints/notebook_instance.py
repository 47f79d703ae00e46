"""A private notebook instance: encrypted, without root or internet, stopped when idle, limited to named buckets.

The options say what the platform team has decided: sizes, network, keys, buckets. The form asks the rest.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from troposphere import Equals, FindInMap, GetAtt, If, Output, Ref, Sub, Tags, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupRule
from troposphere.iam import Policy, Role
from troposphere.sagemaker import InstanceMetadataServiceConfiguration, NotebookInstance

from generator.blueprint import BlueprintParams, Context, PerTarget

from .parts import buckets, customer_key, form, idle_stop
from .parts.access import allow, arn
from .parts.buckets import Bucket, BucketChoice
from .parts.deciding import decided, missing
from .parts.retention import Retention

LONGEST_NAME = 63  # of a notebook instance (SageMaker API)
LOG_GROUP = "/aws/sagemaker/NotebookInstances"  # SageMaker writes all notebook instances' logs to this one

NOTEBOOK = "Notebook"
NETWORK = "Network"
DATA = "Data and encryption"

KEY_ARN = r"^$|^arn:\S+:kms:\S+:\S+:key/\S+$"


class Size(BaseModel):
    """An entry of the curated list of sizes."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(
        pattern=r"^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,39}$",
        description="What the form calls it.",
        examples=["small"],
    )
    instance_type: str = Field(
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$", description="The instance type.", examples=["ml.t3.medium"]
    )
    note: str = Field(
        "", max_length=100, description="What one gets, for the form.", examples=["2 vCPU, 4 GiB"]
    )


SIZES = (
    Size(label="small", instance_type="ml.t3.medium", note="2 vCPU, 4 GiB"),
    Size(label="medium", instance_type="ml.m5.xlarge", note="4 vCPU, 16 GiB"),
    Size(label="large", instance_type="ml.m5.4xlarge", note="16 vCPU, 64 GiB"),
)


class Params(BlueprintParams):
    """What the platform team decides about its notebooks."""

    sizes: tuple[Size, ...] = Field(
        SIZES,
        min_length=1,
        max_length=20,
        description="The sizes on offer, in the order of the form; the first is the default.",
    )
    platform: Literal["notebook-al2023-v1"] = Field(
        "notebook-al2023-v1",
        description="Operating system and JupyterLab version; the one platform in support that CloudFormation knows.",
    )
    volume_gb: int = Field(20, ge=5, le=16384, description="Default size of the volume in GB.")
    volume_gb_min: int = Field(5, ge=5, le=16384, description="The smallest volume on offer.")
    volume_gb_max: int = Field(200, ge=5, le=16384, description="The largest volume on offer.")
    idle_minutes: tuple[int, ...] = Field(
        (60, 30, 120, 240),
        min_length=1,
        max_length=20,
        description="After how many minutes without use the instance stops, to choose from; the first is the default.",
        examples=[[60, 30, 120]],
    )
    network: Literal["launch", "target"] = Field(
        "launch",
        description="Who names the subnet: the form at launch, or vpc_id and subnet_id of the target.",
    )
    vpc_id: PerTarget = Field(
        "",
        pattern=r"^$|^vpc-[0-9a-f]{8,17}$",
        description="The VPC, with network: target.",
        examples=["vpc-0123456789abcdef0"],
    )
    subnet_id: PerTarget = Field(
        "",
        pattern=r"^$|^subnet-[0-9a-f]{8,17}$",
        description="The private subnet, with network: target.",
        examples=["subnet-0123456789abcdef0"],
    )
    security_group: Literal["create", "launch", "target"] = Field(
        "create",
        description="create: a group of the notebook's own, which takes no connection and makes https ones only; "
        "launch: asked for; target: security_group_id.",
    )
    security_group_id: PerTarget = Field(
        "",
        pattern=r"^$|^sg-[0-9a-f]{8,17}$",
        description="The security group, with security_group: target.",
        examples=["sg-0123456789abcdef0"],
    )
    key: Literal["create", "launch", "target"] = Field(
        "create",
        description="The key that encrypts the volume. create: one of the notebook's own; launch: asked for; "
        "target: key_arn.",
    )
    key_arn: PerTarget = Field(
        "",
        pattern=KEY_ARN,
        description="The volume's key, with key: target.",
        examples=["arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )
    buckets: tuple[Bucket, ...] = Field(
        (), max_length=20, description="Buckets that every notebook may use. There is no access to any other."
    )
    team_buckets: tuple[BucketChoice, ...] = Field(
        (), max_length=20, description="Buckets of which the form offers to open one more."
    )
    data_key: Literal["none", "launch", "target"] = Field(
        "none",
        description="The customer key that encrypts the buckets' objects, if one does. launch: asked for; "
        "target: data_key_arn.",
    )
    data_key_arn: PerTarget = Field(
        "",
        pattern=KEY_ARN,
        description="The buckets' key, with data_key: target.",
        examples=["arn:aws:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    )

    @model_validator(mode="after")
    def _consistent(self) -> Params:
        if not self.volume_gb_min <= self.volume_gb <= self.volume_gb_max:
            raise ValueError(
                f"volume_gb {self.volume_gb} does not lie between "
                f"volume_gb_min {self.volume_gb_min} and volume_gb_max {self.volume_gb_max}"
            )
        for noun, values in (
            ("size", [size.label for size in self.sizes]),
            ("idle_minutes", [str(minutes) for minutes in self.idle_minutes]),
        ):
            repeated = sorted({value for value in values if values.count(value) > 1})
            if repeated:
                raise ValueError(f"{noun} {', '.join(repeated)} stands in the list twice")
        outside = [minutes for minutes in self.idle_minutes if not 10 <= minutes <= 1440]
        if outside:
            raise ValueError(f"idle_minutes {outside[0]} is out of range: 10 to 1440, a day")
        buckets.check_distinct((*self.buckets, *self.team_buckets))
        if self.data_key != "none" and not (self.buckets or self.team_buckets):
            raise ValueError("data_key is of no use without buckets or team_buckets")
        needed = missing(self.network, subnet_id=self.subnet_id)
        if self.security_group == "create":
            needed += missing(self.network, vpc_id=self.vpc_id)
        needed += missing(self.security_group, security_group_id=self.security_group_id)
        needed += missing(self.key, key_arn=self.key_arn)
        needed += missing(self.data_key, data_key_arn=self.data_key_arn)
        if needed:
            raise ValueError(
                f"{' and '.join(needed)} must be set where the target decides; each target may set its own"
            )
        return self


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
