"""The compiled pipeline: no credentials, no network, and every step's request as SageMaker gets it."""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

import pytest
from conftest import ENVIRONMENT, ROOT, Run, as_in_ci

import train
from pipeline.__main__ import main
from pipeline.definition import HYPERPARAMETERS, build
from pipeline.models import Model, read
from pipeline.settings import Settings

MODELS = read()
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
    kinds = {"Preprocess": "Processing", "Train": "Training", "Evaluate": "Processing", "IsAccurateEnough": "Condition"}
    assert {name: step["Type"] for name, step in steps(definition).items()} == {
        f"{step}-{model.name}": kind for model in MODELS for step, kind in kinds.items()
    }
    text = {name: json.dumps(step["Arguments"]) for name, step in steps(definition).items()}
    for name in (model.name for model in MODELS):
        prepared = f"Steps.Preprocess-{name}.ProcessingOutputConfig.Outputs"
        assert f"{prepared}['train']" in text[f"Train-{name}"]
        assert f"{prepared}['validation']" in text[f"Train-{name}"]
        assert f"Steps.Train-{name}.ModelArtifacts.S3ModelArtifacts" in text[f"Evaluate-{name}"]
        assert f"{prepared}['test']" in text[f"Evaluate-{name}"]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_no_model_waits_for_another(definition: dict[str, Any], model: Model) -> None:
    own = {name: step for name, step in steps(definition).items() if name.endswith(f"-{model.name}")}
    named = set(re.findall(r"Steps\.([\w-]+)\.", json.dumps(own)))
    assert named <= set(own)
    arguments = own[f"Preprocess-{model.name}"]["Arguments"]["AppSpecification"]["ContainerArguments"]
    assert arguments[:2] == ["--rows", json.dumps(model.rows)]


def test_parameters_and_their_defaults(definition: dict[str, Any]) -> None:
    parameters = {parameter["Name"]: parameter for parameter in definition["Parameters"]}
    assert set(parameters) == {"InputDataUri", "InstanceType", "ModelApprovalStatus", "Seed"}
    assert parameters["ModelApprovalStatus"]["DefaultValue"] == "PendingManualApproval"
    assert parameters["InputDataUri"]["DefaultValue"].startswith("s3://sagemaker-demo-artifacts/sagemaker-demo/data/")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_only_an_accurate_model_is_registered(definition: dict[str, Any], model: Model) -> None:
    arguments = steps(definition)[f"IsAccurateEnough-{model.name}"]["Arguments"]
    (condition,) = arguments["Conditions"]
    assert condition["Type"] == "LessThanOrEqualTo"
    assert condition["LeftValue"]["Std:JsonGet"]["Path"] == "regression_metrics.rmse.value"
    assert condition["RightValue"] == model.max_rmse
    assert [step["Type"] for step in arguments["IfSteps"]] == ["RegisterModel"]
    assert arguments["ElseSteps"] == []
    (report,) = steps(definition)[f"Evaluate-{model.name}"]["PropertyFiles"]
    assert report == {
        "PropertyFileName": f"Evaluation-{model.name}",
        "OutputName": "evaluation",
        "FilePath": "evaluation.json",
    }


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_what_is_registered(definition: dict[str, Any], model: Model) -> None:
    (register,) = steps(definition)[f"IsAccurateEnough-{model.name}"]["Arguments"]["IfSteps"]
    arguments = register["Arguments"]
    assert arguments["ModelPackageGroupName"] == f"sagemaker-models-{model.name}"
    assert arguments["ModelApprovalStatus"] == {"Get": "Parameters.ModelApprovalStatus"}
    (container,) = arguments["InferenceSpecification"]["Containers"]
    training = steps(definition)[f"Train-{model.name}"]["Arguments"]
    assert container["Image"] == training["AlgorithmSpecification"]["TrainingImage"]
    assert container["ModelDataUrl"] == {"Get": f"Steps.Train-{model.name}.ModelArtifacts.S3ModelArtifacts"}
    program = container["Environment"]["SAGEMAKER_PROGRAM"]
    assert program in train.SERVING_CODE
    assert (ROOT / "src" / program).is_file()
    assert f"Steps.Evaluate-{model.name}" in json.dumps(
        arguments["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
    )


def test_every_job_is_tagged_limited_and_runs_as_the_role(definition: dict[str, Any]) -> None:
    jobs = [name for name, step in steps(definition).items() if step["Type"] != "Condition"]
    assert len(jobs) == 3 * len(MODELS)
    for name in jobs:
        arguments = steps(definition)[name]["Arguments"]
        assert arguments["Tags"] == TAGS
        assert arguments["RoleArn"] == ENVIRONMENT["PIPELINE_ROLE_ARN"]
        assert arguments["StoppingCondition"]["MaxRuntimeInSeconds"] == 3600
        assert {"Get": "Parameters.InstanceType"} in (
            arguments.get("ResourceConfig", {}).get("InstanceType"),
            arguments.get("ProcessingResources", {}).get("ClusterConfig", {}).get("InstanceType"),
        )


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_the_scripts_that_are_named_exist(definition: dict[str, Any], model: Model) -> None:
    named = [
        steps(definition)[f"{step}-{model.name}"]["Arguments"]["AppSpecification"]["ContainerEntrypoint"]
        for step in ("Preprocess", "Evaluate")
    ]
    programs = [entrypoint[-1].rpartition("/")[2] for entrypoint in named]
    programs.append(steps(definition)[f"Train-{model.name}"]["Arguments"]["HyperParameters"]["sagemaker_program"])
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
    for name in (f"{step}-{model.name}" for model in MODELS for step in ("Preprocess", "Evaluate")):
        arguments = found[name]["Arguments"]
        assert arguments["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
        assert arguments["ProcessingOutputConfig"]["KmsKeyId"] == key
        assert arguments["NetworkConfig"]["VpcConfig"] == {
            "Subnets": ["subnet-1", "subnet-2"],
            "SecurityGroupIds": ["sg-1"],
        }
    arguments = found[f"Train-{MODELS[-1].name}"]["Arguments"]
    assert arguments["ResourceConfig"]["VolumeKmsKeyId"] == key
    assert arguments["OutputDataConfig"]["KmsKeyId"] == key
    assert arguments["VpcConfig"] == {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
