"""Products whose code lies at other servers, launched with their functions running: what happens at the server, and after.

GitLab and Jenkins are real https servers on loopback; the functions are those of the published zips, under the roles of the
launched stack, which the local AWS holds them to.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import LocalAws, open_state
from tests.blueprints.servers.git import commit, git
from tests.blueprints.servers.gitlab import GitLab
from tests.blueprints.servers.jenkins import Jenkins
from tests.blueprints.servers.loopback import serving

from .conftest import Shelf
from .projects import ID, NAME, asked, client, ended, launch, opened, person, secret, seed
from .shop import reasons


@pytest.fixture
def running(shelf: Shelf, tmp_path: Path) -> Iterator[LocalAws]:
    with opened(shelf, tmp_path) as aws:
        yield aws


@pytest.fixture
def gitlab(tmp_path: Path) -> Iterator[GitLab]:
    made = GitLab(tmp_path / "gitlab")
    with serving(made.server):
        yield made


@pytest.fixture
def jenkins() -> Iterator[Jenkins]:
    made = Jenkins(jobs={f"sagemaker-{NAME}-deploy"})
    with serving(made.server):
        yield made


def invoke(aws: LocalAws, function: str, event: Any) -> Any:
    answer = client(aws, "lambda").invoke(FunctionName=function, Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read() or "null")
    assert "FunctionError" not in answer, payload
    return payload


def test_a_launch_makes_and_fills_repositories_at_gitlab_and_hears_of_pushes(
    running: LocalAws, shelf: Shelf, gitlab: GitLab
) -> None:
    someone = person(running, shelf, "mlops-gitlab")
    outputs = launch(
        someone,
        GitServerUrl=gitlab.server.url,
        GitSecretArn=secret(running, "gitlab", gitlab.server.url),
        ModelBuildRepositoryName="acme/models/churn-build",
        ModelDeployRepositoryName="acme/models/churn-deploy",
    )
    s3 = client(running, "s3")
    bucket = outputs["ArtifactBucketName"]
    for half, title in (("build", "ModelBuild"), ("deploy", "ModelDeploy")):
        path = f"acme/models/churn-{half}"
        assert outputs[f"{title}Repository"] == f"{gitlab.server.url}/{path}.git"
        repository = gitlab.repository(path)
        assert git(repository, "log", "--format=%an %s", "main") == f"{ID} Seed code of the project\n"
        listed = git(repository, "ls-tree", "-r", "--name-only", "main").splitlines()
        assert listed == sorted(seed(shelf.bundles["mlops-gitlab"], f"model-{half}"))
        (hook,) = gitlab.hooks_of(path)
        assert hook["url"] == outputs[f"{title}PushHook"]
        tip = git(repository, "rev-parse", "main").strip()
        held = s3.head_object(Bucket=bucket, Key=f"sources/model-{half}.zip")
        assert held["Metadata"]["commit"] == tip

    def started() -> dict[str, int]:
        found = {}
        for title in ("ModelBuild", "ModelDeploy"):
            executions = client(running, "codepipeline").list_pipeline_executions(
                pipelineName=outputs[f"{title}PipelineName"]
            )
            found[title] = len(executions["pipelineExecutionSummaries"])
        return found

    # Somebody pushes, and GitLab says so.
    before = started()
    pushed = commit(gitlab.repository("acme/models/churn-build"), "main", {"README.md": "# Ours\n"})
    (hook,) = gitlab.hooks_of("acme/models/churn-build")
    event = {
        "headers": {"x-gitlab-token": hook["token"], "x-gitlab-event": "Push Hook"},
        "pathParameters": {"repository": "model-build"},
        "body": json.dumps({"ref": "refs/heads/main", "after": pushed}),
    }
    assert invoke(running, f"sagemaker-{ID}-push-hook", event)["statusCode"] == 202
    forged = event | {"headers": {"x-gitlab-token": "guessed"}}
    assert invoke(running, f"sagemaker-{ID}-push-hook", forged)["statusCode"] == 401
    # The queue is worked off by the function behind it.
    for _ in range(600):
        held = s3.head_object(Bucket=bucket, Key="sources/model-build.zip")
        if held["Metadata"]["commit"] == pushed:
            break
        time.sleep(0.1)
    assert held["Metadata"]["commit"] == pushed
    # Its place in the bucket is the source of the pipeline.
    assert started() == before | {"ModelBuild": before["ModelBuild"] + 1}

    assert reasons(ended(someone, someone.terminate("it"))) == ""
    for half in ("build", "deploy"):
        assert gitlab.hooks_of(f"acme/models/churn-{half}") == []
    assert git(gitlab.repository("acme/models/churn-build"), "rev-parse", "main").strip() == pushed
    assert bucket not in {each["Name"] for each in s3.list_buckets()["Buckets"]}


def test_a_launch_that_gitlab_refuses_fails_with_the_reason_and_leaves_nothing(
    running: LocalAws, shelf: Shelf, gitlab: GitLab
) -> None:
    someone = person(running, shelf, "mlops-gitlab")
    form = asked(
        someone,
        GitServerUrl=gitlab.server.url,
        GitSecretArn=secret(running, "gitlab", gitlab.server.url),
        ModelBuildRepositoryName="nobody/churn-build",
        ModelDeployRepositoryName="acme/churn-deploy",
    )
    record = ended(someone, someone.launch("it", **form))
    assert "GitLab has no group or user 'nobody'" in reasons(record)
    buckets = {each["Name"] for each in client(running, "s3").list_buckets()["Buckets"]}
    assert not any(ID in bucket for bucket in buckets)


def test_an_approval_starts_the_deploy_job_once_and_nothing_else_does(
    shelf: Shelf, tmp_path: Path, jenkins: Jenkins
) -> None:
    # The seed's way into the repositories is `test_seeding`'s; nothing runs until the project is there.
    with opened(shelf, tmp_path, run_code=False) as quiet:
        someone = person(quiet, shelf, "mlops-github-jenkins")
        outputs = launch(
            someone,
            JenkinsUrl=jenkins.server.url,
            JenkinsSecretArn=secret(quiet, "jenkins", jenkins.server.url),
        )

    running = open_state(tmp_path / "state", run_code=True)
    runner, sagemaker = running.runner, client(running, "sagemaker")
    assert runner is not None

    def started() -> list[tuple[str, dict[str, str]]]:
        assert runner.settle()
        found, jenkins.started = jenkins.started, []
        return found

    # The group of the stack is a simulated resource, of which the registry's API does not know.
    group = outputs["ModelPackageGroupName"]
    sagemaker.create_model_package_group(ModelPackageGroupName=group)
    version = sagemaker.create_model_package(
        ModelPackageGroupName=group,
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification={
            "Containers": [{"Image": "image", "ModelDataUrl": "s3://bucket/model.tar.gz"}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
        },
    )["ModelPackageArn"]
    assert started() == []
    for change in (
        {"ModelApprovalStatus": "Rejected"},
        {"CustomerMetadataProperties": {"team": "churn"}},
    ):
        sagemaker.update_model_package(ModelPackageArn=version, **change)
        assert started() == []
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    assert started() == [(f"sagemaker-{NAME}-deploy", {"MODEL_PACKAGE_ARN": version})]
    sagemaker.update_model_package(ModelPackageArn=version, CustomerMetadataProperties={"team": "retention"})
    assert started() == []

    # What Jenkins does not take is kept.
    jenkins.jobs.clear()
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Rejected")
    sagemaker.update_model_package(ModelPackageArn=version, ModelApprovalStatus="Approved")
    assert started() == []
    sqs = client(running, "sqs")
    letters = sqs.get_queue_url(QueueName=f"sagemaker-{NAME}-{ID}-jenkins-failed")["QueueUrl"]
    (letter,) = sqs.receive_message(QueueUrl=letters, MaxNumberOfMessages=10)["Messages"]
    assert json.loads(letter["Body"])["detail"]["ModelPackageArn"] == version
    running.close()
