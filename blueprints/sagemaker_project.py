"""SageMaker projects: what Studio makes of a team's wish for a model pipeline, composed of parts by its options.

Owns which parts there are and in what order they are made; each part owns its resources, parameters and permissions.
A git provider gives a `Repository`; whatever a pipeline does is an `Action` that brings the permissions it takes, so
that stages are a list of any length; what all halves of a project share is the `Foundation`. A scenario is a YAML file.

Decisions:
- Names begin with `sagemaker-` and contain the project's id; its name joins where the limit leaves room for the longest.
- One bucket, one key and one model package group per project, and one role per service, with what its parts ask for.
- Terminating a project deletes all of it, or keeps the work (`when_terminated`). Either way a custom resource first stops
  and deletes the SageMaker pipelines, which the repository's code made. It is deleted after the CodePipeline and the
  builds, so that nothing is made behind its back. What SageMaker keeps as history stays: jobs, experiments, their logs.
- A product update never touches what people have written: the seed is a repository's first commit and no more.
"""

from __future__ import annotations

from troposphere import Template

from generator.blueprint import Context, LambdaPackage, Seed

from .parts import ci, git, training
from .parts.build_half import build_half
from .parts.cleanup import cleanup
from .parts.form import studio_rules
from .parts.foundation import foundation
from .parts.functions import PACKAGE
from .parts.half import BUILD, TITLES
from .parts.project import project as declare_project
from .parts.project_options import ProjectOptions


class Params(ProjectOptions):
    """The options of a SageMaker project."""


def assets(params: Params) -> tuple[Seed | LambdaPackage, ...]:  # noqa: ARG001  # part of the contract
    return (Seed(BUILD, "model-build", {"ci": "codebuild"}), PACKAGE)


def build(params: Params, context: Context) -> Template:
    template = Template(Description=context.description)
    shared = foundation(params, context, declare_project(template))
    repositories, filled = git.repositories(params, shared, [BUILD])
    role = training.pipeline_role(
        shared.project,
        shared.group,
        shared.around,
        instance_types=params.instance_types,
        data_buckets=params.data_buckets,
    )
    cleaned = cleanup(
        shared.project,
        context,
        shared.around,
        shared.retention,
        bucket=shared.bucket,
        group=shared.group,
        after=[role],
    )
    for half, repository in repositories.items():
        shared.output(f"{TITLES[half]}Repository", repository.address, "Where the model's code is.")
    ci.run(params, shared, build_half(shared, repositories[BUILD], role, (cleaned, *filled)))
    studio_rules(template)
    return template
