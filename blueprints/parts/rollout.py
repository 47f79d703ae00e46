"""How stages that are deployed reach other accounts: StackSets, for the roles that the project needs there and for each stack.

Owns the roles' template and the permissions to run the StackSets of stages. How a template gets there at all is
`parts/stack_sets.py`'s.
"""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Sub, iam

from . import deployer, model_execution, stack_sets, stacks
from .access import Statement, allow, arn, pass_role, service_role
from .accounts import DEPLOYER, Place, Rollout, own
from .encryption import Encryption
from .foundation import Foundation
from .half import DEPLOY
from .logs import Logging
from .project import PREFIX, PROJECT_ID, PROJECT_NAME, Project
from .project_options import ProjectOptions
from .stack_sets import HOME, assumed
from .surroundings import Surroundings

TESTER, RUNNER = "stage-test", "rollout"
BUCKET, KEY = "ArtifactBucketName", "KeyArn"  # parameters of the roles' template


def rollout(options: ProjectOptions, shared: Foundation) -> Rollout:
    """Bring the project's roles to the accounts of the stages."""
    administrator = stack_sets.administrator(shared)
    return Rollout(
        _runner(shared) if administrator else None,
        tuple(
            stack_sets.bring(
                shared,
                place,
                administrator,
                _roles(options, place),
                title=f"{place.stage.title}Roles",
                suffix=f"roles-{place.stage.name}",
                description=f"Roles of a SageMaker project in the accounts of {place.stage.name}",
                values={BUCKET: shared.bucket.ref(), KEY: shared.encryption.key_arn},
            )
            for place in shared.places
        ),
    )


def _runner(shared: Foundation) -> iam.Role:
    """What the StackSets of stages are run with; the pipeline and the clean-up hand it to CloudFormation."""
    return service_role(
        shared.project,
        "StageRolloutRole",
        RUNNER,
        "cloudformation",
        "StackSets roll the project's stages out to their accounts.",
        stack_sets.visits(own(DEPLOYER)),
    )


def _roles(options: ProjectOptions, place: Place) -> Project:
    """The template of the roles that the project has in each account of a stage."""
    project = stack_sets.begun("Roles of a SageMaker project in the account of a stage", (BUCKET, KEY))
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
        assumed(project, "DeployRole", DEPLOYER, own(RUNNER), statements)
    if place.stage.tested:
        statements = [
            allow(
                ["cloudformation:DescribeStacks", "cloudformation:ListStacks"],
                "*",  # a stack of a StackSet has a generated name
            ),
            *deployer.calls(options.hosting),
        ]
        assumed(project, "StageTestRole", TESTER, own(f"{DEPLOY}-test-build"), statements)
    return project


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
            [arn("cloudformation", f"stack/StackSet-{PREFIX}*${{{PROJECT_ID}}}-deploy-*")],
        ),
        allow(["cloudformation:GetTemplateSummary", "cloudformation:ValidateTemplate"], "*"),
    ]


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
