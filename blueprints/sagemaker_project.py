"""SageMaker projects: what Studio makes of a team's wish for a model pipeline, composed of parts by its options.

Owns which parts there are and in what order they are made; each part owns its resources, parameters and permissions.
A git provider gives a `Repository`; whatever a pipeline does is an `Action` that brings the permissions it takes, so
that stages are a list of any length; what all halves of a project share is the `Foundation`. A scenario is a YAML file.

Decisions:
- Names begin with `sagemaker-` and contain the project's id; its name joins where the limit leaves room for the longest.
- One bucket, one key and one model package group per project, and one role per service, with what its parts ask for.
- Terminating a project deletes all of it but people's code, which nothing could make again and which costs nothing to
  keep; or the code, too, or nothing of the work (`when_terminated`). Either way a custom resource first stops
  and deletes the SageMaker pipelines, which the repository's code made. It is deleted after the CodePipeline and the
  builds, so that nothing is made behind its back. What SageMaker keeps as history stays: jobs, experiments, their logs.
- A product update never touches what people have written: the seed is a repository's first commit and no more.
"""

from __future__ import annotations

from troposphere import Template

from generator.blueprint import Context, Guide, LambdaPackage, Seed

from .parts import ci, git, promoted_stage
from .parts.branches import branch_pipelines
from .parts.build_half import build_half, pipeline_role
from .parts.cleanup import ROLE, cleanup
from .parts.deploy_half import deploy_half, deploy_roles
from .parts.failures import tell_failures
from .parts.form import studio_rules
from .parts.foundation import foundation
from .parts.functions import GIT_PACKAGE, PACKAGE
from .parts.half import BUILD, DEPLOY, TITLES
from .parts.network import name_endpoints
from .parts.project import project as declare_project
from .parts.project_guide import project_guide
from .parts.project_options import ProjectOptions
from .parts.seeds import seed


class Params(ProjectOptions):
    """The options of a SageMaker project."""


def assets(params: Params) -> tuple[Seed | LambdaPackage, ...]:
    package = GIT_PACKAGE if params.git == "external" else PACKAGE
    return (*(seed(params, half) for half in _halves(params)), package)


def build(params: Params, context: Context) -> Template:
    template = Template(Description=context.description)
    shared = foundation(params, context, declare_project(template))
    repositories, filled = git.repositories(params, shared, _halves(params))
    for half, repository in repositories.items():
        shared.output(f"{TITLES[half]}Repository", repository.address, f"Where the {half} code is.")
    training_role = pipeline_role(params, shared) if params.builds else None
    deploying = deploy_roles(params, shared) if params.deploys else None
    promoted_to = promoted_stage.stage_accounts(params, shared) if params.pipelines == "promoted" else ()
    cleaned = cleanup(
        shared.project,
        context,
        shared.around,
        shared.retention,
        bucket=shared.bucket,
        registry=shared.registry,
        deployer=deploying.deployer if deploying else None,
        rollout=deploying.rollout if deploying else None,
        accounts_of=[one.StackSetName for one in promoted_to],
        visit=promoted_stage.visit(shared, ROLE) if promoted_to else (),
        after=[
            *([training_role] if training_role else []),
            *(deploying.kept if deploying else ()),
            *promoted_to,
        ],
    )
    after = (cleaned, *filled)
    if training_role:
        building = build_half(params, shared, repositories[BUILD], training_role, after)
        ci.run(params, shared, building)
        if params.branches == "per-branch":
            branch_pipelines(params, shared, building)
    if deploying:
        ci.run(params, shared, deploy_half(params, shared, repositories[DEPLOY], deploying, after))
    if params.staged and params.ci == "codepipeline":
        tell_failures(shared.project, shared.encryption)
    name_endpoints(template, _servers(params))
    studio_rules(template)
    return template


def guide(params: Params) -> Guide:
    return project_guide(params)


def _servers(params: Params) -> list[str]:
    """What is reached beside AWS."""
    git_server = ["the git server"] if params.git == "external" else []
    return [*git_server, *(["Jenkins"] if params.ci == "jenkins" and params.deploys else [])]


def _halves(params: Params) -> tuple[str, ...]:
    return (*((BUILD,) if params.builds else ()), *((DEPLOY,) if params.deploys else ()))
