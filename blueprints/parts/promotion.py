"""A SageMaker pipeline whose definition is the artefact: compiled once, then created and started in one stage after another.

Owns the commands that compile it and that promote it. What production gets is the package that development got, byte for
byte; a stage exchanges its surroundings (role, bucket, key, registry) for those that the package was compiled with, and may
have parameters in the repository, in stages/<stage>.json. What a stage in another account consists of, `promoted_stage` says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from . import promoted_stage, training
from .access import Statement
from .foundation import Foundation
from .half import BUILD, DEFINITION, Commands, Promotion
from .project import Project
from .stage_options import StageOptions

SCRIPT = Path(__file__).parent / "scripts" / "promote.sh"
COMPILE = """version: 0.2
phases:
  install:
    runtime-versions:
      python: 3.12
  pre_build:
    commands:
      - make test
  build:
    commands:
      - make compile
artifacts:
  base-directory: release
  files:
    - pipeline.json
"""


def compiled(environment: Mapping[str, Any], first: StageOptions, shared: Foundation) -> Commands:
    """Test and compile, for the surroundings of the first stage."""
    told = {**environment, "PIPELINE_NAME": training.pipeline_name(shared.project, f"{BUILD}-{first.name}")}
    return Commands("Compile", COMPILE, told, (), DEFINITION)


def promotions(
    environment: Mapping[str, Any],
    stages: Sequence[StageOptions],
    permissions: Sequence[Statement],
    shared: Foundation,
) -> tuple[Promotion, ...]:
    """The stages, each with a pipeline of its own; `permissions` are for those in the project's own account."""
    here = permissions if len(shared.places) < len(stages) else ()
    visit = promoted_stage.visit(shared, promoted_stage.PROMOTER)
    commands = Commands("Promote", buildspec(), environment, (*here, *visit))
    return tuple(Promotion(stage, commands, _told(shared, stage)) for stage in stages)


def _told(shared: Foundation, stage: StageOptions) -> dict[str, str]:
    project = shared.project
    told = {"STAGE_NAME": stage.name, "PIPELINE_NAME": _pipeline(project, stage)}
    for place in shared.places:
        if place.stage is stage:
            told |= promoted_stage.told(project, place)
    return told


def _pipeline(project: Project, stage: StageOptions) -> str:
    return str(training.pipeline_name(project, f"{BUILD}-{stage.name}").data["Fn::Sub"])


def buildspec() -> str:
    """The script, with the artifact of the build where CodeBuild puts it."""
    commands = f'export PACKAGE="$CODEBUILD_SRC_DIR_{DEFINITION}/pipeline.json"\n' + SCRIPT.read_text("utf-8")
    return (
        "version: 0.2\nenv:\n  shell: bash\nphases:\n  install:\n    runtime-versions:\n      python: 3.12\n"
        "  build:\n    commands:\n      - |\n"
    ) + indent(commands, " " * 10)
