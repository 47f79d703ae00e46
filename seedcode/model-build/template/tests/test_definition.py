"""The compiled pipeline: no credentials, no network, and every step's request as SageMaker gets it."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from conftest import ENVIRONMENT, ROOT, Run, as_in_ci

import train
from pipeline.__main__ import main
from pipeline.definition import HYPERPARAMETERS, build
from pipeline.settings import Settings

TAGS = [
    {"Key": "sagemaker:project-name", "Value": "demo"},
    {"Key": "sagemaker:project-id", "Value": "p-abcdefghijkl"},
]


def compiled() -> dict[str, Any]:
    return json.loads(build(Settings.from_environment(os.environ)).definition())


@pytest.fixture(scope="module")
def definition(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    def refuse(*arguments: object) -> None:
        raise AssertionError(f"compiling connected to {arguments[1:]}")

    with pytest.MonkeyPatch.context() as patch:
        as_in_ci(patch, tmp_path_factory.getbasetemp() / "none")
        patch.setattr(socket.socket, "connect", refuse)
        return compiled()


def steps(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {step["Name"]: step for step in definition["Steps"]}


def test_the_steps_and_their_order(definition: dict[str, Any]) -> None:
    assert {name: step["Type"] for name, step in steps(definition).items()} == {
        "Preprocess": "Processing",
        "Train": "Training",
        "Evaluate": "Processing",
        "IsAccurateEnough": "Condition",
    }
    text = {name: json.dumps(step["Arguments"]) for name, step in steps(definition).items()}
    assert "Steps.Preprocess.ProcessingOutputConfig.Outputs['train']" in text["Train"]
    assert "Steps.Preprocess.ProcessingOutputConfig.Outputs['validation']" in text["Train"]
    assert "Steps.Train.ModelArtifacts.S3ModelArtifacts" in text["Evaluate"]
    assert "Steps.Preprocess.ProcessingOutputConfig.Outputs['test']" in text["Evaluate"]


def test_parameters_and_their_defaults(definition: dict[str, Any]) -> None:
    parameters = {parameter["Name"]: parameter for parameter in definition["Parameters"]}
    assert set(parameters) == {"InputDataUri", "InstanceType", "MaxRmse", "ModelApprovalStatus", "Seed"}
    assert parameters["ModelApprovalStatus"]["DefaultValue"] == "PendingManualApproval"
    assert parameters["MaxRmse"]["Type"] == "Float"
    assert parameters["MaxRmse"]["DefaultValue"] > 0
    assert parameters["InputDataUri"]["DefaultValue"].startswith("s3://sagemaker-demo-artifacts/sagemaker-demo/data/")


def test_only_an_accurate_model_is_registered(definition: dict[str, Any]) -> None:
    arguments = steps(definition)["IsAccurateEnough"]["Arguments"]
    (condition,) = arguments["Conditions"]
    assert condition["Type"] == "LessThanOrEqualTo"
    assert condition["LeftValue"]["Std:JsonGet"]["Path"] == "regression_metrics.rmse.value"
    assert condition["RightValue"] == {"Get": "Parameters.MaxRmse"}
    assert [step["Type"] for step in arguments["IfSteps"]] == ["RegisterModel"]
    assert [step["Type"] for step in arguments["ElseSteps"]] == ["Fail"]
    (report,) = steps(definition)["Evaluate"]["PropertyFiles"]
    assert report == {"PropertyFileName": "Evaluation", "OutputName": "evaluation", "FilePath": "evaluation.json"}


def test_what_is_registered(definition: dict[str, Any]) -> None:
    (register,) = steps(definition)["IsAccurateEnough"]["Arguments"]["IfSteps"]
    arguments = register["Arguments"]
    assert arguments["ModelPackageGroupName"] == "sagemaker-demo"
    assert arguments["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    (container,) = arguments["InferenceSpecification"]["Containers"]
    assert container["Image"] == steps(definition)["Train"]["Arguments"]["AlgorithmSpecification"]["TrainingImage"]
    assert container["ModelDataUrl"] == {"Get": "Steps.Train.ModelArtifacts.S3ModelArtifacts"}
    program = container["Environment"]["SAGEMAKER_PROGRAM"]
    assert program in train.SERVING_CODE
    assert (ROOT / "src" / program).is_file()
    assert "Steps.Evaluate" in json.dumps(arguments["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"])


def test_every_job_is_tagged_limited_and_runs_as_the_role(definition: dict[str, Any]) -> None:
    for name in ("Preprocess", "Train", "Evaluate"):
        arguments = steps(definition)[name]["Arguments"]
        assert arguments["Tags"] == TAGS
        assert arguments["RoleArn"] == ENVIRONMENT["PIPELINE_ROLE_ARN"]
        assert arguments["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600
        assert {"Get": "Parameters.InstanceType"} in (
            arguments.get("ResourceConfig", {}).get("InstanceType"),
            arguments.get("ProcessingResources", {}).get("ClusterConfig", {}).get("InstanceType"),
        )


def test_the_scripts_that_are_named_exist(definition: dict[str, Any]) -> None:
    named = [
        steps(definition)[name]["Arguments"]["AppSpecification"]["ContainerEntrypoint"]
        for name in ("Preprocess", "Evaluate")
    ]
    programs = [entrypoint[-1].rpartition("/")[2] for entrypoint in named]
    programs.append(steps(definition)["Train"]["Arguments"]["HyperParameters"]["sagemaker_program"])
    assert programs == ["preprocess.py", "evaluate.py", "train.py"]
    assert all((ROOT / "src" / program).is_file() for program in programs)


def test_the_training_script_takes_the_hyperparameters(run: Run, tmp_path: Path) -> None:
    arguments = [word for name, value in HYPERPARAMETERS.items() for word in (f"--{name}", value)]
    folders = [f"--{name}={run.prepared / name}" for name in ("train", "validation")]
    train.main([*folders, f"--model-dir={tmp_path}", *arguments, "--num_round", "2"])
    assert (tmp_path / train.MODEL).is_file()


def test_the_command_prints_the_same_definition_every_time(
    definition: dict[str, Any], environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["definition"]) == 0
    assert json.loads(capsys.readouterr().out) == definition


def test_keys_subnets_and_security_groups_reach_every_job(environment: pytest.MonkeyPatch) -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    environment.setenv("KMS_KEY_ID", key)
    environment.setenv("SUBNET_IDS", "subnet-1, subnet-2")
    environment.setenv("SECURITY_GROUP_IDS", "sg-1")
    found = steps(compiled())
    for name in ("Preprocess", "Evaluate"):
        arguments = found[name]["Arguments"]
        assert arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
        assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == key
        assert arguments["NetworkConfig"]["VpcConfig"] == {
            "Subnets": ["subnet-1", "subnet-2"],
            "SecurityGroupIds": ["sg-1"],
        }
    arguments = found["Train"]["Arguments"]
    assert arguments["ResourceConfig"]["VolumeKmsKeyId"] == key
    assert arguments["OutputDataConfig"]["KmsKeyId"] == key
    assert arguments["VpcConfig"] == {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
