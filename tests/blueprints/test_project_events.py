"""Which events start what: recorded ones of the model registry, of repositories and of objects against a built project's rules.

The shapes are those of the services' guides, whose addresses stand in the files of `events/`; the matching is the local AWS's.
What is behind the rules runs in `tests/launching/test_approvals.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.local.execution.pattern import matches
from tests.blueprints.building import build, resources

NAMES = {"SageMakerProjectName": "Churn", "SageMakerProjectId": "p-a1b2c3d4e5f6"}
BUCKET = "sagemaker-p-a1b2c3d4e5f6-111122223333-eu-west-1"
REPOSITORY = "arn:aws:codecommit:eu-west-1:111122223333:sagemaker-Churn-p-a1b2c3d4e5f6-model-build"


def recorded(name: str) -> dict[str, Any]:
    file = Path(__file__).parent / "events" / f"{name}.json"
    events: dict[str, Any] = json.loads(file.read_text("utf-8"))["events"]
    return events


RECORDED, REFERENCES, OBJECTS, PIPELINES = (
    recorded(name) for name in ("model-packages", "references", "objects", "pipelines")
)
STARTS = {"approved", "approved-fields-not-told"}


def pattern(title: str = "ModelDeployApprovedRule", **options: Any) -> dict[str, Any]:
    """The pattern of the rule for approvals, in a project of the recorded name and id."""
    template = build("sagemaker-project", **{"repositories": ["deploy"], **options})
    found = resources(template, "AWS::Events::Rule")[title]["Properties"]["EventPattern"]
    text = re.sub(
        r'\{"Fn::Sub": "([^"]*)"\}',
        lambda sub: json.dumps(re.sub(r"\$\{(\w+)\}", lambda name: NAMES[name[1]], sub[1])),
        json.dumps(found),
    )
    text = text.replace('{"Fn::GetAtt": ["ModelBuildRepository", "Arn"]}', json.dumps(REPOSITORY))
    text = text.replace('{"Ref": "ArtifactBucket"}', json.dumps(BUCKET))
    for half in ("Build", "Deploy"):
        name = f"sagemaker-Churn-p-a1b2c3d4e5f6-model-{half.lower()}"
        text = text.replace(f'{{"Ref": "Model{half}Pipeline"}}', json.dumps(name))
    resolved: dict[str, Any] = json.loads(text)
    return resolved


@pytest.mark.parametrize("name", sorted(RECORDED))
def test_deployment_starts_for_a_change_to_approved_in_the_own_group_only(
    name: str,
) -> None:
    assert matches(pattern(), RECORDED[name]) is (name in STARTS)


@pytest.mark.parametrize("model", ["female", "male", "other"])
def test_each_of_several_models_starts_it_and_no_other(model: str) -> None:
    event = json.loads(json.dumps(RECORDED["approved"]))
    event["detail"]["ModelPackageGroupName"] = f"sagemaker-p-a1b2c3d4e5f6-{model}"
    wanted = pattern(hosting="multi-model", models=["female", "male"])
    assert matches(wanted, event) is (model != "other")


def test_the_rule_would_be_noticed_if_it_asked_for_less() -> None:
    lax = pattern()
    del lax["detail"]["$or"]
    assert matches(lax, RECORDED["metadata-of-an-approved-version"])


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_a_push_to_the_main_branch_starts_the_pipeline(name: str) -> None:
    wanted = pattern("ModelBuildPushRule", repositories=["build"])
    assert matches(wanted, REFERENCES[name]) is (name in ("main-created", "main-pushed", "main-merged"))


@pytest.mark.parametrize("name", sorted(REFERENCES))
def test_a_branch_that_comes_moves_or_goes_is_the_function_s(name: str) -> None:
    wanted = pattern("ModelBuildBranchesRule", repositories=["build"], branches="per-branch")
    assert matches(wanted, REFERENCES[name]) is name.startswith("branch-")


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_what_a_git_server_s_push_was_brought_to_starts_the_pipeline(name: str) -> None:
    wanted = pattern("ModelBuildPushRule", repositories=["build"], git="external")
    assert matches(wanted, OBJECTS[name]) is (name in ("source-put", "source-uploaded-in-parts"))


@pytest.mark.parametrize("name", sorted(PIPELINES))
def test_failed_executions_of_the_own_pipelines_are_told(name: str) -> None:
    wanted = pattern("PipelineFailuresRule", repositories=["build", "deploy"])
    assert matches(wanted, PIPELINES[name]) is (name in ("build-failed", "deploy-failed"))
    alone = pattern("PipelineFailuresRule", repositories=["build"], pipelines="promoted")
    assert matches(alone, PIPELINES[name]) is (name == "build-failed")
