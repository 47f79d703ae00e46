"""`python build.py`: pack the function, put it into the bucket, and write what deploys it to every stage into release/.

The archive is the same bytes for the same code, and its address is made from them: deploying an unchanged service
changes nothing. release/<stage>.json has the form of CodePipeline's template configuration.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from settings import ROOT, SERVICE, STAGES, BadSettings, Environment, of_stage

CODE = ROOT / "service"
TEMPLATE = ROOT / "template.yaml"
RELEASE = ROOT / "release"


def packed() -> bytes:
    """The function's archive, without a clock or a machine in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(CODE.rglob("*.py")):
            entry = zipfile.ZipInfo(path.relative_to(ROOT).as_posix(), (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def build(environment: Environment, s3: Any, folder: Path = RELEASE) -> str:
    """Upload the archive and write the release; returns the archive's key.

    Raises:
        BadSettings: of a stage; then nothing is written.
    """
    configured = {stage: of_stage(stage) for stage in STAGES}
    archive = packed()
    key = f"lambda/{SERVICE}/{sha256(archive).hexdigest()[:16]}.zip"
    s3.put_object(Bucket=environment.bucket, Key=key, Body=archive)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copyfile(TEMPLATE, folder / TEMPLATE.name)
    for stage, settings in configured.items():
        own = {"ServiceName": SERVICE, "StageName": stage, "CodeBucket": environment.bucket, "CodeKey": key}
        content = {"Parameters": own | settings, "Tags": {"service": SERVICE, "stage": stage}}
        (folder / f"{stage}.json").write_text(json.dumps(content, indent=2) + "\n")
    return key


def main() -> int:
    try:
        environment = Environment.read(os.environ)
        print(build(environment, boto3.client("s3", region_name=environment.region)))
    except BadSettings as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
