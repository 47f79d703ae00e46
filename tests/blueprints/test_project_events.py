"""Which events start a deployment: recorded ones of the model registry against the rule of a built project.

The shapes are of SageMaker's guide (its address stands in the file); the matching is the local AWS's.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.local.execution.pattern import matches
from tests.blueprints.building import build, resources

RECORDED = json.loads((Path(__file__).parent / "events" / "model-packages.json").read_text("utf-8"))["events"]
STARTS = {"approved", "approved-fields-not-told"}
NAMES = {"SageMakerProjectName": "Churn", "SageMakerProjectId": "p-a1b2c3d4e5f6"}


def pattern(title: str = "ModelDeployApprovedRule", **options: Any) -> dict[str, Any]:
    """The pattern of the rule for approvals, in a project of the recorded name and id."""
    template = build("sagemaker-project", **{"repositories": ["deploy"], **options})
    found = resources(template, "AWS::Events::Rule")[title]["Properties"]["EventPattern"]
    text = re.sub(
        r'\{"Fn::Sub": "([^"]*)"\}',
        lambda sub: json.dumps(re.sub(r"\$\{(\w+)\}", lambda name: NAMES[name[1]], sub[1])),
        json.dumps(found),
    )
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
