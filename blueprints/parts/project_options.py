"""The options of the SageMaker project family.

Owns the table of options and the limits of each; which go together, `project_rules` says. What an option brings is its
part's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from generator.blueprint import BlueprintParams

from .buckets import Bucket, check_distinct
from .codebuild import Size
from .logs import Days
from .project_rules import SEVERAL, problem
from .stage_options import DEFAULT, DEFAULT_PROMOTED, InstanceType, StageOptions, check

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[\w.*-]{1,100}$")]
ThingGroup = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9:_*-]{1,128}$")]
Hosting = Literal[
    "endpoint",
    "serverless",
    "asynchronous",
    "batch",
    "multi-model",
    "serial",
    "multi-container",
    "edge",
]

# What the seeds train and host where several are meant; in a row, each takes the answer of the one before.
SHIPPED_MODELS, SHIPPED_ROW = ("female", "infant", "male"), ("features", "rings")


class ProjectOptions(BlueprintParams):
    """The options of a SageMaker project."""

    # SageMaker Studio offers products with this tag as project templates.
    product_tags: ClassVar[Mapping[str, str]] = {"sagemaker:studio-visibility": "true"}

    git: Literal["codecommit", "codeconnections", "external"] = Field(
        "codecommit",
        description=(
            "Who hosts the repositories. codecommit: made with the project; codeconnections: at GitHub, GitHub Enterprise, "
            "GitLab or Bitbucket, there already, named at launch with the connection; external: at any git server, made or "
            "filled by its API and https."
        ),
        examples=["codeconnections"],
    )
    git_server: Literal["generic", "gitlab"] = Field(
        "generic",
        description=(
            "What an external git server is. gitlab: GitLab, whose API makes projects and hooks; generic: any other, where "
            "repositories exist, and whose hook people set up with what the project puts out."
        ),
        examples=["gitlab"],
    )
    ci: Literal["codepipeline", "jenkins"] = Field(
        "codepipeline",
        description="What runs the repositories' commands. codepipeline: made with the project; jenkins: a server you have.",
        examples=["jenkins"],
    )
    jenkins_access: Literal["instance-profile", "oidc"] = Field(
        "instance-profile",
        description=(
            "How Jenkins' jobs get their role. instance-profile: on agents that are started with it; oidc: by tokens that "
            "Jenkins issues to builds, which the account trusts as an identity provider. Keys of a user are no choice."
        ),
        examples=["oidc"],
    )
    jenkins_issuer: str = Field(
        "",
        pattern=r"^$|^[a-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._-]+)*$",
        max_length=200,
        description="The issuer of Jenkins' tokens, without https://, as the account's identity provider is called.",
        examples=["jenkins.example.com/oidc"],
    )
    repositories: tuple[Literal["build", "deploy"], ...] = Field(
        ("build",),
        min_length=1,
        description="The halves of the project, each with a repository and a seed. build: trains and registers; "
        "deploy: puts approved versions into its stages.",
        examples=[["build", "deploy"]],
    )
    stages: tuple[StageOptions, ...] = Field(
        (),
        max_length=40,  # CodePipeline takes fifty, the source and the build among them
        description="The stages of deployment in their order; staging, tested and released by a person, then production "
        "when left out.",
        examples=[
            [
                {
                    "name": "staging",
                    "approval": [{"by": "tests"}, {"by": "person", "name": "operations"}],
                    "instance_type": "ml.m5.large",
                },
                {"name": "production", "where": "accounts", "instance_count": 2},
            ]
        ],
    )
    approvers: tuple[str, ...] = Field(
        (),
        max_length=10,
        description="Roles of the account that alone may set a version Approved, by name, path included, * for any text; "
        "whoever has the permission when left out.",
        examples=[["mlops-engineer", "aws-reserved/sso.amazonaws.com/*AWSReservedSSO_MLOps_*"]],
    )
    hosting: Hosting = Field(
        "endpoint",
        description=(
            "How the model is hosted. endpoint: always on; serverless: paid per request; asynchronous: large requests from "
            "a queue; batch: transform jobs on a schedule; multi-model: many models on one endpoint, loaded as needed; "
            "serial: containers one after the other; multi-container: containers called by name; edge: on devices."
        ),
        examples=["serverless"],
    )
    hosting_instance_types: tuple[InstanceType, ...] = Field(
        (),
        max_length=50,
        description="Instance types that hosting may use, * for any size; all when left out.",
        examples=[["ml.m5.*"]],
    )
    thing_groups: tuple[ThingGroup, ...] = Field(
        (),
        max_length=20,
        description="Groups of devices that a model at the edge may be deployed to, by name, * for any text; all of the "
        "account's when left out.",
        examples=[["line-*"]],
    )
    branches: Literal["main", "per-branch"] = Field(
        "main",
        description="main: the one branch has a SageMaker pipeline; per-branch: each pushed branch gets one of its own, "
        "removed with the branch.",
        examples=["per-branch"],
    )
    branch: str = Field(
        "main",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
        description="The branch that is seeded, and whose pushes start the pipeline.",
        examples=["main"],
    )
    pipelines: Literal["one", "many", "promoted"] = Field(
        "one",
        description="one: a SageMaker pipeline trains one model; many: one pipeline trains several, each evaluated and "
        "registered by itself; promoted: the definition that ran in development is created and started in the stages, in "
        "other accounts too, and registers its model where it runs.",
        examples=["many"],
    )
    models: tuple[ModelName, ...] = Field(
        (),
        max_length=15,  # containers of an endpoint
        description="Where several models are trained or hosted: what they are called, in the order of their containers. "
        "Each has a model package group of its own.",
        examples=[["demand", "returns"]],
    )
    network: Literal["internet", "vpc-only"] = Field(
        "internet",
        description=(
            "Where builds, training, functions and models run. internet: on AWS's network; vpc-only: in subnets named at "
            "launch, and jobs anywhere else are refused."
        ),
        examples=["vpc-only"],
    )
    encryption: Literal["customer-key", "service-managed"] = Field(
        "customer-key",
        description=(
            "customer-key: a KMS key of the project for bucket, pipeline, builds, logs, training and endpoints; "
            "service-managed: the keys that the services hold."
        ),
        examples=["customer-key"],
    )
    seed: Literal["shipped", "launch"] = Field(
        "shipped",
        description="The code that repositories begin with. shipped: the catalogue's; launch: an archive or a repository of "
        "the organisation's, chosen at launch, the catalogue's where none is.",
        examples=["launch"],
    )
    seed_buckets: tuple[Bucket, ...] = Field(
        (),
        max_length=5,
        description="Buckets from which seeds may be chosen at launch.",
        examples=[[{"name": "acme-seeds-${AWS::AccountId}", "prefix": "mlops/"}]],
    )
    seed_repositories: tuple[RepositoryName, ...] = Field(
        (),
        max_length=5,
        description="CodeCommit repositories of the account from which seeds may be chosen at launch, * for any text.",
        examples=[["acme-seed-*"]],
    )
    when_terminated: Literal["delete", "keep-code", "keep-work"] = Field(
        "keep-code",
        description=(
            "What a terminated project leaves. keep-code: its repositories, with all that people wrote; keep-work: models, "
            "artifacts and key, too; delete: nothing, repositories with their history included. Repositories elsewhere than "
            "at CodeCommit stay in any case."
        ),
        examples=["keep-work"],
    )
    instance_types: tuple[InstanceType, ...] = Field(
        (),
        max_length=50,
        description="Instance types that training and processing may use, * for any size; all when left out.",
        examples=[["ml.m5.*", "ml.c5.2xlarge"]],
    )
    data_buckets: tuple[Bucket, ...] = Field(
        (),
        max_length=10,
        description="Buckets, beside the project's own, that training may use.",
        examples=[[{"name": "acme-curated-${AWS::AccountId}", "access": "read"}]],
    )
    build_size: Size = Field(
        "small",
        description="The CodeBuild machine of builds.",
        examples=["small"],
    )
    build_timeout_minutes: int = Field(
        30, ge=5, le=480, description="How long a build may take.", examples=[30]
    )
    log_retention_days: Days = Field(
        90, description="How long logs of builds and functions are kept.", examples=[90]
    )
    overwritten_artifact_days: int = Field(
        90,
        ge=1,
        le=3650,
        description="How long an overwritten or deleted object of the artifact bucket can be brought back.",
        examples=[90],
    )

    @property
    def builds(self) -> bool:
        return "build" in self.repositories

    @property
    def deploys(self) -> bool:
        return "deploy" in self.repositories

    @property
    def several(self) -> tuple[str, ...]:
        """The models of a project that has several."""
        if self.pipelines == "many" or self.hosting in SEVERAL:
            return self.models or (SHIPPED_ROW if self.hosting == "serial" else SHIPPED_MODELS)
        return ()

    @property
    def staged(self) -> tuple[StageOptions, ...]:
        """The stages, where something is deployed or promoted at all."""
        if not (self.deploys or self.pipelines == "promoted"):
            return ()
        return self.stages or (DEFAULT_PROMOTED if self.pipelines == "promoted" else DEFAULT)

    @property
    def elsewhere(self) -> tuple[StageOptions, ...]:
        """The stages that are not in the project's own account."""
        return tuple(stage for stage in self.staged if stage.where != "here")

    @field_validator("data_buckets", "seed_buckets")
    @classmethod
    def _distinct(cls, buckets: tuple[Bucket, ...]) -> tuple[Bucket, ...]:
        check_distinct(buckets)
        return buckets

    @field_validator("models")
    @classmethod
    def _models(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        plain = [model.replace("-", "") for model in models]  # as they become logical ids
        for model, name in zip(models, plain, strict=True):
            if plain.count(name) > 1:
                raise ValueError(
                    f"model '{model}' stands in the list twice; names differ in more than hyphens"
                )
        if len(models) == 1:
            raise ValueError("one model is not several; name two or more")
        return models

    @field_validator("stages")
    @classmethod
    def _stages(cls, stages: tuple[StageOptions, ...]) -> tuple[StageOptions, ...]:
        return check(stages)

    @field_validator("repositories")
    @classmethod
    def _halves(cls, halves: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(halves)) < len(halves):
            raise ValueError("each half stands in the list once")
        return halves

    @model_validator(mode="after")
    def _together(self) -> ProjectOptions:
        if reason := problem(self):
            raise ValueError(reason)
        return self
