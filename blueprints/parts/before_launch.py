"""What must be there before a project is launched, and what to expect of its first hour, for the product's page.

Owns those sentences. What is asked at launch the page reads from the template; here stands what a form cannot check.
"""

from __future__ import annotations

from collections.abc import Iterator

from .project_options import ProjectOptions
from .server_secrets import SERVER_TAG
from .stage_options import StageOptions


def before_launch(options: ProjectOptions) -> tuple[str, ...]:
    """The sentences for these options."""
    return (
        *_repositories(options),
        *_jenkins(options),
        *_accounts(options),
        *_around(options),
        *_first_hour(options),
    )


def _repositories(options: ProjectOptions) -> Iterator[str]:
    if options.git == "codeconnections":
        yield (
            "A connection to the git provider in this region, its handshake completed (Developer Tools > Settings > "
            "Connections shows it as available), whose app may read and write the repositories; and the repositories, which a "
            "connection cannot make. Empty ones are seeded."
        )
    if options.git == "external":
        yield (
            "The git server answers over https where the project's functions run, and a secret in Secrets Manager has a user's "
            f'token for it: `{{"username": "…", "token": "…"}}`, with the tag `{SERVER_TAG}` that holds the server\'s host.'
        )
        yield (
            "The group, or the user, that the repositories are to be in; the token may make projects and hooks there "
            "(scope `api`)."
            if options.git_server == "gitlab"
            else "The repositories; empty ones are seeded."
        )
        if options.ci == "codepipeline":
            yield "The git server reaches the project's hook at API Gateway, `https://….execute-api.…`, over the internet."
    if options.seed == "launch":
        places = [f"`s3://{bucket.name}/{bucket.prefix}`" for bucket in options.seed_buckets]
        places += [f"CodeCommit's `{name}`" for name in options.seed_repositories]
        yield f"Seeds that can be chosen lie in {', '.join(places)}; without a choice the catalogue's is taken."


def _jenkins(options: ProjectOptions) -> Iterator[str]:
    if options.ci != "jenkins":
        return
    if options.jenkins_access == "oidc":
        yield (
            f"An IAM identity provider `{options.jenkins_issuer}` with the audience `sts.amazonaws.com` in the account, and the "
            "plugin OpenID Connect Provider at Jenkins, whose credential of that audience the jobs name as AWS_TOKEN_CREDENTIALS."
        )
    else:
        yield "Agents of Jenkins in the account, which are started with the instance profiles that the project puts out."
    if options.deploys:
        yield (
            "A secret in Secrets Manager with the API token of a user of Jenkins who may start the deploy job: "
            f'`{{"username": "…", "token": "…"}}`, with the tag `{SERVER_TAG}` that holds Jenkins\' host, which is reached '
            "over https."
        )
    yield (
        "A seed job at Jenkins, and there the plugins Job DSL, JUnit and Lockable Resources. After the launch somebody copies the values of the SSM parameters that the "
        "project puts out into its parameters and runs each repository's `jenkins/seed_job.groovy`: until then there is no job."
    )


def _accounts(options: ProjectOptions) -> Iterator[str]:
    listed = [stage for stage in options.elsewhere if stage.where == "accounts"]
    units = [stage for stage in options.elsewhere if stage.where == "organizational-units"]
    if listed:
        yield (
            f"In each account of {_named(listed)} a role by which StackSets make roles there, as "
            "AWSCloudFormationStackSetExecutionRole does, which trusts the project's account."
        )
    if units:
        yield (
            f"For the organizational units of {_named(units)} trusted access of CloudFormation StackSets in the organization; and "
            "the project must be launched in the organization's management account, since CodePipeline takes no delegated "
            "administrator."
        )
        if options.deploys:
            yield (
                "In those units AWS's own role for StackSets makes whatever the repository's `template.yaml` says, and that role "
                "is an administrator: review changes of the deploy repository accordingly."
            )
    if len(options.elsewhere) > 1:
        yield "Each account is in one stage only: what the project has there is called after the project, not the stage."
    tested = [stage for stage in listed if stage.tested]
    if options.deploys and tested:
        yield f"The tests of {_named(tested)} run in the first account of its list; the others get what passed there."


def _around(options: ProjectOptions) -> Iterator[str]:
    if options.network == "vpc-only":
        yield (
            "A VPC whose subnets reach the services that the project uses by endpoints, S3 among them, and a package index for "
            "the builds: the subnets need no internet."
        )
    if options.data_buckets and options.builds:
        buckets = ", ".join(f"`{bucket.name}`" for bucket in options.data_buckets)
        yield f"The buckets that training reads or writes beside the project's own: {buckets}."
    if options.approvers:
        roles = ", ".join(f"`{role}`" for role in options.approvers)
        yield f"Somebody has a role that may approve versions: {roles}."
    wanted = []
    if options.builds:
        wanted.append("training and processing jobs")
    if options.deploys and options.hosting not in ("edge", "serverless"):
        wanted.append("transform jobs" if options.hosting == "batch" else "endpoints")
    if wanted:
        yield (
            f"Quotas of SageMaker for {' and for '.join(wanted)} on the instance types: new accounts have none for many of them."
        )
    if options.deploys and options.hosting == "serverless":
        yield "The quota of SageMaker for the concurrency of serverless endpoints."
    if options.deploys and options.hosting == "edge":
        yield "Devices with AWS IoT Greengrass in a thing group for each stage; `stages/` of the deploy repository names it."


def _first_hour(options: ProjectOptions) -> Iterator[str]:
    if not options.deploys:
        return
    group = "Each of its model package groups" if options.several else "Its model package group"
    if not options.builds:
        yield f"{group} is empty at first: whoever trains registers versions there."
    again = (
        "each approval starts it again, and it goes on once every model has an approved version."
        if options.several
        else "the first approval starts it again."
    )
    yield (
        "The first run of the deploy pipeline, which the seed starts, ends in red at its release: nothing is approved yet; "
        if options.ci == "codepipeline"
        else "Until something is approved the deploy job ends in red at its release; "
    ) + again


def _named(stages: list[StageOptions]) -> str:
    return ", ".join(stage.name for stage in stages)
