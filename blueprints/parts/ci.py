"""The CIs of the family: each of them runs a half's commands, at pushes and at the events that the half names.

Owns the choice; a CI owns its resources, questions and permissions.
"""

from __future__ import annotations

from collections.abc import Callable

from .ci_codepipeline import with_codepipeline
from .foundation import Foundation
from .half import Half
from .jenkins import with_jenkins
from .project_options import ProjectOptions

Ci = Callable[[ProjectOptions, Foundation, Half], None]


def run(options: ProjectOptions, shared: Foundation, half: Half) -> None:
    """Have the half run by the CI that the options name."""
    CIS[options.ci](options, shared, half)


CIS: dict[str, Ci] = {"codepipeline": with_codepipeline, "jenkins": with_jenkins}
