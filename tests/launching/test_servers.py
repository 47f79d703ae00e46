"""Products whose code lies at other servers, launched with their functions running: what happens at the server, and after.

GitLab and Jenkins are real https servers on loopback; the functions are those of the published zips, under the roles of the
launched stack, which the local AWS holds them to.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws, open_state
from tests.blueprints.servers.git import commit, git
from tests.blueprints.servers.gitlab import GitLab
from tests.blueprints.servers.jenkins import Jenkins
from tests.blueprints.servers.loopback import TOKEN, USERNAME, authority, serving

from .conftest import REGION, Person, Shelf
from .shop import reasons

NAME, ID = "Churn", "p-a1b2c3d4e5f6"


@pytest.fixture
def running(shelf: Shelf, tmp_path: Path) -> Iterator[LocalAws]:
    """A local AWS of one's own with the catalogue in it, where code runs."""
    shutil.copytree(shelf.state, tmp_path / "state")
    opened = open_state(tmp_path / "state", run_code=True)
    yield opened
    opened.close()


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


def client(aws: LocalAws, service: str) -> Any:
    session: Any = aws.session(REGION)
    return session.client(service)


def secret(aws: LocalAws, name: str) -> str:
    """The secret of a server on loopback; its ARN."""
    held = {"username": USERNAME, "token": TOKEN, "ca_bundle": authority()}
    made = client(aws, "secretsmanager").create_secret(Name=name, SecretString=json.dumps(held))
    return str(made["ARN"])


def person(aws: LocalAws, shelf: Shelf, product: str) -> Person:
    spec = shelf.catalogue.products[product].spec
    access = shelf.catalogue.portfolios[spec.portfolios[0]].spec.access
    role = next(each.role for each in access if each.role)
    sc = aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/{role}", REGION).client("servicecatalog")
    found = sc.search_products()["ProductViewSummaries"]
    return Person(aws, next(each["ProductId"] for each in found if each["Name"] == spec.name), sc)


def asked(someone: Person, **answers: str) -> dict[str, Any]:
    """The form with these answers."""
    form = someone.form(someone.newest())
    given = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID, **answers}
    known = {each["Key"]: each["Value"] for each in form["ProvisioningParameters"]} | given
    form["ProvisioningParameters"] = [{"Key": key, "Value": text} for key, text in known.items()]
    return form


def ended(someone: Person, record: dict[str, Any]) -> dict[str, Any]:
    """The record when its operation is over, which goes on aside while functions run."""
    for _ in range(1200):
        if record["RecordDetail"]["Status"] not in ("CREATED", "IN_PROGRESS"):
            return record
        time.sleep(0.1)
        record = someone.sc.describe_record(Id=record["RecordDetail"]["RecordId"])
    raise AssertionError("two minutes are not enough")


def launch(someone: Person, **answers: str) -> dict[str, str]:
    """Launch with these answers; the stack's outputs."""
    record = ended(someone, someone.launch("it", **asked(someone, **answers)))
    assert reasons(record) == ""
    return {each["OutputKey"]: each["OutputValue"] for each in record["RecordOutputs"]}


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
        GitSecretArn=secret(running, "gitlab"),
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
        assert "buildspec.yml" in git(repository, "ls-tree", "--name-only", "main").split()
        (hook,) = gitlab.hooks_of(path)
        assert hook["url"] == outputs[f"{title}PushHook"]
        tip = git(repository, "rev-parse", "main").strip()
        held = s3.head_object(Bucket=bucket, Key=f"sources/model-{half}.zip")
        assert held["Metadata"]["commit"] == tip

    # Somebody pushes, and GitLab says so.
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
        GitSecretArn=secret(running, "gitlab"),
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
    # The local AWS has no connections to git providers; nothing runs until the project is there.
    shutil.copytree(shelf.state, tmp_path / "state")
    quiet = open_state(tmp_path / "state")
    someone = person(quiet, shelf, "mlops-github-jenkins")
    outputs = launch(someone, JenkinsUrl=jenkins.server.url, JenkinsSecretArn=secret(quiet, "jenkins"))
    quiet.close()

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
