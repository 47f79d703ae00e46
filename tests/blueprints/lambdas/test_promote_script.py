"""The commands that promote a SageMaker pipeline, in a shell, with the AWS CLI and a `make` that writes down what it is told.

That the repository's own `make` promotes with it, tests/launching/test_promotion.py shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.blueprints.building import build, resources

from .formation import CloudFormation, StackSet
from .loopback import REGION, listening

HOME, ONE, OTHER = "111122223333", "222233334444", "555566667777"
ID = "p-a1b2c3d4e5f6"
SET = f"sagemaker-Churn-{ID}-stage-production"
KEY = f"arn:aws:kms:{REGION}:{HOME}:key/11111111-2222-3333-4444-555555555555"
TOLD = ("PIPELINE_NAME", "PIPELINE_ROLE_ARN", "ARTIFACT_BUCKET", "KMS_KEY_ID", "STAGE_NAME", "STAGE_ROLE_ARN")
Promote = Callable[..., "subprocess.CompletedProcess[str]"]


def commands() -> str:
    template = build("sagemaker-project", pipelines="promoted")
    project = resources(template, "AWS::CodeBuild::Project")["ModelBuildPromote"]
    spec = yaml.safe_load(project["Properties"]["Source"]["BuildSpec"])
    assert spec["env"] == {"shell": "bash"}
    (text,) = spec["phases"]["build"]["commands"]
    return str(text)


@pytest.fixture
def promote(tmp_path: Path) -> Promote:
    (tmp_path / "pipeline.json").write_text("{}")
    (tmp_path / "make").write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "told = {name: os.environ.get(name, '') for name in " + repr(TOLD) + "}\n"
        "print(json.dumps([sys.argv[1:], told]))\n"
        "sys.exit(os.environ.get('FAILS', 'never') in told['ARTIFACT_BUCKET'])\n"
    )
    (tmp_path / "make").chmod(0o755)
    (tmp_path / "aws").symlink_to(Path(sys.executable).parent / "aws")

    def run(url: str = "http://127.0.0.1:9", **more: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(tmp_path),
            "AWS_ENDPOINT_URL": url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "CODEBUILD_SRC_DIR_Definition": str(tmp_path),
            "PIPELINE_NAME": f"sagemaker-Churn-{ID}-model-build-production",
            "PIPELINE_ROLE_ARN": f"arn:aws:iam::{HOME}:role/sagemaker-{ID}-training",
            "ARTIFACT_BUCKET": f"sagemaker-{ID}-{HOME}-{REGION}",
            "STAGE_NAME": "production",
            "SAGEMAKER_PROJECT_NAME": "Churn",
            "SAGEMAKER_PROJECT_ID": ID,
        }
        return subprocess.run(
            ["bash", "-c", commands()],
            env=environment | more,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def made(done: subprocess.CompletedProcess[str]) -> list[tuple[list[str], dict[str, str]]]:
    """How `make` was called, and what it was told."""
    return [tuple(json.loads(line)) for line in done.stdout.splitlines() if line.startswith("[")]


def test_a_stage_here_is_promoted_with_the_projects_own_surroundings(
    promote: Promote, tmp_path: Path
) -> None:
    done = promote(KMS_KEY_ID=KEY)
    assert done.returncode == 0, done.stderr
    ((arguments, told),) = made(done)
    assert arguments == ["promote", f"PACKAGE={tmp_path}/pipeline.json", "FLAGS=--wait"]
    assert told == {
        "PIPELINE_NAME": f"sagemaker-Churn-{ID}-model-build-production",
        "PIPELINE_ROLE_ARN": f"arn:aws:iam::{HOME}:role/sagemaker-{ID}-training",
        "ARTIFACT_BUCKET": f"sagemaker-{ID}-{HOME}-{REGION}",
        "KMS_KEY_ID": KEY,
        "STAGE_NAME": "production",
        "STAGE_ROLE_ARN": "",
    }


@pytest.mark.parametrize("key", [KEY, pytest.param("", marks=pytest.mark.proof)], ids=["key", "none"])
def test_a_stage_elsewhere_is_promoted_in_each_of_its_accounts(promote: Promote, key: str) -> None:
    sets = {SET: StackSet([OTHER, ONE, OTHER])}
    with listening(type("Handler", (CloudFormation,), {"sets": sets})) as url:
        done = promote(url, KMS_KEY_ID=key, STACK_SET=SET, STAGE_ROLE_NAME=f"sagemaker-{ID}-promote")
    assert done.returncode == 0, done.stderr
    assert [told for _, told in made(done)] == [
        {
            "PIPELINE_NAME": f"sagemaker-Churn-{ID}-model-build-production",
            "PIPELINE_ROLE_ARN": f"arn:aws:iam::{account}:role/sagemaker-{ID}-training",
            "ARTIFACT_BUCKET": f"sagemaker-{ID}-{account}-{REGION}",
            "KMS_KEY_ID": f"alias/sagemaker-Churn-{ID}" if key else "",
            "STAGE_NAME": "production",
            "STAGE_ROLE_ARN": f"arn:aws:iam::{account}:role/sagemaker-{ID}-promote",
        }
        for account in (ONE, OTHER)
    ]


def test_an_account_that_fails_holds_all_that_follows_back(promote: Promote) -> None:
    sets = {SET: StackSet([ONE, OTHER])}
    with listening(type("Handler", (CloudFormation,), {"sets": sets})) as url:
        done = promote(url, FAILS=ONE, STACK_SET=SET, STAGE_ROLE_NAME="promote")
    assert done.returncode != 0
    assert len(made(done)) == 1


@pytest.mark.parametrize(
    ("sets", "refused", "said"),
    [
        ({SET: StackSet([])}, "", f"{SET} has no account yet"),
        ({SET: StackSet([ONE])}, "ListStackInstances", "no ListStackInstances"),
    ],
    ids=["empty", "refused"],
)
def test_without_accounts_nothing_is_promoted(
    promote: Promote, sets: dict[str, StackSet], refused: str, said: str
) -> None:
    with listening(type("Handler", (CloudFormation,), {"sets": sets, "refused": refused})) as url:
        done = promote(url, STACK_SET=SET, STAGE_ROLE_NAME="promote")
    assert done.returncode != 0
    assert said in done.stderr
    assert made(done) == []
