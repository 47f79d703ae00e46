"""Brings the newest commit of a branch to S3, as a zip for CodePipeline, which knows no git server of others.

Started by messages of the hook (`push_hook`), one at a time for each repository. A message says that there is something new,
not what: the branch is asked, so that a late or repeated message does no harm.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import boto3
from botocore.exceptions import ClientError

from .custom_resource import Deadline, LambdaContext
from .git_server import archive
from .servers import CONFIG, Credentials, credentials

logger = logging.getLogger(__name__)

_COMMIT = "commit"
_SUMMARY = "codepipeline-artifact-revision-summary"  # what CodePipeline shows beside the revision


def handler(event: dict[str, Any], context: LambdaContext) -> None:
    repositories: dict[str, dict[str, str]] = json.loads(os.environ["REPOSITORIES"])
    known = credentials(os.environ["CREDENTIALS_SECRET_ARN"])
    deadline = Deadline(context.get_remaining_time_in_millis() / 1000)
    for record in event["Records"]:
        one = repositories[json.loads(record["body"])["repository"]]
        bring(one["url"], one["branch"], os.environ["BUCKET"], one["key"], known, deadline)


def bring(url: str, branch: str, bucket: str, key: str, known: Credentials, deadline: Deadline) -> None:
    """Put the branch's newest commit at the key, unless it lies there already."""
    s3 = boto3.client("s3", config=CONFIG)
    with TemporaryDirectory() as folder:
        zipped = Path(folder, "source.zip")
        with zipped.open("wb") as into:
            work = Path(folder, "repository")
            work.mkdir()
            commit, subject = archive(url, known, branch, work, into, deadline)
        if _there(s3, bucket, key) == commit:
            logger.info("nothing new", extra={"repository": url, "commit": commit})
            return
        shown = f"{commit[:12]} {subject}"[:512].encode("ascii", "replace").decode()
        with zipped.open("rb") as body:
            s3.put_object(
                Bucket=bucket,
                Key=key,
                Body=body,
                ContentType="application/zip",
                Metadata={_COMMIT: commit, _SUMMARY: shown},
            )
    logger.info("brought", extra={"repository": url, "commit": commit})


def _there(s3: Any, bucket: str, key: str) -> str | None:
    """The commit whose files lie at the key."""
    try:
        found = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
            return None
        raise
    return str(found["Metadata"].get(_COMMIT, ""))
