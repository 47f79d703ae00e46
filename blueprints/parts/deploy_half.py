"""The half that deploys: an approved version makes the CI write a release and take it through the stages.

Owns the roles of that half and what the repository `model-deploy` is told. What a stage consists of is the repository's
template; the release holds one configuration of it for each stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, iam

from . import deployer, model_execution, stacks
from .access import Statement, allow, arn
from .accounts import Rollout
from .codepipeline import Repository
from .deployer import deployer_role
from .foundation import Foundation
from .half import DEPLOY, RELEASE, TITLES, Commands, Deployment, Elsewhere, Half, Start
from .project import PREFIX, PROJECT_ID, PROJECT_NAME
from .project_options import ProjectOptions
from .rollout import rollout, tester


@dataclass(frozen=True)
class Roles:
    """The roles that stages are made and run under; the clean-up goes before them."""

    deployer: iam.Role | None
    """CloudFormation's, for the stages in the project's own account."""
    model: iam.Role | None
    workflow: iam.Role | None
    rollout: Rollout

    @property
    def kept(self) -> tuple[AWSObject, ...]:
        """What must stay until the stages are gone, beside the role that deletes them."""
        rollout = self.rollout
        roles = (self.model, self.workflow, rollout.administrator)
        return (*(role for role in roles if role), *rollout.stack_sets)


def deploy_roles(options: ProjectOptions, shared: Foundation) -> Roles:
    """Make the roles, in the project's own account and in those of its stages."""
    project, around = shared.project, shared.around
    made = rollout(options, shared)
    if len(shared.places) == len(options.staged):
        return Roles(None, None, None, made)
    return Roles(
        deployer_role(
            project,
            around,
            shared.registry,
            hosting=options.hosting,
            instance_types=options.hosting_instance_types,
            thing_groups=options.thing_groups,
        ),
        model_execution.model_role(project, around, options.hosting),
        model_execution.workflow_role(project, around, options.hosting_instance_types)
        if options.hosting == "batch"
        else None,
        made,
    )


def deploy_half(
    options: ProjectOptions,
    shared: Foundation,
    repository: Repository,
    roles: Roles,
    after: tuple[str, ...],
) -> Half:
    """What a CI has to do to take approved versions through the stages."""
    environment = _environment(options, shared)
    tests = Commands(
        "Test",
        "buildspec-test.yml",
        environment,
        (stacks.look(), *_report(), *deployer.calls(options.hosting), *_visit(shared)),
    )
    if roles.model:
        shared.output("ModelRoleArn", roles.model.get_att("Arn"), "The role that deployed models run under.")
    places = {place.stage.name: place for place in shared.places}
    return Half(
        DEPLOY,
        repository,
        Commands("Release", "buildspec.yml", environment, tuple(shared.registry.read()), RELEASE),
        starts=(Start(f"{TITLES[DEPLOY]}Approved", f"{DEPLOY}-approved", shared.registry.approved()),),
        deployments=tuple(
            Deployment(
                stage,
                stacks.name(shared.project, stage.name),
                roles.deployer,
                tests,
                Elsewhere(places[stage.name], roles.rollout) if stage.name in places else None,
            )
            for stage in options.staged
        ),
        after=after,
    )


def _environment(options: ProjectOptions, shared: Foundation) -> Mapping[str, Any]:
    """What release and tests are told. Roles are called the same in every account."""
    project = shared.project
    workflow = model_execution.workflow_role_name(project)
    return {
        "ARTIFACT_BUCKET": shared.bucket.ref(),
        "MODEL_PACKAGE_GROUP_NAME": shared.registry.told,
        "MODEL_EXECUTION_ROLE_NAME": model_execution.model_role_name(project),
        "SAGEMAKER_PROJECT_ID": project.id,
        "SAGEMAKER_PROJECT_NAME": project.name,
        **({"WORKFLOW_ROLE_NAME": workflow} if options.hosting == "batch" else {}),
        **shared.encryption.properties("KMS_KEY_ID"),
    }


def _report() -> list[Statement]:
    reports = arn(
        "codebuild",
        f"report-group/{PREFIX}${{{PROJECT_NAME}}}-${{{PROJECT_ID}}}-{DEPLOY}-*",
    )
    return [
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


def _visit(shared: Foundation) -> list[Statement]:
    """To test what was deployed in other accounts, as the role for it there."""
    tested = [place for place in shared.places if place.stage.tested]
    return [allow(["sts:AssumeRole"], [tester(place) for place in tested])] if tested else []
