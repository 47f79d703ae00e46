"""A half of a project as its CI sees it: a repository, the commands to run of it, and where its work is deployed.

Owns the words in which a half says what it needs; it makes nothing. A CI (`parts/ci.py`) turns a half into CodePipeline
stages or Jenkins jobs, so that neither knows what is built and no half knows by what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from troposphere import Sub, iam

from . import training
from .access import Statement
from .accounts import Place, Rollout
from .codepipeline import Repository
from .stage_options import StageOptions

BUILD, DEPLOY = training.HALF, "model-deploy"
RELEASE, DEFINITION = (
    "Release",
    "Definition",
)  # artifacts of builds: a template with configurations, a pipeline
TITLES = {BUILD: "ModelBuild", DEPLOY: "ModelDeploy"}


@dataclass(frozen=True)
class Commands:
    """What a CI runs of a repository: a buildspec, what it must know, and what it must be allowed."""

    name: str
    buildspec: str
    environment: Mapping[str, Any]
    permissions: tuple[Statement, ...] = ()
    output: str = ""
    """The artifact that the buildspec puts out, for what comes after it."""

    @property
    def described(self) -> str:
        """What is run, in few words: a file of the repository, or commands of the product's own."""
        return "commands" if "\n" in self.buildspec else self.buildspec


@dataclass(frozen=True)
class Elsewhere:
    """The accounts of a stage, and how stacks come there."""

    place: Place
    rollout: Rollout


@dataclass(frozen=True)
class Deployment:
    """One stage of a half that deploys: the stack that its release becomes, and under which role."""

    stage: StageOptions
    stack: Sub
    deployer: iam.Role | None
    """CloudFormation's role, which makes what is in a stack of the project's own account."""
    test: Commands
    """Tests of what was deployed, which read STAGE_NAME and STACK_NAME."""
    elsewhere: Elsewhere | None = None
    """For a stage in other accounts: where, and what its StackSet is rolled out with."""

    @property
    def role(self) -> iam.Role:
        """The role of a stage in the project's own account."""
        assert self.deployer is not None, f"{self.stage.name} is elsewhere"
        return self.deployer


@dataclass(frozen=True)
class Promotion:
    """One stage of a promoted SageMaker pipeline: which pipeline gets the definition that was built."""

    stage: StageOptions
    commands: Commands
    """They read the artifact of the build, and what they are told."""
    told: Mapping[str, str]
    """Of the stage, as it stands in a Sub: STAGE_NAME, PIPELINE_NAME, and in which accounts."""


@dataclass(frozen=True)
class Start:
    """An event, beside a push, at which the half's work begins."""

    title: str
    suffix: str
    event: Mapping[str, Any]


@dataclass(frozen=True)
class Half:
    """One half of a project."""

    name: str
    repository: Repository
    build: Commands
    starts: tuple[Start, ...] = ()
    deployments: tuple[Deployment, ...] = ()
    """The stages, in their order, of the release that the build writes."""
    promotions: tuple[Promotion, ...] = ()
    """The stages, in their order, of the definition that the build compiles."""
    writes: str = ""
    """What the keys begin with that its commands write in the artifact bucket, in text for `Sub`; any when left out."""
    after: tuple[str, ...] = field(default=())
    """Titles that whatever runs the half is made after, and deleted before."""

    @property
    def title(self) -> str:
        return TITLES[self.name]
