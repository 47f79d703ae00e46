"""The half that deploys: an approved version makes the CI write a release and take it through the stages.

Owns the roles of that half and what the repository `model-deploy` is told. What a stage consists of is the repository's
template; the release holds one configuration of it for each stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import Sub, iam

from . import artifacts, model_execution, stacks
from .access import Statement, allow, arn
from .codepipeline import Repository
from .deployer import OWN, deployer_role
from .foundation import Foundation
from .half import DEPLOY, TITLES, Commands, Deployment, Half, Start
from .project import PREFIX, PROJECT_ID, PROJECT_NAME
from .project_options import ProjectOptions


@dataclass(frozen=True)
class Roles:
    """The roles that stages are made and run under; the clean-up goes before them."""

    deployer: iam.Role
    model: iam.Role
    workflow: iam.Role | None

    @property
    def running(self) -> tuple[iam.Role, ...]:
        """The roles that what is deployed runs under."""
        return (self.model, self.workflow) if self.workflow else (self.model,)


def deploy_roles(options: ProjectOptions, shared: Foundation) -> Roles:
    """Make the roles."""
    project, around = shared.project, shared.around
    return Roles(
        deployer_role(
            project,
            around,
            shared.registry,
            hosting=options.hosting,
            instance_types=options.hosting_instance_types,
        ),
        model_execution.model_role(project, around, options.hosting),
        model_execution.workflow_role(project, around) if options.hosting == "batch" else None,
    )


def deploy_half(
    options: ProjectOptions,
    shared: Foundation,
    repository: Repository,
    roles: Roles,
    after: tuple[str, ...],
) -> Half:
    """What a CI has to do to take approved versions through the stages."""
    environment = _environment(shared, roles)
    tests = Commands(
        "Test",
        "buildspec-test.yml",
        environment,
        (stacks.look(), *_test(options.hosting)),
    )
    shared.output("ModelRoleArn", roles.model.get_att("Arn"), "The role that deployed models run under.")
    return Half(
        DEPLOY,
        repository,
        Commands("Release", "buildspec.yml", environment, tuple(shared.registry.read())),
        starts=(Start(f"{TITLES[DEPLOY]}Approved", f"{DEPLOY}-approved", shared.registry.approved()),),
        deployments=tuple(
            Deployment(stage, stacks.name(shared.project, stage.name), roles.deployer, tests)
            for stage in options.staged
        ),
        after=after,
    )


def _environment(shared: Foundation, roles: Roles) -> Mapping[str, Any]:
    project = shared.project
    return {
        "ARTIFACT_BUCKET": shared.bucket.ref(),
        "MODEL_PACKAGE_GROUP_NAME": shared.registry.told,
        "MODEL_EXECUTION_ROLE_NAME": roles.model.ref(),
        "SAGEMAKER_PROJECT_ID": project.id,
        "SAGEMAKER_PROJECT_NAME": project.name,
        **({"WORKFLOW_ROLE_NAME": roles.workflow.ref()} if roles.workflow else {}),
        **shared.encryption.properties("KMS_KEY_ID"),
    }


def _test(hosting: str) -> list[Statement]:
    """To call what was deployed, and to report how it answered."""
    reports = arn(
        "codebuild",
        f"report-group/{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}-{DEPLOY}-*",
    )
    statements = [
        allow(
            [
                "codebuild:BatchPutTestCases",
                "codebuild:CreateReport",
                "codebuild:CreateReportGroup",
                "codebuild:UpdateReport",
            ],
            [reports],
        )
    ]
    match hosting:
        case "batch":
            machine = arn("states", f"stateMachine:{OWN}")
            run = arn("states", f"execution:{OWN}")
            statements += [
                allow(["states:StartExecution"], [machine]),
                allow(["states:DescribeExecution"], [run]),
            ]
        case "edge":
            statements.append(
                allow(
                    ["greengrass:DescribeComponent", "greengrass:GetDeployment"],
                    [arn("greengrass", "*")],
                )
            )
        case _:
            statements.append(
                allow(
                    [
                        "sagemaker:DescribeEndpoint",
                        "sagemaker:DescribeEndpointConfig",
                        "sagemaker:InvokeEndpoint",
                        *(["sagemaker:InvokeEndpointAsync"] if hosting == "asynchronous" else []),
                    ],
                    [arn("sagemaker", f"endpoint-config/{OWN}"), arn("sagemaker", f"endpoint/{OWN}")],
                )
            )
    return statements


__all__ = ["Sub", "artifacts"]
