"""Which seed a half's repository begins with, and what is answered to its questions.

Owns the answers that follow from the options; `seed_answers` of a product win over them.
"""

from __future__ import annotations

from typing import Any

from generator.blueprint import Seed

from .deployer import ENDPOINTS
from .half import BUILD, DEPLOY
from .instance_types import SEEDS_OWN, begun_with
from .project_options import ProjectOptions

NAME = "model"  # the title of what every project begins with: what each is called, only its launch says
LOGS_KEPT = 90  # what every stage has by itself
CI_FILES = {"codepipeline": "codebuild", "jenkins": "jenkins"}  # which CI files a repository gets


def seed(options: ProjectOptions, half: str) -> Seed:
    """The seed of the half."""
    answers: dict[str, Any] = {"ci": CI_FILES[options.ci], "name": NAME}
    if options.several:
        answers["models"] = ",".join(options.several)
    begun = begun_with(options.instance_types if half == BUILD else options.hosting_instance_types)
    if begun != SEEDS_OWN:
        answers["instance_type"] = begun
    if half == BUILD:
        return Seed(half, "model-build-many" if options.pipelines == "many" else "model-build", answers)
    settings = {stage.name: stage.settings | _logs(options) for stage in options.staged}
    answers |= {"hosting": options.hosting, "stages": ",".join(stage.name for stage in options.staged)}
    if any(settings.values()):
        answers["stage_settings"] = {name: given for name, given in settings.items() if given}
    return Seed(DEPLOY, "model-deploy", answers)


def _logs(options: ProjectOptions) -> dict[str, str | int]:
    """How long an endpoint's logs are kept, where it is not as long as by itself."""
    if options.log_retention_days == LOGS_KEPT or options.hosting not in ENDPOINTS:
        return {}
    return {"LogRetentionDays": options.log_retention_days}
