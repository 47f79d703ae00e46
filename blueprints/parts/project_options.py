"""The options of the SageMaker project family, and which of them go together.

Owns the table of options, with the reason for each combination that is refused. What an option brings is its part's.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from generator.blueprint import BlueprintParams

from .buckets import Bucket, check_distinct
from .codebuild import Size
from .logs import Days
from .stage_options import DEFAULT, DEFAULT_PROMOTED, InstanceType, StageOptions, check

ModelName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=32)]
RepositoryName = Annotated[str, StringConstraints(pattern=r"^[\w.*-]{1,100}$")]
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

SEVERAL = ("multi-model", "serial", "multi-container")  # hostings of more than one model
# What the seeds train and host where several are meant; in a row, each takes the answer of the one before.
SHIPPED_MODELS, SHIPPED_ROW = ("female", "infant", "male"), ("features", "rings")

# Options that say something about one half alone.
OF_BUILD = ("instance_types", "data_buckets", "branches", "pipelines")
OF_DEPLOY = ("hosting", "hosting_instance_types")


class ProjectOptions(BlueprintParams):
    """The options of a SageMaker project."""

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
        "registered by itself; promoted: the definition that ran in development is created and started in the stages.",
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
    when_terminated: Literal["delete", "keep-work"] = Field(
        "delete",
        description=(
            "delete: all that belongs to the project goes with it; keep-work: repositories, models, artifacts and key stay."
        ),
        examples=["keep-work"],
    )
    instance_types: tuple[InstanceType, ...] = Field(
        (),
        max_length=50,
        description="Instance types that training and processing may use, * for any size; all when left out.",
        examples=[["ml.m5.*", "ml.g5.xlarge"]],
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
        rules = (
            self._of_halves,
            self._of_models,
            self._of_stages,
            self._of_jenkins,
            self._of_code,
        )
        for problem in (rule() for rule in rules):
            if problem:
                raise ValueError(problem)
        return self

    def _of_halves(self) -> str:
        """An option whose half is missing; "" where there is none."""
        for half, present, options in (
            ("build", self.builds, OF_BUILD),
            ("deploy", self.deploys, OF_DEPLOY),
        ):
            for name in options:
                if not present and getattr(self, name) != type(self).model_fields[name].default:
                    return f"{name} has no meaning where repositories has no {half}"
        if self.stages and not self.staged:
            return "stages have no meaning where repositories has no deploy and pipelines is not promoted"
        return ""

    def _of_models(self) -> str:
        """How many models are trained, and how many hosted."""
        if self.models and not self.several:
            return f"models have no meaning with pipelines: {self.pipelines} and hosting: {self.hosting}"
        if not (self.builds and self.deploys):
            return ""
        if self.pipelines == "many" and self.hosting not in SEVERAL:
            return f"hosting: {self.hosting} hosts one model, pipelines: many trains several; choose {', '.join(SEVERAL)}"
        if self.hosting == "serial":
            return "hosting: serial needs models of different kinds, the build half trains one kind; leave build out"
        if self.hosting in SEVERAL and self.pipelines != "many":
            return f"hosting: {self.hosting} hosts several models, pipelines: {self.pipelines} trains one; choose many"
        return ""

    def _of_stages(self) -> str:
        if self.elsewhere and self.encryption == "service-managed":
            return (
                f"stage '{self.elsewhere[0].name}' is in other accounts, which cannot use the keys that services hold; "
                "it needs encryption: customer-key"
            )
        if self.elsewhere and self.network == "vpc-only":
            return (
                f"stage '{self.elsewhere[0].name}' is in other accounts, which have none of the subnets that "
                "network: vpc-only names at launch"
            )
        if self.elsewhere and self.hosting == "edge":
            return (
                f"stage '{self.elsewhere[0].name}' is in other accounts, whose devices cannot read the project's bucket; "
                "edge stages are here"
            )
        for stage in self.elsewhere:
            if stage.where == "organizational-units" and stage.tested:
                return (
                    f"which accounts the units of stage '{stage.name}' have is not known beforehand, and so none to test in; "
                    "leave tests out of its approval"
                )
        if self.hosting == "serverless":
            if self.network == "vpc-only":
                return (
                    "a serverless endpoint cannot be in a VPC; choose another hosting, or network: internet"
                )
            for stage in self.staged:
                if stage.settings:
                    return f"a serverless endpoint has no instances; stage '{stage.name}' cannot choose any"
            if self.hosting_instance_types:
                return "hosting_instance_types has no meaning with hosting: serverless"
        if self.hosting == "edge":
            for stage in self.staged:
                if stage.settings:
                    return (
                        f"a model at the edge runs on devices; stage '{stage.name}' cannot choose instances"
                    )
            if self.hosting_instance_types:
                return "hosting_instance_types has no meaning with hosting: edge"
        if self.pipelines == "promoted" and not self.deploys:
            for stage in self.staged:
                if stage.where != "here":
                    return (
                        f"a promoted definition names the role and the bucket that it was compiled with; stage '{stage.name}' "
                        "has to be here"
                    )
                if stage.settings:
                    return f"a promoted definition brings its instances along; stage '{stage.name}' cannot choose any"
        if self.pipelines == "promoted" and self.deploys:
            return (
                "pipelines: promoted makes models in each stage, where they are registered; "
                "deploy them with a project of each stage's own, and leave deploy out of repositories"
            )
        return ""

    def _of_jenkins(self) -> str:
        """What Jenkins' jobs have to be, and what they decide themselves."""
        if self.ci != "jenkins":
            for name in ("jenkins_access", "jenkins_issuer"):
                if getattr(self, name) != type(self).model_fields[name].default:
                    return f"{name} has no meaning with ci: {self.ci}"
            return ""
        if (self.jenkins_access == "oidc") != bool(self.jenkins_issuer):
            return "jenkins_issuer says whose tokens jenkins_access: oidc trusts; give both or neither"
        if self.pipelines == "promoted":
            return "pipelines: promoted is what CodePipeline does; it needs ci: codepipeline"
        if self.elsewhere:
            return (
                f"stage '{self.elsewhere[0].name}' is in other accounts, which CodePipeline rolls out; "
                "ci: jenkins deploys in the project's own"
            )
        for stage in self.stages:
            if stage.people:
                return (
                    f"the Jenkinsfile asks before every stage but the first; stage '{stage.name}' cannot name who approves "
                    "with ci: jenkins"
                )
        return ""

    def _of_code(self) -> str:
        if self.git != "external" and self.git_server != "generic":
            return f"git_server has no meaning with git: {self.git}"
        places = {"seed_buckets": self.seed_buckets, "seed_repositories": self.seed_repositories}
        if self.seed == "shipped":
            for name, given in places.items():
                if given:
                    return f"{name} has no meaning with seed: shipped"
        elif not any(places.values()):
            return "seed: launch needs seed_buckets or seed_repositories, the places from which a seed may be chosen"
        elif self.git == "external":
            return "a seed chosen at launch is checked in by a build, which has no access to git: external"
        if self.branches == "per-branch" and self.ci == "jenkins":
            return "branches: per-branch is what CodeBuild does; with ci: jenkins a multibranch job of Jenkins does it"
        if self.branches == "per-branch" and self.git == "codeconnections":
            return "branches: per-branch needs git: codecommit; a connection does not tell of branches that are deleted"
        if self.branches == "per-branch" and self.git == "external":
            return "branches: per-branch needs git: codecommit; from an external server one branch is brought"
        if self.branches == "per-branch" and self.pipelines != "one":
            return (
                f"branches: per-branch has one pipeline for each branch; pipelines cannot be {self.pipelines}"
            )
        return ""
