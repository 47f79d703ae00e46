"""The account of a stage: where it is another one, a role there is assumed."""

from __future__ import annotations

import os
from typing import Any

import boto3


def client(service: str, region: str) -> Any:
    """A client of the stage's account: as STAGE_ROLE_ARN where that is set, else as whoever runs this."""
    role = os.environ.get("STAGE_ROLE_ARN", "")
    if not role:
        return boto3.client(service, region_name=region)
    sts = boto3.client("sts", region_name=region)
    given = sts.assume_role(RoleArn=role, RoleSessionName="deploy")["Credentials"]
    return boto3.client(
        service,
        region_name=region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
