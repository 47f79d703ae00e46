"""A template of the project in other accounts: the StackSet that brings it to the accounts of a stage, and keeps it there.

Owns the StackSet, the role that self-managed ones are run with, and roles that only the project's own account assumes. A list
of accounts is served by a self-managed StackSet, by way of the execution role that the platform has in them; organizational
units by a service-managed one, which needs trusted access and a project in the organization's management account. What the
template holds is the caller's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import Parameter, Ref, Sub, Template, cloudformation, iam

from .access import Statement, allow, role, service_role
from .accounts import GROUP, Place
from .form import ask
from .foundation import Foundation
from .project import Project
from .project import project as declare_project

ADMINISTRATOR = "stacksets"
EXECUTION_ROLE = "StackSetExecutionRole"
HOME = "HomeAccountId"  # a parameter of every template that is brought


def administrator(shared: Foundation) -> iam.Role | None:
    """What StackSets of roles and accounts are run with; none where no stage is in a list of accounts.

    It uses the platform's execution role, which may do anything there, and is CloudFormation's alone, not a pipeline's.
    """
    if all(place.managed_by_service for place in shared.places):
        return None
    project = shared.project
    ask(
        project.template,
        EXECUTION_ROLE,
        group=GROUP,
        label="Execution role in the accounts",
        description="The role that StackSets use in the accounts to make the project's roles there; it is there already, "
        "and trusts this account.",
        default="AWSCloudFormationStackSetExecutionRole",
        pattern=r"^[\w+=,.@-]{1,64}$",
        constraint="The name of a role, the same in all accounts.",
    )
    return service_role(
        project,
        "RolloutRole",
        ADMINISTRATOR,
        "cloudformation",
        "StackSets bring the project's roles to the accounts of its stages.",
        visits(f"${{{EXECUTION_ROLE}}}"),
    )


def visits(role_name: str) -> list[Statement]:
    """To assume a role of this name in any account: one that has left the list is still to be cleared."""
    return [allow(["sts:AssumeRole"], [Sub(f"arn:${{AWS::Partition}}:iam::*:role/{role_name}")])]


def begun(description: str, parameters: Sequence[str] = ()) -> Project:
    """The project in a template that is brought: its own two parameters, its home and `parameters`, with no form."""
    template = Template(Description=description)
    project = declare_project(template)
    template.metadata = {}  # nobody fills in a form
    for name in (HOME, *parameters):
        template.add_parameter(Parameter(name, Type="String"))
    return project


def bring(
    shared: Foundation,
    place: Place,
    administrator: iam.Role | None,
    content: Project,
    *,
    title: str,
    suffix: str,
    description: str,
    values: Mapping[str, Any] | None = None,
    keeps: bool = False,
) -> cloudformation.StackSet:
    """The StackSet of a template that `begun` began; `keeps`: an account that leaves its unit keeps its stack."""
    project = shared.project
    given = {
        **{name: Ref(name) for name in content.template.parameters},
        HOME: Ref("AWS::AccountId"),
        **(values or {}),
    }
    if place.managed_by_service:
        how: dict[str, Any] = {
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": cloudformation.AutoDeployment(Enabled=True, RetainStacksOnAccountRemoval=keeps),
        }
        targets = cloudformation.DeploymentTargets(OrganizationalUnitIds=place.targets)
    else:
        assert administrator is not None
        how = {
            "PermissionModel": "SELF_MANAGED",
            "AdministrationRoleARN": administrator.get_att("Arn"),
            "ExecutionRoleName": Ref(EXECUTION_ROLE),
        }
        targets = cloudformation.DeploymentTargets(Accounts=place.targets)
    return project.add(
        cloudformation.StackSet(
            title,
            StackSetName=project.named(suffix, limit=128),
            Description=description,
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                cloudformation.Parameter(ParameterKey=name, ParameterValue=value)
                for name, value in given.items()
            ],
            StackInstancesGroup=[
                cloudformation.StackInstances(DeploymentTargets=targets, Regions=[Ref("AWS::Region")])
            ],
            OperationPreferences=cloudformation.OperationPreferences(
                FailureToleranceCount=0, MaxConcurrentPercentage=100
            ),
            TemplateBody=json.dumps(content.template.to_dict(), separators=(",", ":"), sort_keys=True),
            **how,
        )
    )


def assumed(project: Project, title: str, suffix: str, by: str, statements: Sequence[Statement]) -> iam.Role:
    """A role that one role of the project's own account assumes. Named in a condition, it need not be there yet."""
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": Sub(f"arn:${{AWS::Partition}}:iam::${{{HOME}}}:root")},
        "Action": "sts:AssumeRole",
        "Condition": {
            "ArnEquals": {"aws:PrincipalArn": Sub(f"arn:${{AWS::Partition}}:iam::${{{HOME}}}:role/{by}")}
        },
    }
    return role(project, title, suffix, "Assumed from the project's own account", trust, statements)
