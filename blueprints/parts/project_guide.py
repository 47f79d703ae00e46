"""What a project's page says beyond its template: what its code makes at run time, what that costs, and what stays.

Owns those sentences; what the template itself makes, the page reads from it, what must be there before, `before_launch` says.
"""

from __future__ import annotations

from generator.blueprint import Guide, Later

from .before_launch import before_launch
from .project_options import ProjectOptions

RUNS = {
    "endpoint": "Each stage's endpoint costs its instances for as long as it is there, called or not.",
    "serverless": "Endpoints cost by request and duration; nothing while nobody calls.",
    "asynchronous": "Each stage's endpoint costs its instances; with scaling down to none only while requests wait.",
    "batch": "Each batch costs the instances of its transform job while it runs.",
    "multi-model": "One endpoint for all models of a stage costs its instances for as long as it is there.",
    "serial": "One endpoint for the row of models of a stage costs its instances for as long as it is there.",
    "multi-container": "One endpoint for all containers of a stage costs its instances for as long as it is there.",
    "edge": "Devices cost by AWS IoT Greengrass core device a month.",
}


def project_guide(options: ProjectOptions) -> Guide:
    """The sentences for these options."""
    costs, clean_up = [], []
    if options.builds:
        types = ", ".join(options.instance_types) or "any instance type"
        costs.append(
            f"Each push runs a SageMaker pipeline, whose jobs cost their instances ({types}) while they run."
        )
    if options.branches == "per-branch":
        costs.append("Each branch is trained as the main one is, at each of its pushes.")
    if options.pipelines == "promoted":
        stages = ", ".join(stage.name for stage in options.staged)
        costs.append(
            f"It runs once in each stage ({stages}), and the build that follows it costs its minutes."
        )
        if options.elsewhere:
            costs.append("A stage elsewhere runs, and keeps data, models and a key, in each account of it.")
    if options.deploys:
        costs.append(RUNS[options.hosting])
        costs.append("Each stage has a dashboard and alarms, which cost by the month.")
    costs.append("Models, data and reports in the bucket cost storage until they are deleted.")
    if options.deploys:
        clean_up.append("The stacks of all stages are deleted first: whoever calls their models gets errors.")
    if options.elsewhere and options.pipelines == "promoted":
        clean_up.append(
            "In the accounts of stages elsewhere all that is said here happens, too, by a role that the project has there. "
            "Empty what an account has of the project, its bucket and its registered models, before you take it off the form."
        )
    elif options.elsewhere:
        clean_up.append(
            "StackSets take the stages and the project's roles out of the other accounts; an account that has left, or has "
            "lost its execution role, keeps its stack and holds the termination up."
        )
    if options.when_terminated == "keep-work":
        clean_up.append(
            "The repositories, the bucket with its objects, the registered models and the key stay, and cost until "
            "somebody deletes them."
        )
    else:
        clean_up.append(
            "All objects of the bucket and all registered models are deleted; the key waits 30 days for its deletion."
        )
    if options.git == "codecommit" and options.when_terminated == "delete":
        clean_up.append(
            "The repositories are deleted with all their history: clone them first, `git clone --mirror`."
        )
    if options.git == "codecommit" and options.when_terminated == "keep-code":
        clean_up.append(
            "The repositories stay with all their history, for whoever takes the work up; `aws codecommit "
            "delete-repository` ends them for good."
        )
    if options.git != "codecommit":
        clean_up.append("The repositories are yours and stay as they are.")
    if options.git == "external" and options.ci == "codepipeline":
        clean_up.append(
            "The hooks at GitLab are removed; where GitLab cannot be reached, remove them there: they lead nowhere."
            if options.git_server == "gitlab"
            else "Remove the hooks at the git server: they lead nowhere."
        )
    if options.ci == "jenkins":
        clean_up.append("The jobs at Jenkins are yours: delete them, their roles are gone.")
    if options.branches == "per-branch":
        clean_up.append("The pipelines of all branches are deleted, with the record of their executions.")
    clean_up.append("Jobs, experiments and their logs in /aws/sagemaker/ stay as SageMaker's history.")
    return Guide(tuple(costs), tuple(clean_up), before_launch(options), _later(options))


def _later(options: ProjectOptions) -> tuple[Later, ...]:
    """The SageMaker pipelines and the stages, which the repositories' code makes."""
    jenkins = options.ci == "jenkins"
    found: list[Later] = []
    pipeline, uses = "AWS::SageMaker::Pipeline", ("PipelineRole",)
    if options.pipelines == "promoted":
        found += [
            Later(
                f"{stage.title}Pipeline", pipeline, "ModelBuildPromote", uses if stage.where == "here" else ()
            )
            for stage in options.staged
        ]
    elif options.builds:
        by = "ModelBuildJobRole" if jenkins else "ModelBuildBuild"
        found.append(Later("TrainingPipeline", pipeline, by, uses))
    if options.branches == "per-branch":
        found.append(Later("BranchPipeline", pipeline, "ModelBuildBranch", uses))
    if options.deploys:
        by = "ModelDeployJobRole" if jenkins else "ModelDeployPipeline"
        for stage in options.staged:
            here = stage.where == "here"
            kind = "Stack" if here else "StackSet"
            found.append(
                Later(
                    f"{stage.title}Stage",
                    f"AWS::CloudFormation::{kind}",
                    by,
                    ("DeployRole",) if here else ("StageRolloutRole",) if stage.where == "accounts" else (),
                )
            )
    return tuple(found)
