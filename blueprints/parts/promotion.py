"""A SageMaker pipeline whose definition is the artefact: compiled once, then created and started in one stage after another.

Owns the commands that compile it and that promote it. What runs in production is byte for byte what ran in development;
stages differ by the parameters that the repository has for them in stages/<stage>.json.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

from . import training
from .access import Statement
from .foundation import Foundation
from .half import BUILD, DEFINITION, Commands, Promotion
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
      - make upsert
      - mkdir -p definition
      - make definition > definition/definition.json
artifacts:
  base-directory: definition
  files:
    - definition.json
"""


def compiled(
    environment: Mapping[str, Any], first: StageOptions, permissions: Sequence[Statement], shared: Foundation
) -> Commands:
    """Test, upload the code of the jobs, and compile; the first stage's pipeline is brought up to date on the way."""
    told = {**environment, "PIPELINE_NAME": training.pipeline_name(shared.project, f"{BUILD}-{first.name}")}
    return Commands("Compile", COMPILE, told, tuple(permissions), DEFINITION)


def promotions(
    environment: Mapping[str, Any],
    stages: Sequence[StageOptions],
    permissions: Sequence[Statement],
    shared: Foundation,
) -> tuple[Promotion, ...]:
    """The stages, each with a pipeline of its own."""
    commands = Commands("Promote", buildspec(), environment, tuple(permissions))
    return tuple(
        Promotion(stage, training.pipeline_name(shared.project, f"{BUILD}-{stage.name}"), commands)
        for stage in stages
    )


def buildspec() -> str:
    """The script, with the artifact of the build where CodeBuild puts it."""
    commands = f'export DEFINITION="$CODEBUILD_SRC_DIR_{DEFINITION}/definition.json"\n' + SCRIPT.read_text(
        "utf-8"
    )
    return "version: 0.2\nenv:\n  shell: bash\nphases:\n  build:\n    commands:\n      - |\n" + indent(
        commands, " " * 10
    )
