"""What a build builds: its source fetched into a folder, from a repository of CodeCommit or a zip in S3."""

from __future__ import annotations

import io
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

KINDS: Final = ("NO_SOURCE", "CODECOMMIT", "S3")


class SourceError(Exception):
    """A source that is not to be had; `code` is what CodeBuild calls it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def fetch(kind: str, location: str, version: str, into: Path, environment: Mapping[str, str], s3: Any) -> str:
    """Make the folder with the source in it; the id of the commit, or the version of the object, that it is.

    `version` is a branch, a tag or a commit, or a version of the object; empty for the newest. git is run in
    `environment`, and `s3` is the build's own client.
    """
    into.mkdir()
    if kind == "CODECOMMIT":
        return _cloned(location, version.removeprefix("refs/heads/"), into, environment)
    if kind == "S3":
        return _unpacked(location, version, into, s3)
    return ""


def _cloned(location: str, version: str, into: Path, environment: Mapping[str, str]) -> str:
    def git(*words: str) -> str:
        done = subprocess.run(  # noqa: S603 - the user's own repository
            ["git", *words],  # noqa: S607 - the user's git
            cwd=into,
            env=dict(environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SourceError("GIT_CLONE_FAILED", f"{done.stderr.strip()} for {location}")
        return done.stdout.strip()

    git("clone", "--quiet", location, ".")
    if version:
        git("checkout", "--quiet", version)
    return git("rev-parse", "HEAD")


def _unpacked(location: str, version: str, into: Path, s3: Any) -> str:
    bucket, _, key = location.removeprefix("arn:aws:s3:::").partition("/")
    try:
        found = s3.get_object(Bucket=bucket, Key=key, **({"VersionId": version} if version else {}))
    except ClientError as error:
        raise SourceError("CLIENT_ERROR", f"{error} for {location}") from error
    with zipfile.ZipFile(io.BytesIO(found["Body"].read())) as packed:
        packed.extractall(into)
    return str(found.get("VersionId", ""))
