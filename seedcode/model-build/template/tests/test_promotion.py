"""Promotion: the same definition elsewhere, or a refusal that says why not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Aws, as_in_ci

from pipeline.__main__ import definition, main
from pipeline.promotion import NotPromotable, Package
from pipeline.settings import Settings

KEY = "arn:aws:kms:eu-west-1:{}:key/11111111-2222-3333-4444-555555555555"
WHOLE = {"KMS_KEY_ID": KEY.format("111122223333"), "SUBNET_IDS": "subnet-1,subnet-2", "SECURITY_GROUP_IDS": "sg-1"}
PRODUCTION = {
    "SAGEMAKER_PROJECT_NAME": "live",
    "SAGEMAKER_PROJECT_ID": "p-zyxwvutsrqpo",
    "MODEL_PACKAGE_GROUP_NAME": "sagemaker-live",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::444455556666:role/sagemaker-live-pipeline",
    "ARTIFACT_BUCKET": "sagemaker-live-artifacts",
    "KMS_KEY_ID": KEY.format("444455556666"),
    "SUBNET_IDS": "subnet-9",
    "SECURITY_GROUP_IDS": "sg-9",
}


def settings(environment: pytest.MonkeyPatch, values: dict[str, str]) -> Settings:
    for name, value in values.items():
        environment.setenv(name, value)
    return Settings.from_environment(os.environ)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """What a run in development leaves behind."""
    with pytest.MonkeyPatch.context() as patch:
        as_in_ci(patch, tmp_path_factory.getbasetemp() / "none")
        made_for = settings(patch, WHOLE)
        return Package.read(Package(json.loads(definition(made_for)), made_for).text)


def test_a_promoted_definition_is_what_production_would_compile(
    package: Package, environment: pytest.MonkeyPatch
) -> None:
    target = settings(environment, PRODUCTION)
    promoted = package.promoted(target)
    assert json.loads(promoted) == json.loads(definition(target))
    for value in ("111122223333", "sagemaker-demo", "subnet-1", "p-abcdefghijkl"):
        assert value in json.dumps(package.definition)
        assert value not in promoted


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"AWS_REGION": "us-east-1"}, "packaged for eu-west-1, whose images us-east-1 does not have"),
        ({"KMS_KEY_ID": ""}, "packaged with kms_key, and here is no kms_key"),
        ({"SUBNET_IDS": "", "SECURITY_GROUP_IDS": ""}, "packaged with subnets, and here is no subnets"),
    ],
)
def test_other_surroundings(
    package: Package, environment: pytest.MonkeyPatch, change: dict[str, str], said: str
) -> None:
    with pytest.raises(NotPromotable, match=said):
        package.promoted(settings(environment, PRODUCTION | change))


def test_other_code(package: Package, environment: pytest.MonkeyPatch) -> None:
    text = package.text.replace("/src/", "/src/0")
    with pytest.raises(NotPromotable, match="packaged from another src/ than this checkout has"):
        Package.read(text).promoted(settings(environment, PRODUCTION))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "surroundings": {}}'])
def test_no_package(text: str) -> None:
    with pytest.raises(NotPromotable, match="package"):
        Package.read(text)


def test_the_command(
    aws: Aws, package: Package, environment: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pipeline.json").write_text(package.text)
    settings(environment, PRODUCTION)
    assert main(["promote", str(tmp_path / "pipeline.json"), "--wait"]) == 0
    found = aws.pipelines["sagemaker-live"]
    assert found["RoleArn"] == PRODUCTION["PIPELINE_ROLE_ARN"]
    for key in aws.objects:  # the code is there under the address that the definition names
        assert f"s3://{key.rpartition('/')[0]}" in found["PipelineDefinition"]
    (execution,) = aws.executions
    assert execution["PipelineName"] == "sagemaker-live"

    # A key's alias is looked up, since volumes take none; a stage has parameters of its own.
    aws.keys["alias/live"] = PRODUCTION["KMS_KEY_ID"]
    environment.setenv("KMS_KEY_ID", "alias/live")
    environment.setenv("STAGE_NAME", "production")
    environment.chdir(tmp_path)
    stage = tmp_path / "stages" / "production.json"
    stage.parent.mkdir()
    stage.write_text('{"InputDataUri": "s3://live/abalone", "MaxRmse": 2.1}')
    assert main(["promote", str(tmp_path / "pipeline.json"), "--parameter", "MaxRmse=2.3"]) == 0
    assert aws.pipelines["sagemaker-live"]["PipelineDefinition"] == found["PipelineDefinition"]
    assert aws.executions[-1]["PipelineParameters"] == [
        {"Name": "InputDataUri", "Value": "s3://live/abalone"},
        {"Name": "MaxRmse", "Value": "2.3"},
    ]
    stage.write_text("[]")
    assert main(["promote", str(tmp_path / "pipeline.json")]) == 1
    assert "stages/production.json is no object" in capsys.readouterr().err
    environment.delenv("STAGE_NAME")

    aws.outcome = "Failed"
    assert main(["promote", str(tmp_path / "pipeline.json"), "--wait"]) == 1
    assert "has Failed: too inaccurate" in capsys.readouterr().err
    assert main(["promote", str(tmp_path / "none.json")]) == 1
    assert "none.json" in capsys.readouterr().err
