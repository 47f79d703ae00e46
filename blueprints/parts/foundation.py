"""What all halves of a project share: its key, bucket, model package group, logs and network.

Owns the order in which they are made and the outputs that name them. What is made of them is each half's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from troposphere import Join, Output, s3

from generator.blueprint import Context

from . import accounts, dead_letters
from .accounts import Place, ask_places
from .artifacts import ARN, artifact_bucket
from .encryption import Encryption, project_key
from .logs import Logging
from .network import ask_vpc
from .project import Project
from .project_options import ProjectOptions
from .registry import Registry, model_registry
from .retention import Retention
from .surroundings import Surroundings


@dataclass(frozen=True)
class Foundation:
    """Handed to whatever makes a half, a repository or a CI."""

    project: Project
    context: Context
    retention: Retention
    around: Surroundings
    bucket: s3.Bucket
    registry: Registry
    places: tuple[Place, ...]
    """Where stages are that are not in the project's own account."""

    @property
    def encryption(self) -> Encryption:
        return self.around.encryption

    def output(self, title: str, value: object, description: str) -> None:
        self.project.template.add_output(Output(title, Value=value, Description=description))


def foundation(options: ProjectOptions, context: Context, project: Project) -> Foundation:
    """Make what all halves share."""
    retention = Retention(
        kept=options.when_terminated == "keep-work", code_kept=options.when_terminated == "keep-code"
    )
    places = ask_places(project, options.elsewhere)
    # A stage that is promoted to has a bucket, key and registry of its own.
    opened = places if options.deploys else ()
    encryption = Encryption()
    if options.encryption == "customer-key":
        letters = [dead_letters.of_key()] if options.staged and options.ci == "codepipeline" else []
        encryption = project_key(project, retention, [*letters, *accounts.of_key(opened)])
    bucket = artifact_bucket(
        project,
        encryption,
        retention,
        overwritten_days=options.overwritten_artifact_days,
        shared_with=accounts.of_bucket(opened, ARN, options.hosting),
    )
    registry = model_registry(
        project,
        retention,
        models=options.several,
        approvers=options.approvers,
        shared_with=accounts.of_registry(opened),
    )
    around = Surroundings(
        Logging(encryption, options.log_retention_days),
        ask_vpc(project) if options.network == "vpc-only" else None,
    )
    made = Foundation(project, context, retention, around, bucket, registry, places)
    made.output("ArtifactBucketName", bucket.ref(), "Where artifacts, data and models of the project lie.")
    if registry.several:
        made.output(
            "ModelPackageGroupNames",
            Join(",", list(registry.names)),
            "Where the project's models are registered, a group for each.",
        )
    else:
        made.output("ModelPackageGroupName", registry.told, "Where the project's models are registered.")
    if encryption.key_arn:
        made.output("KeyArn", encryption.key_arn, "The key that encrypts what the project stores.")
    return made
