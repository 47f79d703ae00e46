"""The CIs of the family: each of them runs a half's commands, at pushes and at the events that the half names.

Owns the choice, and what CodePipeline makes of a half. What is run, and with which permissions, the half says.
"""

from __future__ import annotations

from collections.abc import Callable

from .codebuild import Machine
from .codebuild import build as build_action
from .codepipeline import Stage, pipeline, start_on
from .foundation import Foundation
from .half import Half
from .project_options import ProjectOptions

Ci = Callable[[ProjectOptions, Foundation, Half], None]


def run(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    """Have the half run by the CI that the options name."""
    CIS[options.ci](options, shared, half)


def _with_codepipeline(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    build = build_action(
        shared.project,
        half=half.name,
        title=half.title,
        name=half.build.name,
        buildspec=half.build.buildspec,
        environment=half.build.environment,
        permissions=half.build.permissions,
        machine=Machine(options.build_size, options.build_timeout_minutes),
        around=shared.around,
        after=half.after,
    )
    made = pipeline(
        shared.project,
        half=half.name,
        title=half.title,
        repository=half.repository,
        stages=[Stage("Build", (build,))],
        bucket=shared.bucket,
        encryption=shared.encryption,
        after=half.after,
    )
    for start in half.starts:
        start_on(shared.project, title=start.title, suffix=start.suffix, event=start.event, pipeline=made)
    shared.output(f"{half.title}PipelineName", made.ref(), "The CodePipeline that each push starts.")


CIS: dict[str, Ci] = {"codepipeline": _with_codepipeline}
