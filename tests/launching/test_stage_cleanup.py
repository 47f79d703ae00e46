"""Terminating a project whose pipelines have deployed: its clean-up really runs, and takes the stages' stacks with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from generator.errors import Where
from generator.local import ACCOUNT
from generator.local.stacks.account import parsed
from generator.seed import render
from tests.blueprints.test_project_stages import GIVEN, parameters
from tests.conftest import ROOT

from . import projects
from .conftest import REGION, Shelf
from .projects import ID, NAME
from .shop import reasons

PRODUCT = "mlops-deploy"


def deployed(admin: Any, stage: str, stack: str, template: str) -> None:
    """The stack of a stage, as the pipeline's CloudFormation action makes it."""
    given = {
        **GIVEN,
        "SageMakerProjectName": NAME,
        "SageMakerProjectId": ID,
        "StageName": stage,
        "Release": "0123456789",
    }
    wanted = {
        name: given.get(name, "100")
        for name, parameter in parsed(template)["Parameters"].items()
        if name in given or "Default" not in parameter
    }
    cloudformation = admin.client("cloudformation")
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=template,
        Parameters=parameters(wanted),
        RoleARN=f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{ID}-deploy",
        Tags=[
            {"Key": "sagemaker:project-name", "Value": NAME},
            {"Key": "sagemaker:project-id", "Value": ID},
        ],
    )
    assert cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


@pytest.mark.proof
def test_the_stacks_of_stages_go_with_the_project(shelf: Shelf, tmp_path: Path) -> None:
    with projects.opened(shelf, tmp_path) as running:
        someone = projects.person(running, shelf, PRODUCT)
        projects.launch(someone)
        admin: Any = running.session(REGION)
        tree = render(
            ROOT / "seedcode" / "model-deploy",
            {"hosting": "endpoint", "ci": "codebuild"},
            where=Where("test"),
        )
        template = next(content.decode() for name, content, _ in tree.files if name == "template.yaml")
        stacks = [f"sagemaker-{NAME}-{ID}-deploy-{stage}" for stage in ("staging", "former-stage")]
        for stack in stacks:
            deployed(admin, stack.rpartition("-deploy-")[2], stack, template)
        other = "sagemaker-other-deploy-staging"
        admin.client("cloudformation").create_stack(
            StackName=other, TemplateBody="Resources: {Topic: {Type: 'AWS::SNS::Topic'}}"
        )

        assert reasons(projects.ended(someone, someone.terminate("it"))) == ""
        left = {
            each["StackName"]
            for each in admin.client("cloudformation").list_stacks()["StackSummaries"]
            if each["StackStatus"] != "DELETE_COMPLETE"
        }
        assert other in left
        assert not left & set(stacks)
        assert admin.client("sagemaker").list_endpoints()["Endpoints"] == []
        roles = {each["RoleName"] for each in admin.client("iam").list_roles()["Roles"]}
        assert not any(ID in name for name in roles)
