"""CI with CodePipeline: a half becomes a pipeline that builds, and then deploys, tests and waits stage by stage.

Owns how a half's words become actions. The pipeline itself, its role and the rules that start it are `codepipeline`'s;
what is run, and with which permissions, the half says.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from troposphere import Sub, codebuild, codepipeline

from . import artifacts, dead_letters, rollout, stacks
from .approvals import person
from .codebuild import Machine, build_project, run
from .codepipeline import Action, Repository, Stage, pipeline, start_on
from .foundation import Foundation
from .half import RELEASE, Commands, Deployment, Half, Promotion
from .project import Project
from .project_options import ProjectOptions
from .stage_options import TESTS


def with_codepipeline(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    """Make the half's pipeline."""
    machine = Machine(options.build_size, options.build_timeout_minutes)
    built = _project(shared, half, half.build, f"{half.title}Build", half.name, machine)
    stages = [Stage("Build", (_build(half.build, built),))]
    tested = [each for each in half.deployments if each.stage.tested]
    tests = (
        _project(shared, half, tested[0].test, f"{half.title}Test", f"{half.name}-test", machine)
        if tested
        else None
    )
    stages += [Stage(each.stage.name, tuple(_stage(shared, half, each, tests))) for each in half.deployments]
    if half.promotions:
        promote = _project(
            shared,
            half,
            half.promotions[0].commands,
            f"{half.title}Promote",
            f"{half.name}-promote",
            machine,
        )
        stages += [
            Stage(each.stage.name, tuple(_promoted(shared, half, each, promote))) for each in half.promotions
        ]
    made = pipeline(
        shared.project,
        half=half.name,
        title=half.title,
        repository=half.repository,
        stages=stages,
        bucket=shared.bucket,
        encryption=shared.encryption,
        after=half.after,
    )
    for start in half.starts:
        # Who pushes sees that nothing runs; who approves may never look at the pipeline.
        letters = dead_letters.dead_letters(
            shared.project,
            shared.encryption,
            title=start.title,
            suffix=start.suffix,
            about="an approved version did not start its deployment.",
        )
        dead_letters.of_rule(shared.project, letters)
        start_on(
            shared.project,
            title=start.title,
            suffix=start.suffix,
            event=start.event,
            pipeline=made,
            letters=letters,
        )
    shared.output(f"{half.title}PipelineName", made.ref(), "The CodePipeline that each push starts.")


def _project(
    shared: Foundation, half: Half, commands: Commands, title: str, suffix: str, machine: Machine
) -> codebuild.Project:
    return build_project(
        shared.project,
        title=title,
        suffix=suffix,
        description=f"Runs {commands.described} of the {half.name} code.",
        source=codebuild.Source(Type="CODEPIPELINE", BuildSpec=commands.buildspec),
        environment=commands.environment,
        permissions=[*artifacts.use(half.writes, commands.output), *commands.permissions],
        machine=machine,
        around=shared.around,
        after=half.after,
    )


def _build(
    commands: Commands,
    project: codebuild.Project,
    *,
    order: int = 1,
    told: Sub | None = None,
    takes: str = "",
) -> Action:
    """An action that runs the commands on the source, and on the artifact `takes`; `told` are variables for it alone."""
    configuration: dict[str, Any] = {"ProjectName": project.ref()}
    if told:
        configuration["EnvironmentVariables"] = told
    inputs = [Repository.ARTIFACT]
    if takes:
        configuration["PrimarySource"] = Repository.ARTIFACT
        inputs.append(takes)
    outputs = (
        {"OutputArtifacts": [codepipeline.OutputArtifacts(Name=commands.output)]} if commands.output else {}
    )
    return Action(
        codepipeline.Actions(
            Name=commands.name,
            ActionTypeId=codepipeline.ActionTypeId(
                Category="Build", Owner="AWS", Provider="CodeBuild", Version="1"
            ),
            Configuration=configuration,
            InputArtifacts=[codepipeline.InputArtifacts(Name=name) for name in inputs],
            RunOrder=order,
            **outputs,
        ),
        run(project),
    )


def _stage(
    shared: Foundation, half: Half, deployment: Deployment, tests: codebuild.Project | None
) -> Iterator[Action]:
    """Deploy, then what must be passed, in its order."""
    yield _deploy(shared.project, deployment)
    for order, approval in enumerate(deployment.stage.approval, start=2):
        if approval.by == TESTS and tests is not None:
            yield _build(deployment.test, tests, order=order, told=_told(deployment))
        else:
            yield person(
                shared.project,
                shared.encryption,
                half=half.name,
                stage=deployment.stage,
                name=approval.name,
                order=order,
            )


def _promoted(
    shared: Foundation, half: Half, promotion: Promotion, project: codebuild.Project
) -> Iterator[Action]:
    """Create, start and follow the pipeline of a stage, whose success is its test; then who must approve."""
    yield _build(promotion.commands, project, told=_variables(promotion.told), takes=half.build.output)
    for order, name in enumerate(promotion.stage.people, start=2):
        yield person(
            shared.project,
            shared.encryption,
            half=half.name,
            stage=promotion.stage,
            name=name,
            order=order,
        )


def _deploy(project: Project, deployment: Deployment) -> Action:
    """The release as the stage's stack, or as its StackSet in other accounts."""
    if deployment.elsewhere:
        made = deployment.elsewhere.rollout
        provider = "CloudFormationStackSet"
        configuration = {
            "TemplatePath": f"{RELEASE}::template.yaml",
            "Parameters": f"{RELEASE}::{deployment.stage.name}.parameters.json",
            **rollout.configuration(project, deployment.elsewhere.place, made),
        }
        permissions = rollout.roll_out(made)
    else:
        provider = "CloudFormation"
        configuration = {
            # As CREATE_UPDATE, but a stack whose creation failed, which nothing can update, is replaced. So is one whose
            # update could not be rolled back: the stage is away for that time, and no data is in it.
            "ActionMode": "REPLACE_ON_FAILURE",
            "StackName": deployment.stack,
            "TemplatePath": f"{RELEASE}::template.yaml",
            "TemplateConfiguration": f"{RELEASE}::{deployment.stage.name}.json",
            "RoleArn": deployment.role.get_att("Arn"),
        }
        permissions = stacks.deploy(deployment.role)
    return Action(
        codepipeline.Actions(
            Name="Deploy",
            ActionTypeId=codepipeline.ActionTypeId(
                Category="Deploy", Owner="AWS", Provider=provider, Version="1"
            ),
            Configuration=configuration,
            InputArtifacts=[codepipeline.InputArtifacts(Name=RELEASE)],
            RunOrder=1,
        ),
        permissions,
    )


def _told(deployment: Deployment) -> Sub:
    """CodeBuild's variables for one action are a list in JSON."""
    variables = {"STAGE_NAME": deployment.stage.name, "STACK_NAME": deployment.stack.data["Fn::Sub"]}
    references: dict[str, Any] = {}
    if deployment.elsewhere:
        variables["STAGE_ROLE_ARN"] = "${StageRole}"
        references["StageRole"] = rollout.tester(deployment.elsewhere.place)
    return _variables(variables, **references)


def _variables(variables: Mapping[str, str], **references: Any) -> Sub:
    return Sub(
        json.dumps(
            [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()],
            separators=(",", ":"),
        ),
        **references,
    )
