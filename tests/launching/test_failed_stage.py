"""A stage whose first deployment fails: the next one makes it, as whoever deploys and with no more than that one's role.

What CodePipeline's CloudFormation action does to a stack that never came to life, deploy.py does, by the same calls.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from generator.errors import Where
from generator.local import ACCOUNT, LocalAws, serve
from generator.seed import render
from tests.conftest import ROOT

from . import projects
from .conftest import REGION, Shelf
from .projects import ID, NAME

STACK = f"sagemaker-{NAME}-{ID}-deploy-staging"
ALARM = {
    "Type": "AWS::CloudWatch::Alarm",
    "Properties": {
        "AlarmName": f"sagemaker-{ID}-staging-errors",
        "ComparisonOperator": "GreaterThanThreshold",
        "EvaluationPeriods": 1,
        "MetricName": "Invocation5XXErrors",
        "Namespace": "AWS/SageMaker",
        "Period": 60,
        "Statistic": "Sum",
        "Threshold": 0,
    },
}
# No stage may make a topic outside of its names, as none may make an endpoint over the account's quota.
REFUSED = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "payroll"}}


def keys(aws: LocalAws, role: str) -> Mapping[str, str]:
    """Credentials of a role, which lets us in for it: what it may is the matter here, not whose it is."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    projects.client(aws, "iam").update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    given = projects.client(aws, "sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{role}", RoleSessionName="it"
    )["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def deployed(url: str, by: Mapping[str, str], repository: Path, **resources: Any) -> tuple[int, str]:
    """Write a release with these resources and deploy it; deploy.py's exit code and what it said."""
    (repository / "release").mkdir(exist_ok=True)
    (repository / "release" / "template.yaml").write_text(json.dumps({"Resources": resources}))
    (repository / "release" / "staging.json").write_text('{"Parameters": {}, "Tags": {"stage": "staging"}}')
    environment = {
        "ARTIFACT_BUCKET": "of-no-interest",
        **by,
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": REGION,
        "DEPLOY_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/sagemaker-{ID}-deploy",
        "HOME": str(repository),
        "MODEL_EXECUTION_ROLE_NAME": "of-no-interest",
        "MODEL_PACKAGE_GROUP_NAME": "of-no-interest",
        "NO_PROXY": "127.0.0.1",
        "PATH": os.environ["PATH"],
        "POLL_SECONDS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SAGEMAKER_PROJECT_ID": ID,
        "SAGEMAKER_PROJECT_NAME": NAME,
    }
    done = subprocess.run(
        [sys.executable, "deploy.py", "staging"],
        cwd=repository,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("product", "by"),
    [("mlops-deploy", "model-deploy-pipeline"), ("mlops-github-jenkins", "model-deploy-job")],
)
def test_what_never_came_to_life_is_made_anew(product: str, by: str, shelf: Shelf, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    render(ROOT / "seedcode" / "model-deploy", {"ci": "jenkins"}, where=Where("test")).write(repository)
    with projects.servers(tmp_path) as outside, projects.opened(shelf, tmp_path, run_code=False) as aws:
        projects.make(aws, shelf, product, outside)
        cloudformation = projects.client(aws, "cloudformation")

        def status() -> str:
            (found,) = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
            return str(found["StackStatus"])

        with serve(aws, 0) as server:
            role = keys(aws, f"sagemaker-{ID}-{by}")
            code, said = deployed(server.url, role, repository, Alarm=ALARM, Topic=REFUSED)
            assert code == 1
            assert f"{STACK} was not created: Topic: " in said
            assert status() == "ROLLBACK_COMPLETE"

            assert deployed(server.url, role, repository, Alarm=ALARM) == (0, f"{STACK} is created\n")
            assert status() == "CREATE_COMPLETE"

            # What is there is not made anew: a failed update leaves it as it was.
            code, said = deployed(server.url, role, repository, Alarm=ALARM, Topic=REFUSED)
            assert code == 1
            assert f"{STACK} was not updated: Topic: " in said
            assert status() == "UPDATE_ROLLBACK_COMPLETE"
            assert deployed(server.url, role, repository, Alarm=ALARM)[0] == 0
