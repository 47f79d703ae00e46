"""How stages reach other accounts: StackSets, for the roles that the project needs there and for each stage's stack.

Owns the roles' template, the StackSets that bring it and the permissions to run those of stages. A list of accounts is
served by a self-managed StackSet, by way of the execution role that the platform has in them; organizational units by a
service-managed one, which needs trusted access and a project in the organization's management account.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from troposphere import Parameter, Ref, Sub, Template, cloudformation, iam

from . import deployer, model_execution, stacks
from .access import Statement, allow, arn, pass_role, role, service_role
from .accounts import DEPLOYER, GROUP, Place, Rollout, own
from .encryption import Encryption
from .form import ask
from .foundation import Foundation
from .half import DEPLOY
from .logs import Logging
from .project import PREFIX, PROJECT_ID, PROJECT_NAME, Project
from .project import project as declare_project
from .project_options import ProjectOptions
from .surroundings import Surroundings

ADMINISTRATOR, TESTER = "stacksets", "stage-test"
EXECUTION_ROLE = "StackSetExecutionRole"
# Parameters of the roles' template beside the project's own two.
HOME, BUCKET, KEY = "HomeAccountId", "ArtifactBucketName", "KeyArn"


def rollout(options: ProjectOptions, shared: Foundation) -> Rollout:
    """Bring the project's roles to the accounts of the stages."""
    listed = [place for place in shared.places if not place.managed_by_service]
    administrator = _administrator(shared) if listed else None
    return Rollout(
        administrator,
        tuple(_roles_in(options, shared, place, administrator) for place in shared.places),
    )


def _administrator(shared: Foundation) -> iam.Role:
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
    names = [f"${{{EXECUTION_ROLE}}}", own(DEPLOYER)]
    return service_role(
        project,
        "RolloutRole",
        ADMINISTRATOR,
        "cloudformation",
        "StackSets roll the project's stages out to their accounts.",
        [
            allow(
                ["sts:AssumeRole"],
                [Sub(f"arn:${{AWS::Partition}}:iam::*:role/{name}") for name in names],
            )
        ],
    )


def _roles_in(
    options: ProjectOptions, shared: Foundation, place: Place, administrator: iam.Role | None
) -> cloudformation.StackSet:
    project = shared.project
    values = {
        PROJECT_NAME: project.name,
        PROJECT_ID: project.id,
        HOME: Ref("AWS::AccountId"),
        BUCKET: shared.bucket.ref(),
        KEY: shared.encryption.key_arn,
    }
    regions = [Ref("AWS::Region")]
    if place.managed_by_service:
        how: dict[str, Any] = {
            "PermissionModel": "SERVICE_MANAGED",
            "AutoDeployment": cloudformation.AutoDeployment(Enabled=True, RetainStacksOnAccountRemoval=False),
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
            f"{place.stage.title}Roles",
            StackSetName=project.named(f"roles-{place.stage.name}", limit=128),
            Description=f"Roles of a SageMaker project in the accounts of {place.stage.name}",
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                cloudformation.Parameter(ParameterKey=name, ParameterValue=value)
                for name, value in values.items()
            ],
            StackInstancesGroup=[cloudformation.StackInstances(DeploymentTargets=targets, Regions=regions)],
            OperationPreferences=cloudformation.OperationPreferences(
                FailureToleranceCount=0, MaxConcurrentPercentage=100
            ),
            TemplateBody=json.dumps(_roles(options, place), separators=(",", ":"), sort_keys=True),
            **how,
        )
    )


def _roles(options: ProjectOptions, place: Place) -> dict[str, Any]:
    """The template of the roles that the project has in each account of a stage."""
    template = Template(Description="Roles of a SageMaker project in the account of a stage")
    project = declare_project(template)
    template.metadata = {}  # nobody fills in a form
    for name in (HOME, BUCKET, KEY):
        template.add_parameter(Parameter(name, Type="String"))
    encryption = Encryption(Ref(KEY))
    around = Surroundings(Logging(encryption, options.log_retention_days))
    bucket = f"arn:${{AWS::Partition}}:s3:::${{{BUCKET}}}"
    model_execution.model_role(project, around, options.hosting, bucket)
    if options.hosting == "batch":
        model_execution.workflow_role(project, around, options.hosting_instance_types)
    if not place.managed_by_service:
        versions = Sub(
            f"arn:${{AWS::Partition}}:sagemaker:${{AWS::Region}}:${{{HOME}}}:model-package/*${{{PROJECT_ID}}}*/*"
        )
        statements = [
            *_stacks_of_stack_sets(),
            *deployer.permissions(
                project,
                versions,
                encryption,
                None,
                hosting=options.hosting,
                instance_types=options.hosting_instance_types,
            ),
        ]
        _assumed(project, "DeployRole", DEPLOYER, f"{PREFIX}${{{PROJECT_ID}}}-{ADMINISTRATOR}", statements)
    if place.stage.tested:
        tester = f"{PREFIX}${{{PROJECT_ID}}}-{DEPLOY}-test-build"
        statements = [
            allow(
                ["cloudformation:DescribeStacks", "cloudformation:ListStacks"],
                "*",  # a stack of a StackSet has a generated name
            ),
            *deployer.calls(options.hosting),
        ]
        _assumed(project, "StageTestRole", TESTER, tester, statements)
    built: dict[str, Any] = template.to_dict()
    return built


def _stacks_of_stack_sets() -> list[Statement]:
    """What an execution role may do to the stacks that StackSets make with it."""
    return [
        allow(
            [
                f"cloudformation:{action}"
                for action in (
                    "CreateStack",
                    "DeleteStack",
                    "DescribeStackEvents",
                    "DescribeStackResources",
                    "DescribeStacks",
                    "GetTemplate",
                    "ListStackResources",
                    "TagResource",
                    "UntagResource",
                    "UpdateStack",
                )
            ],
            [arn("cloudformation", f"stack/StackSet-{PREFIX}*")],
        ),
        allow(["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"], "*"),
    ]


def _assumed(project: Project, title: str, suffix: str, by: str, statements: Sequence[Statement]) -> iam.Role:
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


def configuration(project: Project, place: Place, made: Rollout) -> dict[str, Any]:
    """Where and how CodePipeline's StackSet action rolls a stage out."""
    if place.managed_by_service:
        how: dict[str, Any] = {
            "PermissionModel": "SERVICE_MANAGED",
            "OrganizationsAutoDeployment": "Enabled",
        }
    else:
        assert made.administrator is not None
        how = {
            "PermissionModel": "SELF_MANAGED",
            "AdministrationRoleArn": made.administrator.get_att("Arn"),
            "ExecutionRoleName": project.named(DEPLOYER, limit=64),
        }
    return {
        "StackSetName": stacks.name(project, place.stage.name),
        "DeploymentTargets": place.listed(),
        "Regions": Ref("AWS::Region"),
        "FailureTolerancePercentage": "0",
        "MaxConcurrentPercentage": "100",
        **how,
    }


def roll_out(made: Rollout) -> tuple[Statement, ...]:
    """To create and update the stages' StackSets and their instances."""
    statements = [
        allow(
            [
                "cloudformation:CreateStackInstances",
                "cloudformation:CreateStackSet",
                "cloudformation:DescribeStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackInstances",
                "cloudformation:UpdateStackInstances",
                "cloudformation:UpdateStackSet",
            ],
            [*_stack_sets(), _types()],
        )
    ]
    if made.administrator:
        statements.append(pass_role(made.administrator.get_att("Arn"), "cloudformation"))
    return tuple(statements)


def take_back(made: Rollout) -> list[Statement]:
    """To find the stages' StackSets, delete their instances, and then them."""
    statements = [
        allow(["cloudformation:ListStackSets"], "*"),
        allow(
            [
                "cloudformation:DeleteStackInstances",
                "cloudformation:DeleteStackSet",
                "cloudformation:DescribeStackSetOperation",
                "cloudformation:ListStackInstances",
                "cloudformation:ListStackSetOperationResults",
            ],
            [*_stack_sets(), _types()],
        ),
    ]
    if made.administrator:
        statements.append(pass_role(made.administrator.get_att("Arn"), "cloudformation"))
    return statements


def _stack_sets() -> list[object]:
    named = f"{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}-deploy-*"
    return [
        arn("cloudformation", f"stackset/{named}"),
        arn("cloudformation", f"stackset-target/{named}"),
    ]


def _types() -> Sub:
    """StackSets ask for the types of the resources, too."""
    return Sub("arn:${AWS::Partition}:cloudformation:${AWS::Region}::type/resource/*")


def tester(place: Place) -> Sub:
    """The role that tests assume in the first account of a list."""
    return Sub(
        f"arn:${{AWS::Partition}}:iam::${{Account}}:role/{own(TESTER)}",
        Account={"Fn::Select": [0, place.targets]},
    )
