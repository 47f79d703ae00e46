"""What the CI files run, run: in a real shell, against the local AWS, for every seed and every CI.

`make test` is not run again; test_repositories.py does that for the same files.
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from generator import seed
from generator.local.stacks.account import parsed
from tests.seeds import ci
from tests.seeds.devices import device
from tests.seeds.endpoints import archived, endpoints
from tests.seeds.seedlings import PYTHON, SEEDCODE, SPEC
from tests.seeds.test_repositories import CHOICES, SEEDS

CIS = ("jenkins", "github", "gitlab", "codebuild")  # first the one that deploys by itself
PROJECT = {
    "SAGEMAKER_PROJECT_NAME": "demo",
    "SAGEMAKER_PROJECT_ID": "p-abcdefghijkl",
    "MODEL_PACKAGE_GROUP_NAME": "sagemaker-demo",
    "MODEL_EXECUTION_ROLE_NAME": "sagemaker-demo-model",
    "WORKFLOW_ROLE_NAME": "sagemaker-demo-workflow",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker-demo-training",
    "ARTIFACT_BUCKET": "sagemaker-demo-artifacts",
    "POLL_SECONDS": "1",
    "STAGE_NAME": "staging",  # of buildspec-test.yml
    "AWS_TOKEN": "a.web.token",  # of GitLab
}
PROMOTION = {"promotion": True}
ANSWERS: list[tuple[str, dict[str, Any]]] = [
    *((name, {}) for name in SEEDS),
    *CHOICES,
    ("model-build", PROMOTION),
    ("model-deploy", {"autoscaling": True, "data_capture_percent": 20}),
]
MANY = ["-female", "-infant", "-male"]
STACK = "sagemaker-demo-p-abcdefghijkl-deploy"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:3.2-0"
SERVING = {"SAGEMAKER_PROGRAM": "inference.py", "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}
# The first container of a row: it takes rows as people write them, and hands them on.
PASSING = """
def model_fn(folder): return folder
def input_fn(body, kind): return body.decode()
def predict_fn(rows, model): return rows
def output_fn(rows, accept): return rows, "text/csv"
"""


@pytest.fixture(autouse=True)
def _seeds_environment() -> None:
    if not PYTHON.exists():
        pytest.skip(f"{PYTHON.parent.parent.name} is missing: `make test` makes it")


class Aws:
    """A project in the local AWS, and shells for whoever works in it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = {**environment, **PROJECT}

    def client(self, service: str) -> Any:
        session: Any = boto3.Session(
            self.environment["AWS_ACCESS_KEY_ID"], "local", region_name=self.environment["AWS_REGION"]
        )
        return session.client(service, endpoint_url=self.environment["AWS_ENDPOINT_URL"])

    def shell(self, command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-euc", command],
            cwd=folder,
            env={
                "HOME": str(folder),
                "OMP_NUM_THREADS": "1",
                "PATH": f"{PYTHON.parent}:{os.environ['PATH']}",
                "PYTHON": str(PYTHON),
                "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder.parent / "token"),  # of GitLab; the keys above win
                **self.environment,
                **more,
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def run(self, command: str, folder: Path, **more: str) -> str:
        done = self.shell(command, folder, **more)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def register(self, group: str, archive: bytes, *, approved: bool = True) -> str:
        """A version of a model, as training registers it, and somebody's approval."""
        key = f"training/{group}/{len(archive)}/model.tar.gz"
        self.client("s3").put_object(Bucket=PROJECT["ARTIFACT_BUCKET"], Key=key, Body=archive)
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{PROJECT['ARTIFACT_BUCKET']}/{key}",
            "Environment": SERVING,
        }
        made = self.client("sagemaker").create_model_package(
            ModelPackageGroupName=group,
            ModelApprovalStatus="Approved" if approved else "PendingManualApproval",
            InferenceSpecification={
                "Containers": [container],
                "SupportedContentTypes": ["text/csv"],
                "SupportedResponseMIMETypes": ["text/csv"],
            },
        )
        return str(made["ModelPackageArn"])


@pytest.fixture(scope="module")
def aws(local_aws: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """With the endpoints' compute, and a bucket and groups as the product makes them."""
    found = Aws(local_aws)
    found.client("s3").create_bucket(Bucket=PROJECT["ARTIFACT_BUCKET"])
    for suffix in ("", "-female", "-infant", "-male", "-features", "-rings"):
        found.client("sagemaker").create_model_package_group(ModelPackageGroupName=f"sagemaker-demo{suffix}")
    with endpoints(local_aws, tmp_path_factory.mktemp("containers")) as url:
        found.environment |= {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": url, "AWS_ENDPOINT_URL_SFN": url}
        yield found


@pytest.fixture(scope="module")
def trained(aws: Aws, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The archive of a model that the scripts of model-build trained."""
    work = tmp_path_factory.mktemp("training") / "repository"
    seed.render(SEEDCODE / "model-build", {}, where=SPEC).write(work)
    aws.run("$PYTHON src/preprocess.py --input data --output ../prepared", work)
    folders = "--train ../prepared/train --validation ../prepared/validation --model-dir ../model"
    aws.run(f"$PYTHON src/train.py {folders} --num_round 20", work)
    model = work.parent / "model"
    return archived(
        {
            path.relative_to(model).as_posix(): path.read_bytes()
            for path in sorted(model.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    )


def render(name: str, folder: Path, **answers: Any) -> Path:
    seed.render(SEEDCODE / name, answers, where=SPEC).write(folder)
    return folder


def of_every_ci(name: str, tmp_path: Path) -> dict[str, list[str]]:
    """The commands of each CI; all of them test first."""
    found = {one: ci.commands(render(name, tmp_path / one, ci=one), one) for one in CIS}
    assert all("make test" in commands for commands in found.values())
    return {
        one: [command for command in commands if command != "make test"] for one, commands in found.items()
    }


def run_once(aws: Aws, commands: Mapping[str, list[str]], repository: Path, **more: str) -> dict[str, str]:
    """What each command printed; those that several CIs share are run once, since the repository is the same."""
    printed: dict[str, str] = {}
    for command in (command for of_one in commands.values() for command in of_one):
        if command not in printed:
            printed[command] = aws.run(command, repository, **more)
    return printed


@pytest.mark.parametrize(("name", "models"), [("model-build", [""]), ("model-build-many", MANY)])
def test_a_build_creates_and_starts_its_pipeline(
    aws: Aws, tmp_path: Path, name: str, models: list[str]
) -> None:
    commands = of_every_ci(name, tmp_path)
    printed = run_once(aws, commands, tmp_path / "codebuild", PIPELINE_NAME=f"sagemaker-{name}")
    arn, execution = printed["make run"].split()
    assert arn == f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/sagemaker-{name}"
    assert execution.startswith(f"{arn}/execution/")
    found = aws.client("sagemaker").describe_pipeline(PipelineName=f"sagemaker-{name}")
    definition = json.loads(found["PipelineDefinition"])
    assert [step["Name"] for step in definition["Steps"]] == [
        f"{step}{model}"
        for model in models
        for step in ("Preprocess", "Train", "Evaluate", "IsAccurateEnough")
    ]
    # What the jobs mount is where the definition says.
    uploaded = aws.client("s3").list_objects_v2(
        Bucket=PROJECT["ARTIFACT_BUCKET"], Prefix=f"sagemaker-{name}/"
    )
    folders = {
        f"s3://{PROJECT['ARTIFACT_BUCKET']}/{one['Key'].rpartition('/')[0]}" for one in uploaded["Contents"]
    }
    assert len(folders) == 2
    assert all(folder in found["PipelineDefinition"] for folder in folders)


def test_a_definition_is_promoted_to_production(aws: Aws, tmp_path: Path) -> None:
    commands = {
        one: ci.commands(render("model-build", tmp_path / one, ci=one, promotion=True), one)
        for one in ("codebuild", "github", "gitlab")
    }
    assert all(
        [command for command in found if command.startswith("make")]
        == ["make test", "make package", "make promote"]
        for found in commands.values()
    )
    repository = tmp_path / "codebuild"
    aws.client("s3").create_bucket(Bucket="sagemaker-live-artifacts")
    live = {
        "SAGEMAKER_PROJECT_NAME": "live",
        "SAGEMAKER_PROJECT_ID": "p-zyxwvutsrqpo",
        "MODEL_PACKAGE_GROUP_NAME": "sagemaker-live",
        "PIPELINE_ROLE_ARN": "arn:aws:iam::123456789012:role/sagemaker-live-training",
        "ARTIFACT_BUCKET": "sagemaker-live-artifacts",
    }
    development = {"PIPELINE_NAME": "sagemaker-development"}
    printed = {
        command: aws.run(command, repository, **(live if command == "make promote" else development))
        for command in dict.fromkeys(each for found in commands.values() for each in found)
        if command != "make test"
    }
    arn, execution = printed["make package"].split()
    promoted, started = printed["make promote"].split()
    assert (promoted, started != execution) == (arn.replace("development", "live"), True)
    found = aws.client("sagemaker").describe_pipeline(PipelineName="sagemaker-live")["PipelineDefinition"]
    assert "sagemaker-live-artifacts" in found
    assert "sagemaker-demo" not in found
    refused = aws.shell(
        "make promote", repository, **live, KMS_KEY_ID="arn:aws:kms:us-east-1:123456789012:key/live"
    )
    assert "packaged with no kms_key, and here is kms_key" in refused.stderr


@pytest.mark.parametrize(("name", "answers"), ANSWERS, ids=str)
def test_no_command_of_a_ci_file_is_left_out(name: str, answers: dict[str, Any], tmp_path: Path) -> None:
    """Whatever is answered, the commands are those that the tests here run."""
    for one in CIS:
        if answers == PROMOTION and one == "jenkins":
            continue  # which is not asked for it
        repository = render(name, tmp_path / one, ci=one, **answers)
        listed = set(ci.commands(repository, one))
        left = ci.written(repository) - listed
        assert listed <= ci.written(repository)
        assert [command for command in left if not ci.PREPARES.fullmatch(command)] == []
        if answers != PROMOTION:
            assert listed == set(ci.commands(render(name, tmp_path / f"{one}-default", ci=one), one))


def test_model_deploy_deploys_and_tests_both_stages(aws: Aws, trained: bytes, tmp_path: Path) -> None:
    """A model that was trained is deployed by every CI's commands, and the stage tests get its answers."""
    commands = of_every_ci("model-deploy", tmp_path)
    repository = tmp_path / "jenkins"
    refused = aws.shell("make release", repository)
    assert refused.returncode != 0
    assert "model package group sagemaker-demo has no approved version: approve one" in refused.stderr

    aws.register("sagemaker-demo", archived({"code/inference.py": b""}))  # older, and of no use
    newest = aws.register("sagemaker-demo", trained)
    aws.register("sagemaker-demo", b"newer", approved=False)
    printed = run_once(aws, commands, repository)
    assert f"model: {newest}\n" in printed["make release"]
    for stage in ("staging", "production"):
        assert printed[f"make deploy STAGE={stage}"] == f"{STACK}-{stage} is created\n"
        assert "5 passed" in printed[f"make check STAGE={stage}"]
        assert (repository / "reports" / f"{stage}.xml").read_text().startswith("<?xml")
    assert "5 passed" in printed['make check STAGE="$STAGE_NAME"']

    # The same versions are the same release, which changes nothing.
    aws.run("make release", repository)
    assert aws.run("make deploy", repository) == f"{STACK}-staging is as the release says\n"

    # A newer version is another release: model and configuration are replaced, the endpoint stays.
    before = outputs(aws, "staging")
    aws.register("sagemaker-demo", trained + b"\0" * 512)
    aws.run("make release", repository)
    assert aws.run("make deploy", repository) == f"{STACK}-staging is updated\n"
    after = outputs(aws, "staging")
    assert after["EndpointName"] == before["EndpointName"] == "sagemaker-p-abcdefghijkl-staging"
    assert after["ModelName"] != before["ModelName"]

    # A model that answers nonsense does not pass.
    aws.register("sagemaker-demo", archived({"code/inference.py": PASSING.encode()}))
    aws.run("make release && make deploy", repository)
    failed = aws.shell("make check", repository)
    assert failed.returncode != 0
    assert "2 failed, 3 passed" in failed.stdout


def test_lambda_service_deploys_and_tests_both_stages(aws: Aws, tmp_path: Path) -> None:
    """The local AWS runs the function."""
    commands = of_every_ci("lambda-service", tmp_path)
    repository = tmp_path / "jenkins"
    printed = run_once(aws, commands, repository)
    for stage in ("staging", "production"):
        assert printed[f"make deploy STAGE={stage}"] == f"orders-{stage} is created\n"
        assert "2 passed" in printed[f"make check STAGE={stage}"]
    assert aws.run("make release && make deploy", repository).endswith(
        "orders-staging is as the release says\n"
    )

    # A service that stores nothing does not pass.
    handler = repository / "service" / "handler.py"
    handler.write_text(handler.read_text().replace("if not taken(record)", "if False"))
    aws.run("make release && make deploy", repository)
    assert "2 failed" in aws.shell("make check", repository).stdout


def test_model_container_pushes_its_image_by_digest(aws: Aws, tmp_path: Path) -> None:
    """With the AWS CLI at the local AWS; docker is a stand-in on the PATH, which writes down how it is called."""
    tools, log = tmp_path / "tools", tmp_path / "log"
    tools.mkdir()
    answers = 'inspect) echo "$IMAGE_REPOSITORY_URI@sha256:12" ;; login) cat >> "$LOG" ;;'
    (tools / "docker").write_text(f'#!/bin/sh\necho "docker $*" >> "$LOG"\ncase "$1" in {answers} esac\n')
    (tools / "docker").chmod(0o755)
    (tools / "aws").symlink_to(Path(sys.executable).parent / "aws")
    made = aws.client("ecr").create_repository(repositoryName="demo")["repository"]["repositoryUri"]
    commit = {"CODEBUILD_RESOLVED_SOURCE_VERSION": "0123456789abcdef", "CI_COMMIT_SHORT_SHA": "0123456789ab"}
    for one, commands in of_every_ci("model-container", tmp_path).items():
        repository = tmp_path / one
        aws.run("git init -q && git config user.name a && git config user.email a@example.com", repository)
        aws.run("git add . && git commit -qm first", repository)
        log.write_text("")
        more = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "LOG": str(log),
            "IMAGE_REPOSITORY_URI": made,
            **commit,
        }
        for command in commands:
            aws.run(command, repository, **more)
        assert (repository / "image-uri.txt").read_text() == f"{made}@sha256:12\n"
        said = log.read_text()
        registry = made.partition("/")[0]
        assert f"docker login --username AWS --password-stdin {registry}\n" in said
        assert len(said.splitlines()[1]) > 20  # the password reached docker, and not among its arguments
        assert f"--tag {made}:" in said
        assert f"docker push {made}:" in said
        missing = aws.shell(commands[-1], repository, **{**more, "IMAGE_REPOSITORY_URI": ""})
        assert missing.returncode != 0
        assert "set IMAGE_REPOSITORY_URI" in missing.stderr


def outputs(aws: Aws, stage: str, stack: str = STACK) -> dict[str, str]:
    (found,) = aws.client("cloudformation").describe_stacks(StackName=f"{stack}-{stage}")["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


@pytest.mark.proof
@pytest.mark.parametrize(
    ("hosting", "passed"),
    [("serverless", 4), ("asynchronous", 4), ("multi-model", 9), ("serial", 5), ("multi-container", 9)],
)
def test_every_hosting_answers(aws: Aws, trained: bytes, tmp_path: Path, hosting: str, passed: int) -> None:
    repository = render("model-deploy", tmp_path / "repository", hosting=hosting, stages=f"{hosting[:9]}-s")
    for model in ("female", "infant", "male", "rings"):
        aws.register(f"sagemaker-demo-{model}", trained)
    aws.register("sagemaker-demo-features", archived({"code/inference.py": PASSING.encode()}))
    aws.register("sagemaker-demo", trained)
    aws.run("make release && make deploy", repository)
    assert f"{passed} passed" in aws.run("make check", repository)


def test_requests_and_answers_lie_in_the_projects_bucket(aws: Aws, trained: bytes, tmp_path: Path) -> None:
    """The role that tests assume in another account's stage has nothing there; the build has."""
    repository = render("model-deploy", tmp_path / "repository", hosting="asynchronous", stages="elsewhere")
    aws.register("sagemaker-demo", trained)
    aws.run("make release && make deploy", repository)
    trust = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "sts:AssumeRole"}
    all_but_s3 = {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}
    iam, name = aws.client("iam"), "sagemaker-demo-stage-test"
    role = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": trust})
    )
    iam.put_role_policy(
        RoleName=name,
        PolicyName="all",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": all_but_s3}),
    )
    assert "4 passed" in aws.run("make check", repository, STAGE_ROLE_ARN=role["Role"]["Arn"])


def staged(aws: Aws, folder: Path, hosting: str, settings: Mapping[str, Any]) -> Path:
    """A repository whose one stage, called as the hosting, is deployed."""
    answers = {"hosting": hosting, "stages": hosting, "stage_settings": {hosting: settings}}
    repository = render("model-deploy", folder, **answers)
    aws.run("make release && make deploy", repository)
    return repository


def types(aws: Aws, stage: str) -> set[str]:
    listed = aws.client("cloudformation").list_stack_resources(StackName=f"{STACK}-{stage}")
    return {one["ResourceType"] for one in listed["StackResourceSummaries"]}


def test_batches_are_answered(aws: Aws, trained: bytes, tmp_path: Path) -> None:
    aws.register("sagemaker-demo", trained)
    repository = staged(aws, tmp_path / "repository", "batch", {"ScheduleExpression": "rate(1 day)"})
    assert types(aws, "batch") >= {"AWS::StepFunctions::StateMachine", "AWS::Scheduler::Schedule"}
    assert "3 passed" in aws.run("make check", repository)
    # A model that answers nonsense does not pass; nor does one that cannot read what it is sent.
    aws.register("sagemaker-demo", archived({"code/inference.py": PASSING.encode()}))
    aws.run("make release && make deploy", repository)
    assert "2 failed, 1 passed" in aws.shell("make check", repository).stdout


def test_devices_answer_and_tell(aws: Aws, trained: bytes, tmp_path: Path) -> None:
    """Without a name of the project: the README's default is what release, deployment and tests go by."""
    aws.register("sagemaker-demo", trained)
    unnamed = {"SAGEMAKER_PROJECT_NAME": ""}
    stack = STACK.replace("-demo-", "-abalone-") + "-edge"
    repository = render("model-deploy", tmp_path / "repository", hosting="edge", stages="edge")
    aws.run("make release && make deploy", repository, **unnamed)
    with device(aws.environment, tmp_path / "device") as (gate, url):
        there = {**unnamed, "AWS_ENDPOINT_URL_GREENGRASSV2": url}
        alone = aws.shell("make check", repository, **there)
        assert "has no Greengrass core device" in alone.stdout
        cloudformation = aws.client("cloudformation")
        (found,) = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        template = parsed(cloudformation.get_template(StackName=stack)["TemplateBody"])
        port = gate.install(aws.client("s3"), found, template)
        assert "2 passed" in aws.run("make check", repository, **there)

        samples = json.loads((repository / "stage_tests" / "samples.json").read_text())
        for sample in samples:
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
                headers = {"Content-Type": sample["content_type"], "Accept": "text/csv"}
                connection.request("POST", "/invocations", sample["body"], headers)
                answer = connection.getresponse().read().decode()
            assert len(answer.split()) == len(sample["body"].split("\n"))
        gate.components[0]["lifecycleState"] = "BROKEN"
        assert "1 failed, 1 passed" in aws.shell("make check", repository, **there).stdout
