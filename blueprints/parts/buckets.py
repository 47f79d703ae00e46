"""Access to named buckets: what a platform team grants a role on data that lies outside the stack.

Owns how a bucket is named in options (it may differ by account and region) and the statements that open it, or one prefix
of it, for reading or for reading and writing. It makes no bucket.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from troposphere import If, Ref, Sub, Template

from .access import Statement, allow
from .form import BUCKET_NAME, ask

# The two references that make a name differ by account and region, at their longest.
LONGEST = {"${AWS::AccountId}": "0" * 12, "${AWS::Region}": "ap-southeast-1"}
NONE = "none"


def longest(name: str) -> str:
    """The name with its references at their longest."""
    for reference, text in LONGEST.items():
        name = name.replace(reference, text)
    return name


def check_bucket(name: str) -> str:
    """The name, if S3 would take it with every reference at its longest."""
    if not re.fullmatch(BUCKET_NAME, longest(name)) or len(longest(name)) > 63:
        raise ValueError(
            f"'{name}' is no bucket name: 3 to 63 lower-case letters, digits, dots and hyphens, "
            f"in which {' and '.join(LONGEST)} may stand"
        )
    return name


class Bucket(BaseModel):
    """A bucket, or one prefix of it, that a role may use."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(
        description="The bucket. ${AWS::AccountId} and ${AWS::Region} stand for the account and region launched in.",
        examples=["acme-sales-${AWS::AccountId}"],
    )
    access: Literal["read", "read-write"] = Field(
        "read", description="read: list and get objects; read-write: put and delete them too."
    )
    prefix: str = Field(
        "",
        pattern=r"^$|^[\w.=-][\w./=-]*/$",
        max_length=512,
        description="Only what lies below this prefix, which ends with a slash; the whole bucket when left out.",
        examples=["curated/"],
    )

    _name = field_validator("name")(check_bucket)


class BucketChoice(Bucket):
    """A bucket that the person who launches may choose by its label."""

    label: str = Field(
        pattern=r"^[a-z0-9](-*[a-z0-9]){0,39}$",
        description="What the form calls it.",
        examples=["marketing-sandbox"],
    )


def check_distinct(buckets: tuple[Bucket, ...]) -> None:
    """Raises ValueError where one place is granted twice, or one label stands for two places."""
    places = [(bucket.name, bucket.prefix) for bucket in buckets]
    for place in places:
        if places.count(place) > 1:
            raise ValueError(f"bucket '{'/'.join(place).rstrip('/')}' is named twice; keep one entry")
    labels = [bucket.label for bucket in buckets if isinstance(bucket, BucketChoice)]
    names = [label.replace("-", "") for label in labels]  # as they become names of conditions
    for label, name in zip(labels, names, strict=True):
        if names.count(name) > 1 or label == NONE:
            raise ValueError(
                f"label '{label}' is taken; labels differ in more than hyphens, and '{NONE}' stands for no choice"
            )


def statements(bucket: Bucket) -> list[Statement]:
    """What `bucket.access` means."""
    arn = Sub(f"arn:${{AWS::Partition}}:s3:::{bucket.name}")
    objects = Sub(f"arn:${{AWS::Partition}}:s3:::{bucket.name}/{bucket.prefix}*")
    only = {"StringLike": {"s3:prefix": [bucket.prefix, f"{bucket.prefix}*"]}} if bucket.prefix else None
    granted = [
        allow(["s3:GetBucketLocation"], [arn]),
        allow(["s3:ListBucket"], [arn], only),
        allow(["s3:GetObject", "s3:GetObjectVersion"], [objects]),
    ]
    if bucket.access == "read-write":
        write = ["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:ListMultipartUploadParts", "s3:PutObject"]
        granted.append(allow(write, [objects]))
    return granted


def chosen(template: Template, choices: tuple[BucketChoice, ...], *, group: str) -> list[If]:
    """Ask which one of `choices` to open; its statements hold under a condition each."""
    if not choices:
        return []
    what = "; ".join(f"{choice.label}: {choice.access.replace('-', ' and ')}" for choice in choices)
    answer = ask(
        template,
        "TeamBucket",
        group=group,
        label="Your team's data",
        description=f"One more bucket for this notebook ({what}).",
        default=NONE,
        allowed=[NONE, *(choice.label for choice in choices)],
    )
    granted: list[If] = []
    for choice in choices:
        condition = "TeamBucketIs" + "".join(word.capitalize() for word in choice.label.split("-"))
        template.add_condition(condition, {"Fn::Equals": [answer, choice.label]})
        granted += [If(condition, statement, Ref("AWS::NoValue")) for statement in statements(choice)]
    return granted
