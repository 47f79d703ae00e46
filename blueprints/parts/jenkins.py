"""CI with a Jenkins that is there already: a role for each half's job, what the job must know, and remote starts.

Owns the questions for Jenkins, the jobs' roles and the function that starts the deploy job. The jobs themselves are made by
the repositories' `jenkins/seed_job.groovy`, and approvals between stages are their Jenkinsfiles'. A job works under temporary
credentials: by the token that Jenkins issues to its build, or on an agent that is started with an instance profile.
"""

from __future__ import annotations

from typing import Any

from troposphere import Join, Ref, Sub, iam, ssm

from . import artifacts, stacks
from .access import Statement, distinct, role, service_role
from .event_functions import event_function
from .form import ask
from .foundation import Foundation
from .half import BUILD, DEPLOY, Half
from .project_options import ProjectOptions
from .server_secrets import SERVER_URL, ask_secret

GROUP = "Jenkins"
AUDIENCE = "sts.amazonaws.com"
JOBS = {BUILD: "build", DEPLOY: "deploy"}  # what the seeds' jobs are called, after the project


def with_jenkins(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    """Let Jenkins run the half."""
    url = ask(
        shared.project.template,
        "JenkinsUrl",
        group=GROUP,
        label="Jenkins",
        description="Address of Jenkins, or of its folder with the project's jobs: https://jenkins.example.com/job/models.",
        pattern=SERVER_URL,
        constraint="An https address without a slash at its end.",
    )
    works_as = _job_role(options, shared, half)
    told = _variables(options, shared, half, works_as)
    shared.output(
        f"{half.title}JobRoleArn", works_as.get_att("Arn"), f"The role of Jenkins' {half.name} job."
    )
    shared.output(f"{half.title}JobVariables", told.ref(), "The SSM parameter with what the job must know.")
    for start in half.starts:
        secret = ask_secret(
            shared.project,
            "JenkinsSecretArn",
            url,
            group=GROUP,
            server="Jenkins",
            use="is an API token of a user who may start the deploy job",
        )
        event_function(
            shared,
            title=f"{half.title}Start",
            suffix="jenkins",
            description=f"Starts Jenkins' {half.name} job of a SageMaker project.",
            failure="an approved version did not start its deployment at Jenkins.",
            event=start.event,
            permissions=secret.read(),
            environment={"JENKINS_JOB_URL": _job(half), "CREDENTIALS_SECRET_ARN": secret.arn},
            seconds=120,
            after=half.after,
        )
    shared.output(f"{half.title}Jenkins", url, "Where the jobs are.")


def _job(half: Half) -> Sub:
    """The address of the half's job."""
    return Sub(f"${{JenkinsUrl}}/job/sagemaker-${{SageMakerProjectName}}-{JOBS[half.name]}")


def _job_role(options: ProjectOptions, shared: Foundation, half: Half) -> iam.Role:
    """What CodeBuild and CodePipeline would be allowed for the half."""
    statements = distinct(
        [
            *artifacts.use(half.writes),
            *shared.encryption.use(),
            *half.repository.pull,
            *half.build.permissions,
            *(each for one in half.deployments for each in one.test.permissions),
            *(each for one in half.deployments for each in stacks.deploy(one.role)),
        ]
    )
    title, suffix = f"{half.title}JobRole", f"{half.name}-job"
    description = f"Jenkins runs the {half.name} code."
    if options.jenkins_access == "instance-profile":
        made = service_role(shared.project, title, suffix, "ec2", description, statements)
        shared.project.add(
            iam.InstanceProfile(
                f"{half.title}JobProfile",
                InstanceProfileName=shared.project.named(suffix, limit=128),
                Roles=[made.ref()],
            )
        )
        shared.output(
            f"{half.title}JobProfile",
            Ref(f"{half.title}JobProfile"),
            f"The instance profile of agents that run the {half.name} job.",
        )
    else:
        made = role(
            shared.project, title, suffix, description, _trust(options.jenkins_issuer, half), statements
        )
    # A job that runs on must lose its rights before the clean-up, not after it.
    made.DependsOn = sorted(half.after)
    return made


def _trust(issuer: str, half: Half) -> Statement:
    """Tokens of the one job; by default Jenkins calls a build's subject by the address of its job."""
    return {
        "Effect": "Allow",
        "Principal": {
            "Federated": Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:oidc-provider/{issuer}")
        },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {
                f"{issuer}:aud": AUDIENCE,
                f"{issuer}:sub": Sub(f"{_job(half).data['Fn::Sub']}/"),
            }
        },
    }


def _variables(options: ProjectOptions, shared: Foundation, half: Half, works_as: iam.Role) -> ssm.Parameter:
    """The job's variables as one JSON object, for who sets up the job."""
    variables: dict[str, Any] = {"AWS_REGION": Ref("AWS::Region"), **half.build.environment}
    if shared.around.vpc:
        variables |= shared.around.vpc.environment()
    if options.jenkins_access == "oidc":
        variables["AWS_ROLE_ARN"] = works_as.get_att("Arn")
    if half.deployments:
        variables["DEPLOY_ROLE_ARN"] = half.deployments[0].role.get_att("Arn")
    pieces: list[Any] = ["{"]
    for number, name in enumerate(sorted(variables)):
        pieces += [f'{", " if number else ""}"{name}": "', variables[name], '"']
    return shared.project.add(
        ssm.Parameter(
            f"{half.title}JobVariables",
            Name=shared.project.named(f"{half.name}-job", limit=128),
            Type="String",
            Description=f"What Jenkins' {half.name} job of a SageMaker project must know.",
            Value=Join("", [*pieces, "}"]),
        )
    )
