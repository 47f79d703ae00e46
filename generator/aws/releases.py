"""Release records: one JSON object per publish in the artifact bucket, which also keeps two publishers apart.

A record is claimed by writing it, which S3 allows only one publisher to do, and finished by writing it once more.
A publisher that died leaves its claim behind; it holds for a while only, and not at all on the same machine.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from generator.aws.bucket import Bucket
from generator.errors import Problem, Refused, Where
from generator.gateway import Release
from generator.spec import FORMAT

PREFIX = "releases/"
HOLDS = 15 * 60  # seconds that a claim counts after its last renewal
_TOP = 10**10 - 1


def key(number: int) -> str:
    """S3 lists keys in ascending order only; counting down puts the newest first."""
    return f"{PREFIX}{_TOP - number:010d}-{number}.json"


class Releases:
    """The records in one bucket."""

    def __init__(self, s3: Any, bucket: Bucket) -> None:
        self.bucket = bucket
        self._s3, self._bucket, self._owner = s3, bucket.name, bucket.owner
        self._renewed = 0.0

    def newest(self) -> Release:
        page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=PREFIX, MaxKeys=1, **self._owner)
        if not page.get("Contents"):
            return Release(0, 0)
        record = self._read(page["Contents"][0]["Key"])
        if record["status"] != "publishing":
            return Release(record["number"], record["number"])
        holder = record["holder"]
        return Release(record["number"], record["finished"], _describe(holder) if _alive(holder) else "")

    def _read(self, name: str) -> dict[str, Any]:
        body = self._s3.get_object(Bucket=self._bucket, Key=name, **self._owner)["Body"].read()
        record = dict(json.loads(body))
        if record.get("format") != FORMAT:
            raise Refused(
                Problem(
                    Where(f"s3://{self._bucket}/{name}"),
                    f"the release record has format {record.get('format')}, this version writes {FORMAT}",
                    "Publish with the newer version of the tool.",
                )
            )
        return record

    def claim(self, release: Release) -> None:
        try:
            self._write(release.number + 1, self._claim(release), IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] not in (
                "PreconditionFailed",
                "ConditionalRequestConflict",
                "412",
                "409",
            ):
                raise
            raise Refused(
                Problem(Where("publish"), "another publisher began just now", "Wait for it, then run again.")
            ) from error

    def renew(self, release: Release) -> None:
        """Keep the claim of a long publish alive; call it as often as you like."""
        if time.monotonic() - self._renewed > HOLDS / 5:
            self._write(release.number + 1, self._claim(release))

    def finish(self, number: int, outcome: Mapping[str, Any]) -> None:
        self._write(number, {"format": FORMAT, "number": number, **outcome})

    def _claim(self, release: Release) -> dict[str, Any]:
        self._renewed = time.monotonic()
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "until": int(time.time()) + HOLDS}
        return {
            "format": FORMAT,
            "number": release.number + 1,
            "status": "publishing",
            "finished": release.finished,
            "holder": holder,
        }

    def _write(self, number: int, record: Mapping[str, Any], **condition: str) -> None:
        self._s3.put_object(
            Bucket=self._bucket,
            Key=key(number),
            Body=json.dumps(record, indent=2, sort_keys=True).encode(),
            ContentType="application/json",
            **condition,
            **self._owner,
        )


def _alive(holder: Mapping[str, Any]) -> bool:
    if holder["until"] < time.time():
        return False
    if holder["host"] != socket.gethostname():
        return True
    if holder["pid"] == os.getpid():
        return False
    try:
        os.kill(holder["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # it lives, as another user
    return True


def _describe(holder: Mapping[str, Any]) -> str:
    return f"process {holder['pid']} on {holder['host']}"
