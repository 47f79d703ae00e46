"""`python -m pipeline` against S3 and SageMaker on the loopback: what is sent, and what is said."""

from __future__ import annotations

import os

import pytest
from conftest import ENVIRONMENT, ROOT, Aws

from pipeline.__main__ import main, upload
from pipeline.settings import Settings
from pipeline.sources import Folder

TAGS = {"sagemaker:project-name": "demo", "sagemaker:project-id": "p-abcdefghijkl"}


def test_creating_starting_and_updating(
    aws: Aws, capsys: pytest.CaptureFixture[str], environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CODEBUILD_RESOLVED_SOURCE_VERSION", "0123456789ab")
    assert main(["run", "--parameter", "Seed=3"]) == 0
    pipeline = aws.pipelines["sagemaker-demo"]
    assert pipeline["RoleArn"] == ENVIRONMENT["PIPELINE_ROLE_ARN"]
    arn = "arn:aws:sagemaker:eu-west-1:111122223333:pipeline/sagemaker-demo"
    assert aws.tags == {arn: TAGS}
    (execution,) = aws.executions
    assert execution["PipelineParameters"] == [{"Name": "Seed", "Value": "3"}]
    assert execution["PipelineExecutionDescription"] == "commit 0123456789ab"
    assert capsys.readouterr().out.splitlines() == [arn, f"{arn}/execution/1"]

    # Everything that the definition reads has been uploaded, byte for byte.
    definition = pipeline["PipelineDefinition"]
    for name in ("src", "data"):
        uploaded = {key: body for key, body in aws.objects.items() if f"/{name}/" in key}
        assert {key.rpartition("/")[2] for key in uploaded} == {
            path.name for path in (ROOT / name).iterdir() if path.is_file()
        }
        for key, body in uploaded.items():
            assert body == (ROOT / name / key.rpartition("/")[2]).read_bytes()
            assert f"s3://{key.rpartition('/')[0]}" in definition

    # The second run updates, keeps other people's tags, and sends no file again.
    aws.tags = {arn: {"team": "risk"}}
    aws.calls.clear()
    assert main(["upsert"]) == 0
    assert aws.calls == ["ListObjectsV2", "ListObjectsV2", "DescribePipeline", "UpdatePipeline", "AddTags"]
    assert aws.pipelines["sagemaker-demo"]["PipelineDefinition"] == definition
    assert aws.tags == {arn: {"team": "risk"} | TAGS}
    assert len(aws.executions) == 1


def test_uploads_are_encrypted_with_the_key(aws: Aws, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KMS_KEY_ID", "alias/demo")
    settings = Settings.from_environment(os.environ)
    assert upload(Folder.read("src"), settings) == Folder.read("src").uri(
        "s3://sagemaker-demo-artifacts/sagemaker-demo"
    )
    assert set(aws.encryption.values()) == {"alias/demo"}


def test_a_branch_has_a_pipeline_of_its_own(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PIPELINE_NAME", "sagemaker-demo-feature-1")
    settings = Settings.from_environment(os.environ)
    assert (settings.pipeline_name, settings.prefix) == (
        "sagemaker-demo-feature-1",
        "s3://sagemaker-demo-artifacts/sagemaker-demo-feature-1",
    )


def test_outside_a_project_nothing_is_tagged(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SAGEMAKER_PROJECT_ID")
    assert Settings.from_environment(os.environ).tags == []


def test_what_aws_refuses_is_said(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.refuse = "DescribePipeline"
    assert main(["run"]) == 1
    assert "not authorized to perform DescribePipeline" in capsys.readouterr().err


def test_everything_missing_is_named_at_once(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ENVIRONMENT:
        environment.delenv(name)
    environment.setenv("PIPELINE_ROLE_ARN", "sagemaker-role")
    environment.setenv("SUBNET_IDS", "subnet-1")
    assert main(["upsert"]) == 1
    said = capsys.readouterr().err
    for name in ("AWS_REGION", "MODEL_PACKAGE_GROUP_NAME", "ARTIFACT_BUCKET"):
        assert f"{name} is not set" in said
    assert "PIPELINE_ROLE_ARN=sagemaker-role does not match" in said
    assert "SUBNET_IDS and SECURITY_GROUP_IDS belong together" in said


def test_a_parameter_without_value(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemExit):
        main(["run", "--parameter", "Seed"])
