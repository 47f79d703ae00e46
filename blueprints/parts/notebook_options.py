"""The options of notebook instances: sizes, platform, volume, idle stop, network, keys and buckets."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from generator.blueprint import BlueprintParams, PerTarget

from . import buckets
from .buckets import Bucket, BucketChoice
from .deciding import missing
from .model_options import KEY_ARN


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


class NotebookOptions(BlueprintParams):
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
    def _consistent(self) -> NotebookOptions:
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
