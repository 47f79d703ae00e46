"""A release: the template, and for each stage what its stack is given, in the forms that CloudFormation takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from deployment.settings import Settings

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "template.yaml"
FOLDER = ROOT / "release"


@dataclass(frozen=True)
class StageRelease:
    stage: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """As CodePipeline's template configuration, and as the list that StackSets and the AWS CLI take."""
        configuration = {"Parameters": self.parameters, "Tags": self.tags}
        listed = [{"ParameterKey": name, "ParameterValue": value} for name, value in self.parameters.items()]
        for name, content in (("", configuration), (".parameters", listed)):
            (folder / f"{self.stage}{name}.json").write_text(json.dumps(content, indent=2) + "\n")


def stage_release(
    stage: str, template: bytes, settings: Settings, models: Mapping[str, str], stage_settings: Mapping[str, str]
) -> StageRelease:
    """What a stage's stack is given.

    Release is made of everything else. It ends the names of what CloudFormation can only replace, so that they are new
    when anything has changed and the same when nothing has.
    """
    parameters = {
        "SageMakerProjectName": settings.project_name,
        "SageMakerProjectId": settings.project_id,
        "StageName": stage,
        **models,
        **stage_settings,
    }
    content = template + json.dumps(parameters, sort_keys=True).encode()
    parameters["Release"] = sha256(content).hexdigest()[:10]
    return StageRelease(stage, dict(sorted(parameters.items())), settings.tags | {"sagemaker:stage": stage})
