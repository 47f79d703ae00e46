"""`python -m pipeline definition|upsert|run`: print the pipeline, put it into SageMaker, or also start it.

`package` prints what `promote` then creates and starts in another environment, with the parameters of STAGE_NAME in
stages/. The only module that calls AWS.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from pipeline.promotion import NotPromotable, Package
from pipeline.settings import BadEnvironment, Settings
from pipeline.sources import CODE, DATA, Folder


POLL_SECONDS = float(os.environ.get("POLL_SECONDS", "30"))


class NotSucceeded(Exception):
    """An execution has ended otherwise; the message says how."""


def client(service: str, settings: Settings) -> Any:
    """A client of this environment's account: as STAGE_ROLE_ARN where that is set, else as whoever runs this."""
    role = os.environ.get("STAGE_ROLE_ARN", "")
    if not role:
        return boto3.client(service, region_name=settings.region)
    sts = boto3.client("sts", region_name=settings.region)
    given = sts.assume_role(RoleArn=role, RoleSessionName="model-build")["Credentials"]
    return boto3.client(
        service,
        region_name=settings.region,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )


def upload(folder: Folder, settings: Settings) -> str:
    """Put the folder at its address; a folder that is there already is not sent again."""
    s3 = client("s3", settings)
    uri = folder.uri(settings.prefix)
    prefix = uri.removeprefix(f"s3://{settings.bucket}/")
    present = s3.list_objects_v2(Bucket=settings.bucket, Prefix=f"{prefix}/").get("KeyCount", 0)
    if present == len(folder.files):
        return uri
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key} if settings.kms_key else {}
    for path, content in folder.files:
        s3.put_object(Bucket=settings.bucket, Key=f"{prefix}/{path}", Body=content, **encryption)
    return uri


def commit() -> str:
    """The commit that is being built, as far as it is known."""
    for name in ("CODEBUILD_RESOLVED_SOURCE_VERSION", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT"):
        if os.environ.get(name):
            return os.environ[name]
    found = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return found.stdout.strip()


def upsert(settings: Settings, compiled: str) -> str:
    """Create the pipeline of this definition or bring it up to date; returns its ARN."""
    for folder in (CODE, DATA):
        print(f"uploaded: {upload(Folder.read(folder), settings)}", file=sys.stderr)
    request = {
        "PipelineName": settings.pipeline_name,
        "PipelineDefinition": compiled,
        "PipelineDescription": f"Trains and registers models of {settings.project_name}.",
        "RoleArn": settings.role_arn,
    }
    sagemaker = client("sagemaker", settings)
    try:
        arn = sagemaker.describe_pipeline(PipelineName=settings.pipeline_name)["PipelineArn"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        return str(sagemaker.create_pipeline(**request, Tags=settings.tags)["PipelineArn"])
    sagemaker.update_pipeline(**request)
    if settings.tags:
        sagemaker.add_tags(ResourceArn=arn, Tags=settings.tags)
    return str(arn)


def keyed(settings: Settings) -> Settings:
    """With the key's ARN where KMS_KEY_ID is an alias, which the volumes of jobs do not take."""
    if "alias/" not in (settings.kms_key or ""):
        return settings
    found = client("kms", settings).describe_key(KeyId=settings.kms_key)
    return replace(settings, kms_key=found["KeyMetadata"]["Arn"])


def of_stage(name: str) -> dict[str, str]:
    """The parameters that executions of a stage have: stages/<name>.json, an object, if it is there.

    Raises:
        NotPromotable: it is no object.
    """
    path = Path("stages", f"{name}.json")
    if not name or not path.exists():
        return {}
    try:
        return {key: str(value) for key, value in json.loads(path.read_text()).items()}
    except (ValueError, AttributeError):
        raise NotPromotable(f"stages/{name}.json is no object of parameters and their values") from None


def definition(settings: Settings) -> str:
    """The compiled pipeline as JSON."""
    from pipeline.definition import build  # the SDK takes seconds to import; mistakes show before that

    return build(settings).definition()


def run(settings: Settings, parameters: dict[str, str]) -> str:
    """Start an execution of the pipeline as it is in SageMaker; returns its ARN."""
    sagemaker = client("sagemaker", settings)
    source = commit()
    answer = sagemaker.start_pipeline_execution(
        PipelineName=settings.pipeline_name,
        PipelineExecutionDescription=f"commit {source}" if source else "by hand",
        PipelineParameters=[{"Name": name, "Value": value} for name, value in parameters.items()],
    )
    return str(answer["PipelineExecutionArn"])


def finish(settings: Settings, execution: str) -> None:
    """Wait for an execution. It may take longer than the hour of a role's session, so that each look has a client of its own.

    Raises:
        NotSucceeded: it failed, or somebody has stopped it.
    """
    while True:
        sagemaker = client("sagemaker", settings)
        found = sagemaker.describe_pipeline_execution(PipelineExecutionArn=execution)
        if found["PipelineExecutionStatus"] == "Succeeded":
            return
        if found["PipelineExecutionStatus"] in ("Failed", "Stopped"):
            raise NotSucceeded(f"{execution} has {found['PipelineExecutionStatus']}: {found.get('FailureReason', '')}")
        time.sleep(POLL_SECONDS)


def parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"write NAME=VALUE, not {text}")
    return name, value


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m pipeline", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("definition", help="print the definition as JSON; needs no AWS")
    verbs.add_parser("upsert", help="create or update the pipeline")
    starting = verbs.add_parser("run", help="create or update the pipeline, and start it")
    verbs.add_parser("package", help="print the definition with what it was made for; needs no AWS")
    promoting = verbs.add_parser("promote", help="create or update the pipeline of a package, and start it")
    promoting.add_argument("package", type=Path)
    for verb in (starting, promoting):
        verb.add_argument("--parameter", type=parameter, action="append", default=[], metavar="NAME=VALUE")
        verb.add_argument("--wait", action="store_true", help="until the execution has succeeded")
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_environment(os.environ)
        given = dict(getattr(options, "parameter", ()))
        if options.verb == "definition":
            print(json.dumps(json.loads(definition(settings)), indent=2))
            return 0
        if options.verb == "package":
            print(Package(json.loads(definition(settings)), settings).text, end="")
            return 0
        if options.verb == "promote":
            settings = keyed(settings)
            compiled = Package.read(options.package.read_text()).promoted(settings)
            given = of_stage(os.environ.get("STAGE_NAME", "")) | given
        else:
            compiled = definition(settings)
        print(upsert(settings, compiled))
        if options.verb != "upsert":
            execution = run(settings, given)
            print(execution)
            if options.wait:
                finish(settings, execution)
    except BadEnvironment as error:
        print(f"environment: {error}", file=sys.stderr)
        return 1
    except (NotPromotable, NotSucceeded, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(f"AWS: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
