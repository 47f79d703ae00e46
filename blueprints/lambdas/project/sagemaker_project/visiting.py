"""Acting in another account, as the role that the project has there for it."""

from __future__ import annotations

import os

import boto3
from botocore.config import Config

_CONFIG = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard", "total_max_attempts": 6})


def visiting(account: str, role: str) -> boto3.Session:
    """A session as the role of this name in the account; an hour, which is longer than any function runs."""
    sts = boto3.client("sts", config=_CONFIG)
    partition = sts.meta.partition
    given = sts.assume_role(
        RoleArn=f"arn:{partition}:iam::{account}:role/{role}", RoleSessionName="sagemaker-project"
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=os.environ["AWS_REGION"],
    )
