"""`python build.py`: find the newest approved models and write what deploys them to every stage into release/.

release/template.yaml is the stack of a stage; release/<stage>.json its parameters and tags in the form of
CodePipeline's template configuration; release/<stage>.parameters.json the parameters as StackSets take them.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from deployment import models, stages
from deployment.registry import NothingToDeploy
from deployment.release import FOLDER, TEMPLATE, stage_release
from deployment.settings import STAGES, BadEnvironment, Settings


def build(settings: Settings, sagemaker: Any, s3: Any, folder: Path = FOLDER) -> None:
    """Write the release.

    Raises:
        BadStage, NothingToDeploy: then nothing is written.
    """
    configured = {stage: stages.read(stage) for stage in STAGES}
    arns = models.resolve(settings, sagemaker)
    template = TEMPLATE.read_bytes()
    releases = [
        stage_release(
            stage, template, settings, models.parameters(settings, stage, arns, sagemaker, s3), configured[stage]
        )
        for stage in STAGES
    ]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / TEMPLATE.name).write_bytes(template)
    for release in releases:
        release.write(folder)
        print(f"{release.stage}: {release.parameters['Release']}")
    for name, arn in arns.items():
        print(f"{name}: {arn}")


def main() -> int:
    try:
        settings = Settings.from_environment(os.environ)
        build(
            settings,
            boto3.client("sagemaker", region_name=settings.region),
            boto3.client("s3", region_name=settings.region),
        )
    except (BadEnvironment, NothingToDeploy, stages.BadStage) as error:
        print(error, file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS: {error}", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
