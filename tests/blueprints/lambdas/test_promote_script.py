"""The commands that promote a SageMaker pipeline, in a shell, with the AWS CLI and a SageMaker on loopback."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.blueprints.building import build, resources

from .loopback import REGION, Loopback, Rejected, listening
from .loopback import _Handler as Handler

NAME = "sagemaker-Churn-p-a1b2c3d4e5f6-model-build-production"
ARN = f"arn:aws:sagemaker:{REGION}:111122223333:pipeline/{NAME.lower()}"
DEFINITION = '{"Version": "2020-12-01", "Steps": []}'
Promote = Callable[..., "subprocess.CompletedProcess[str]"]


@dataclass
class SageMaker(Loopback):
    """Keeps one pipeline, whose executions take a few looks to end."""

    definition: str = ""
    tags: list[dict[str, str]] = field(default_factory=list)
    started: list[dict[str, Any]] = field(default_factory=list)
    ends_as: str = "Succeeded"
    looks: int = 3

    def sagemaker(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self._ask(operation)
        match operation:
            case "DescribePipeline":
                if not self.definition:
                    raise Rejected("ResourceNotFound", "Pipeline does not exist.")
                return {"PipelineArn": ARN, "PipelineDefinition": self.definition}
            case "CreatePipeline":
                self.definition, self.tags = body["PipelineDefinition"], body["Tags"]
                return {"PipelineArn": ARN}
            case "UpdatePipeline":
                self.definition = body["PipelineDefinition"]
                return {"PipelineArn": ARN}
            case "StartPipelineExecution":
                self.started.append(body)
                return {"PipelineExecutionArn": f"{ARN}/execution/1"}
            case "DescribePipelineExecution":
                self.looks -= 1
                return {"PipelineExecutionStatus": "Executing" if self.looks > 0 else self.ends_as}
        raise Rejected("UnknownOperationException", operation)


def command() -> str:
    template = build("sagemaker-project", pipelines="promoted")
    project = resources(template, "AWS::CodeBuild::Project")["ModelBuildPromote"]
    spec = yaml.safe_load(project["Properties"]["Source"]["BuildSpec"])
    assert spec["env"] == {"shell": "bash"}
    (text,) = spec["phases"]["build"]["commands"]
    return str(text)


@pytest.fixture
def sagemaker() -> Iterator[SageMaker]:
    state = SageMaker()
    with listening(type("Bound", (Handler,), {"state": state})) as state.url:
        yield state


@pytest.fixture
def promote(sagemaker: SageMaker, tmp_path: Path) -> Promote:
    source, artifact = tmp_path / "source", tmp_path / "artifact"
    for folder in (source / "stages", artifact):
        folder.mkdir(parents=True)
    (artifact / "definition.json").write_text(DEFINITION)

    def run(parameters: str = "") -> subprocess.CompletedProcess[str]:
        if parameters:
            (source / "stages" / "production.json").write_text(parameters)
        environment = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": sagemaker.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CODEBUILD_SRC_DIR_Definition": str(artifact),
            "CODEBUILD_BUILD_ID": "promote:1",
            "PAUSE_SECONDS": "0",
            "PIPELINE_NAME": NAME,
            "PIPELINE_ROLE_ARN": "arn:aws:iam::111122223333:role/sagemaker-p-a1b2c3d4e5f6-training",
            "STAGE_NAME": "production",
            "SAGEMAKER_PROJECT_NAME": "Churn",
            "SAGEMAKER_PROJECT_ID": "p-a1b2c3d4e5f6",
        }
        return subprocess.run(
            ["bash", "-c", command()],
            env=environment,
            cwd=source,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_new_stage_gets_the_definition_as_it_is_and_runs_it_to_its_end(
    sagemaker: SageMaker, promote: Promote
) -> None:
    done = promote('[{"Name": "InputDataUri", "Value": "s3://production/abalone"}]')
    assert done.returncode == 0, done.stderr
    assert sagemaker.calls[:3] == ["DescribePipeline", "CreatePipeline", "StartPipelineExecution"]
    assert sagemaker.definition == DEFINITION
    assert {tag["Key"]: tag["Value"] for tag in sagemaker.tags} == {
        "sagemaker:project-name": "Churn",
        "sagemaker:project-id": "p-a1b2c3d4e5f6",
    }
    (started,) = sagemaker.started
    assert started["PipelineParameters"] == [{"Name": "InputDataUri", "Value": "s3://production/abalone"}]
    assert sagemaker.looks == 0


@pytest.mark.proof
def test_a_stage_that_is_there_is_brought_up_to_date(sagemaker: SageMaker, promote: Promote) -> None:
    sagemaker.definition = "{}"
    done = promote()
    assert done.returncode == 0, done.stderr
    assert "UpdatePipeline" in sagemaker.calls
    assert sagemaker.definition == DEFINITION
    assert "PipelineParameters" not in sagemaker.started[0]


@pytest.mark.proof
def test_an_execution_that_fails_holds_the_stages_after_it_back(
    sagemaker: SageMaker, promote: Promote
) -> None:
    sagemaker.ends_as = "Failed"
    done = promote()
    assert done.returncode != 0
    assert "ended as Failed" in done.stderr


@pytest.mark.parametrize(
    "operation",
    [
        "DescribePipeline",
        pytest.param("CreatePipeline", marks=pytest.mark.proof),
        pytest.param("StartPipelineExecution", marks=pytest.mark.proof),
    ],
)
def test_what_sagemaker_refuses_ends_the_promotion(
    sagemaker: SageMaker, promote: Promote, operation: str
) -> None:
    sagemaker.denied = {operation}
    done = promote()
    assert done.returncode != 0
    assert f"not authorized to perform {operation}" in done.stderr
