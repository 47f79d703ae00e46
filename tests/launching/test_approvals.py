"""What starts the deployment of a launched project: recorded events of the model registry and of repositories, on its bus.

The rules, their targets and the functions behind them are those of the launched stack; the bus is the local AWS's. The events
are recorded ones, told of the project's account, region and model package groups.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws
from generator.local.execution.events import Bus, publish
from generator.local.identity import administrator
from generator.local.service import Call
from tests.conftest import ROOT

from . import projects
from .conftest import REGION, Shelf
from .projects import ID, NAME, PROJECTS, TITLES, Project

EVENTS = ROOT / "tests" / "blueprints" / "events"
VERSIONS: Mapping[str, Any] = json.loads((EVENTS / "model-packages.json").read_text("utf-8"))["events"]
OBJECTS: Mapping[str, Any] = json.loads((EVENTS / "objects.json").read_text("utf-8"))["events"]
REFERENCES: Mapping[str, Any] = json.loads((EVENTS / "references.json").read_text("utf-8"))["events"]
# An event that tells no fields may be about the status.
STARTS = ("approved", "approved-fields-not-told")
PUSHES = ("main-created", "main-pushed", "main-merged")
BROUGHT = {
    "source-put": "model-build",
    "source-uploaded-in-parts": "model-build",
    "other-half-put": "model-deploy",
}
# The names in the recorded ones.
GROUP = f"sagemaker-{NAME}-{ID}"
REPOSITORY = f"{GROUP}-model-build"
# Both halves, several groups, only one half, a git server, Jenkins.
SAMPLE = [
    "mlops-build-train-deploy",
    "mlops-dev-to-prod",
    "mlops-github-jenkins",
    "mlops-gitlab",
    "mlops-serial-inference",
]


def happened(event: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """A recorded event as it is told of this account and region, with other names in it."""
    text = json.dumps(event).replace("111122223333", ACCOUNT).replace("eu-west-1", REGION)
    for old, new in names.items():
        text = text.replace(old, new)
    told: dict[str, Any] = json.loads(text)
    return told


def tell(aws: LocalAws, event: Mapping[str, Any]) -> None:
    """Put an event onto the default bus as the service does that it is of; PutEvents takes none of AWS's own."""
    app = aws.app
    call = Call(
        service="events",
        operation="",
        params={},
        identity=administrator(ACCOUNT),
        region=REGION,
        request_id=event["id"],
        now=datetime.now(UTC),
        state=aws.state,
        clients=aws.client_as,
        weather=app.weather,
        forecast=app.weather.usual,
        look=app.journal.look,
        runner=aws.runner,
    )
    with aws.state.write():
        publish(call, Bus(ACCOUNT, REGION, "default"), event)


def tellings(project: Project) -> Iterator[tuple[str, Mapping[str, Any], list[str]]]:
    """What is told on the project's bus: a name for it, the event, and what it is to start."""
    deployment = [name for name in pipelines(project) if name.endswith("model-deploy")]
    if "JenkinsUrl" in project.outputs:
        deployment += project.outside.jenkins.jobs
    assert len(deployment) == ("model-deploy" in project.halves)
    for arn in project.resources("AWS::SageMaker::ModelPackageGroup"):
        group = arn.rpartition("/")[2]
        for name, event in VERSIONS.items():
            yield f"{name} in {group}", of_group(event, group), deployment if name in STARTS else []
    for name, event, half in pushes(project):
        yield name, event, [each for each in pipelines(project) if half and each.endswith(half)]


def pipelines(project: Project) -> list[str]:
    return project.resources("AWS::CodePipeline::Pipeline")


def of_group(event: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A recorded event of the registry, about a version in a group of the project; of another one's as it is."""
    told = happened(event)
    if told["detail"]["ModelPackageGroupName"] == GROUP:
        version = told["detail"]["ModelPackageArn"].replace(GROUP.lower(), group.lower())
        told["detail"] |= {"ModelPackageGroupName": group, "ModelPackageArn": version}
        told["resources"] = [version]
    return told


def pushes(project: Project) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """What is told of repositories, or of objects that a server's pushes are brought to, and the half that it starts.

    A connection tells its pipeline of pushes by itself, and Jenkins hears of them where they are made.
    """
    if project.resources("AWS::CodeCommit::Repository"):
        for half in project.halves:
            repository = project.outputs[f"{TITLES[half]}Repository"].rpartition("/")[2]
            for name, event in REFERENCES.items():
                told = happened(event, **{REPOSITORY: repository})
                yield f"{name} of {half}", told, half if name in PUSHES else ""
    elif "GitServerUrl" in project.outputs:
        for name, event in OBJECTS.items():
            yield name, happened(event), BROUGHT.get(name, "")


def starts_what_it_should(product: str, shelf: Shelf, folder: Path) -> None:
    with projects.servers(folder) as outside:
        # How it is seeded has a test of its own: nothing runs until the project is there.
        with projects.opened(shelf, folder, run_code=False) as quiet:
            made = projects.make(quiet, shelf, product, outside)
        with projects.opened(shelf, folder, run_code="JenkinsUrl" in made.outputs) as aws:
            project = Project(aws, outside, projects.person(aws, shelf, product), made.outputs)
            assert project.started() == []
            told = list(tellings(project))
            assert len(told) >= len(VERSIONS)
            for name, event, wanted in told:
                tell(aws, event)
                assert project.started() == wanted, name


@pytest.mark.parametrize("product", SAMPLE)
def test_an_approval_starts_the_deployment_once_and_a_push_its_own_pipeline(
    product: str, shelf: Shelf, tmp_path: Path
) -> None:
    starts_what_it_should(product, shelf, tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("product", PROJECTS)
def test_what_starts_every_project(product: str, shelf: Shelf, tmp_path: Path) -> None:
    starts_what_it_should(product, shelf, tmp_path)


def test_an_approval_that_starts_nothing_is_kept_and_says_why(shelf: Shelf, tmp_path: Path) -> None:
    with projects.servers(tmp_path) as outside, projects.opened(shelf, tmp_path, run_code=False) as aws:
        project = projects.make(aws, shelf, "mlops-deploy", outside)
        (pipeline,) = project.resources("AWS::CodePipeline::Pipeline")
        projects.client(aws, "codepipeline").delete_pipeline(name=pipeline)
        approved = of_group(VERSIONS[STARTS[0]], GROUP)
        tell(aws, approved)
        (queue,) = project.resources("AWS::SQS::Queue")
        (kept,) = projects.client(aws, "sqs").receive_message(QueueUrl=queue, MessageAttributeNames=["All"])[
            "Messages"
        ]
        assert json.loads(kept["Body"])["detail"] == approved["detail"]
        said = {name: each["StringValue"] for name, each in kept["MessageAttributes"].items()}
        assert said["TARGET_ARN"].endswith(f":{pipeline}")
        assert pipeline in said["ERROR_MESSAGE"]
