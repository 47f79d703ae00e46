"""What one half of a project may not do to the other, and whoever launches it not to others."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.blueprints.building import build, granted, resources

KIND = "sagemaker-project"
BOTH: dict[str, Any] = {"repositories": ["build", "deploy"]}
PROJECTS: dict[str, dict[str, Any]] = {
    "codepipeline": BOTH,
    "external": {**BOTH, "git": "external"},
    "per-branch": {**BOTH, "branches": "per-branch"},
    "jenkins": {**BOTH, "ci": "jenkins", "git": "external"},
    "promoted": {"pipelines": "promoted"},
}
# The shortest project has least of its name in what CodePipeline cuts to twenty characters.
SHORTEST = {"${SageMakerProjectName}": "a", "${SageMakerProjectId}": "p"}
OF_TRAINING = ("PipelineRole", "ModelBuildBuildRole", "ModelBuildBranchRole", "ModelBuildJobRole")


def written(template: dict[str, Any], title: str) -> list[str]:
    """Which objects of the bucket a role may write, for the shortest project."""
    texts = granted(resources(template, "AWS::IAM::Role")[title], "s3:PutObject")
    for placeholder, value in SHORTEST.items():
        texts = [text.replace(placeholder, value) for text in texts]
    return [text.removeprefix("${ArtifactBucket.Arn}/") for text in texts]


@pytest.mark.parametrize("name", PROJECTS)
def test_what_trains_cannot_replace_what_is_deployed(name: str) -> None:
    template = build(KIND, **PROJECTS[name])
    found = [title for title in OF_TRAINING if title in template["Resources"]]
    assert len(found) > 1
    pipeline = "sagemaker-a-p-model-"
    for title in found:
        patterns = written(template, title)
        for key in (
            "sources/model-build.zip",
            "sources/model-deploy.zip",
            f"{pipeline[:20]}/Source/AbCdEf1",
            f"{pipeline[:20]}/Release/AbCdEf1.zip",
        ):
            assert not any(fnmatchcase(key, pattern) for pattern in patterns), (title, key)
        for key in (f"{pipeline}build/code/0/train.py", f"{pipeline}build-stage/executions/1/model.tar.gz"):
            assert any(fnmatchcase(key, pattern) for pattern in patterns), (title, key)


def test_a_build_leaves_its_artifact_where_it_may_not_write_everywhere() -> None:
    patterns = written(build(KIND, **PROJECTS["promoted"]), "ModelBuildBuildRole")
    assert any(fnmatchcase("sagemaker-a-p-model-/Definition/AbCdEf1", pattern) for pattern in patterns)
    assert written(build(KIND, **BOTH), "ModelDeployBuildRole") == ["*"]
