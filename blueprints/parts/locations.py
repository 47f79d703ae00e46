"""Where images, models and data lie, as options name them: parsed once, then used for the resource and its permissions.

A location may differ by account, region and partition: `${AWS::AccountId}`, `${AWS::Region}`, `${AWS::Partition}` and
`${AWS::URLSuffix}` may stand where the part of that name belongs, and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from troposphere import Sub

from .buckets import check_bucket

_ACCOUNT = r"(?:\d{12}|\$\{AWS::AccountId\})"
_REGION = r"(?:[a-z]{2}(?:-[a-z]+)+-\d|\$\{AWS::Region\})"
_SUFFIX = r"(?:amazonaws\.com|amazonaws\.com\.cn|\$\{AWS::URLSuffix\})"
_REPOSITORY = r"[a-z0-9]+(?:[._/-][a-z0-9]+)*"
_DIGEST = r"sha256:[0-9a-f]{64}"

REPOSITORY = rf"({_ACCOUNT})\.dkr\.ecr\.({_REGION})\.{_SUFFIX}/({_REPOSITORY})"
IMAGE = rf"{REPOSITORY}@{_DIGEST}"
MODEL_PACKAGE = (
    rf"arn:(?:aws[a-z-]*|\$\{{AWS::Partition\}}):sagemaker:{_REGION}:{_ACCOUNT}"
    r":model-package/[a-zA-Z0-9](?:-*[a-zA-Z0-9]){0,62}/[1-9][0-9]{0,8}"
)


def substituted(text: str) -> Sub | str:
    """The text with its references filled in; as it is where it has none, which a Sub would only hide."""
    return Sub(text) if "${" in text else text


@dataclass(frozen=True)
class Repository:
    """An ECR repository that images are pulled from."""

    account: str
    region: str
    name: str

    def arn(self) -> Sub:
        return Sub(f"arn:${{AWS::Partition}}:ecr:{self.region}:{self.account}:repository/{self.name}")


@dataclass(frozen=True)
class S3Place:
    """An object, or with a trailing slash all objects of a prefix."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def uri(self) -> Sub | str:
        return substituted(str(self))

    def arn(self) -> Sub:
        """The objects that permissions are given on."""
        everything = "*" if not self.key or self.key.endswith("/") else ""
        return Sub(f"arn:${{AWS::Partition}}:s3:::{self.bucket}/{self.key}{everything}")


def repository(text: str) -> Repository:
    """The repository of an image, with or without its digest. Raises ValueError."""
    found = re.fullmatch(rf"{REPOSITORY}(?:@{_DIGEST})?", text)
    if not found:
        raise ValueError(
            f"'{text}' is no repository of ECR: "
            "${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/NAME, or with account and region written out"
        )
    return Repository(found[1], found[2], found[3])


def check_image(text: str) -> str:
    """The image, if it is in ECR and named by digest. Raises ValueError."""
    if not re.fullmatch(IMAGE, text):
        name, _, _ = text.partition("@")
        how = "REPOSITORY@sha256: and 64 hexadecimal digits; a tag can move (aws ecr describe-images shows the digest)"
        if re.fullmatch(rf"{REPOSITORY}(?::\S+)?", name):
            raise ValueError(f"image '{text}' is not named by its digest: {how}")
        repository(name)
        raise ValueError(f"image '{text}' is not named by its digest: {how}")
    return text


def check_model_package(text: str) -> str:
    """The ARN of a version in a model package group. Raises ValueError."""
    if not re.fullmatch(MODEL_PACKAGE, text):
        raise ValueError(
            f"'{text}' is no ARN of a model package version: arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:"
            "${AWS::AccountId}:model-package/GROUP/VERSION"
        )
    return text


def s3_place(text: str) -> S3Place:
    """An s3:// URI. Raises ValueError."""
    found = re.fullmatch(r"s3://([^/]+)/([\w.=/-]*)", text)
    if not found:
        raise ValueError(f"'{text}' is no place in S3: s3://BUCKET/KEY, or s3://BUCKET/PREFIX/")
    return S3Place(check_bucket(found[1]), found[2])
