"""Builds that really run: phases, environment, logs, statuses, and the seed of a project committed by one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT, LocalAws, open_state
from tests.conftest import ROOT

from .conftest import Catalog
from .running import ALL, REGION, archive, ended, log_text, role, template, until


@pytest.fixture
def running(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state", run_code=True)
    yield opened
    opened.close()


@pytest.fixture
def of(running: LocalAws) -> Catalog:
    return Catalog(running)


def project(of: Catalog, buildspec: str, *statements: Any, **properties: Any) -> Any:
    """A project of a stack; the client that starts its builds."""
    resources = {
        "Role": role("codebuild", *statements),
        "Project": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": "pp",
                "ServiceRole": {"Fn::GetAtt": ["Role", "Arn"]},
                "Artifacts": {"Type": "NO_ARTIFACTS"},
                "Source": {"Type": "NO_SOURCE", "BuildSpec": buildspec},
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                    "ComputeType": "BUILD_GENERAL1_SMALL",
                    "EnvironmentVariables": [
                        {"Name": "A", "Value": "project"},
                        {"Name": "B", "Value": "project"},
                    ],
                },
                **properties,
            },
        },
    }
    cfn = of.client("cloudformation")
    cfn.create_stack(StackName="s", TemplateBody=template(**resources), Capabilities=ALL)
    stack = ended(cfn, "s")
    events = [
        event.get("ResourceStatusReason", "")
        for event in cfn.describe_stack_events(StackName=stack["StackId"])["StackEvents"]
    ]
    assert stack["StackStatus"] == "CREATE_COMPLETE", events
    return of.client("codebuild")


def built(codebuild: Any, **more: Any) -> dict[str, Any]:
    """A build at its end."""
    ident = codebuild.start_build(projectName="pp", **more)["build"]["id"]

    def over() -> Any:
        (build,) = codebuild.batch_get_builds(ids=[ident])["builds"]
        return build if build["buildComplete"] else None

    build: dict[str, Any] = until(over, 60)
    return build


def phases(build: dict[str, Any]) -> dict[str, str]:
    return {phase["phaseType"]: phase.get("phaseStatus", "") for phase in build["phases"]}


SPEC = """\
version: 0.2
env:
  shell: bash
  variables: {A: spec, C: spec}
phases:
  install:
    commands:
      - export MADE="made here"
      - cd "$HOME" && mkdir place && cd place
  pre_build:
    commands:
      - echo "A=$A B=$B C=$C MADE=$MADE in $(basename "$PWD")"
      - |
        set -e
        [[ $BASH_VERSION ]] && echo really bash
        exit 0
  build:
    commands:
      - aws sts get-caller-identity --query Arn --output text
      - test "$FAIL" != yes
      - echo after the test
    finally:
      - echo finally $CODEBUILD_BUILD_SUCCEEDING
  post_build:
    commands:
      - echo "post $CODEBUILD_BUILD_SUCCEEDING"
"""


def test_a_build_from_its_start_to_its_end(of: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_USER", "never")
    codebuild = project(of, SPEC)
    override = [{"name": "B", "value": "override"}]
    started = codebuild.start_build(
        projectName="pp", environmentVariablesOverride=override, idempotencyToken="t"
    )
    assert started["build"]["buildStatus"] == "IN_PROGRESS"
    again = codebuild.start_build(
        projectName="pp", environmentVariablesOverride=override, idempotencyToken="t"
    )
    assert again["build"]["id"] == started["build"]["id"]
    build = until(
        lambda: next(
            (
                b
                for b in codebuild.batch_get_builds(ids=[started["build"]["id"]])["builds"]
                if b["buildComplete"]
            ),
            None,
        ),
        60,
    )
    assert build["buildStatus"] == "SUCCEEDED", build["phases"]
    assert phases(build) == {
        **dict.fromkeys(
            (
                "SUBMITTED",
                "QUEUED",
                "PROVISIONING",
                "DOWNLOAD_SOURCE",
                "INSTALL",
                "PRE_BUILD",
                "BUILD",
                "POST_BUILD",
                "UPLOAD_ARTIFACTS",
                "FINALIZING",
            ),
            "SUCCEEDED",
        ),
        "COMPLETED": "",
    }
    text = log_text(of.client("logs"), build["logs"]["groupName"])
    lines = [line for line in text.splitlines() if not line.startswith("[Container]")]
    assert "A=project B=override C=spec MADE=made here in place" in lines
    assert "really bash" in lines
    assert "finally 1" in lines
    assert "post 1" in lines
    who = next(line for line in lines if line.startswith("arn:aws:sts:"))
    assert "assumed-role/s-Role-" in who
    assert who.endswith(f"/AWSCodeBuild-{build['id'][3:]}")
    assert codebuild.list_builds_for_project(projectName="pp")["ids"] == [build["id"]]


def test_a_failed_build_says_which_command(of: Catalog) -> None:
    build = built(project(of, SPEC), environmentVariablesOverride=[{"name": "FAIL", "value": "yes"}])
    assert build["buildStatus"] == "FAILED"
    found = phases(build)
    assert (found["BUILD"], found["POST_BUILD"]) == ("FAILED", "SUCCEEDED")
    (context,) = next(p for p in build["phases"] if p["phaseType"] == "BUILD")["contexts"]
    assert context["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert 'test "$FAIL" != yes. Reason: exit status 1' in context["message"]
    text = log_text(of.client("logs"), build["logs"]["groupName"]).splitlines()
    assert "after the test" not in text
    assert "finally 0" in text
    assert "post 0" in text


REFUSED: list[tuple[str, str, str]] = [
    ("version: 0.1\nphases: {build: {commands: [ls]}}\n", "DOWNLOAD_SOURCE", "version 0.1"),
    ("version: 0.2\nphases: {bild: {commands: [ls]}}\n", "DOWNLOAD_SOURCE", "unknown phases bild"),
    (
        "version: 0.2\nphases:\n  pre_build: {commands: ['false']}\n  post_build: {commands: [ls]}\n",
        "PRE_BUILD",
        "exit status 1",
    ),
]


@pytest.mark.parametrize(("spec", "phase", "message"), REFUSED, ids=[r[2] for r in REFUSED])
def test_what_ends_a_build_early(of: Catalog, spec: str, phase: str, message: str) -> None:
    build = built(project(of, spec))
    assert build["buildStatus"] == "FAILED"
    assert "POST_BUILD" not in phases(build)
    assert message in next(p for p in build["phases"] if p["phaseType"] == phase)["contexts"][0]["message"]


def test_a_build_is_stopped(of: Catalog) -> None:
    codebuild = project(of, "version: 0.2\nphases: {build: {commands: [echo begun, sleep 60]}}\n")
    ident = codebuild.start_build(projectName="pp")["build"]["id"]
    until(lambda: codebuild.batch_get_builds(ids=[ident])["builds"][0]["currentPhase"] == "BUILD")
    codebuild.stop_build(id=ident)
    build = until(
        lambda: next(
            (b for b in codebuild.batch_get_builds(ids=[ident])["builds"] if b["buildComplete"]), None
        )
    )
    assert build["buildStatus"] == "STOPPED"


def test_what_is_not_built_says_so(local: LocalAws, of: Catalog) -> None:
    without = project(Catalog(local), SPEC)
    with pytest.raises(ClientError, match="--run-code"):
        without.start_build(projectName="pp")
    of.client("cloudformation").delete_stack(StackName="s")
    codebuild = project(of, "buildspec.yml", Source={"Type": "CODEPIPELINE", "BuildSpec": "buildspec.yml"})
    with pytest.raises(ClientError, match="NO_SOURCE, CODECOMMIT and S3; pp has CODEPIPELINE"):
        codebuild.start_build(projectName="pp")
    with pytest.raises(ClientError, match="Project cannot be found"):
        codebuild.start_build(projectName="none")


def test_a_build_of_a_repository_pushes_to_it(of: Catalog) -> None:
    commits = of.client("codecommit")
    url = commits.create_repository(repositoryName="app")["repositoryMetadata"]["cloneUrlHttp"]
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - git -c user.name=b -c user.email=b@x commit --quiet --allow-empty -m built\n      - git push --quiet origin HEAD:built\n"
    made = commits.create_commit(
        repositoryName="app",
        branchName="main",
        putFiles=[{"filePath": "buildspec.yml", "fileContent": spec.encode()}],
    )["commitId"]
    source = {"Type": "CODECOMMIT", "Location": url}
    arn = f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"
    codebuild = project(of, "", (["codecommit:GitPull"], arn), Source=source)
    refused = built(codebuild)
    assert refused["buildStatus"] == "FAILED"  # its role may read, not write
    of.client("cloudformation").delete_stack(StackName="s")
    codebuild = project(of, "", (["codecommit:GitPull", "codecommit:GitPush"], arn), Source=source)
    assert built(codebuild)["buildStatus"] == "SUCCEEDED"
    tip = commits.get_branch(repositoryName="app", branchName="built")["branch"]["commitId"]
    assert commits.get_commit(repositoryName="app", commitId=tip)["commit"]["parents"] == [made]


def test_a_build_is_of_a_branch_or_of_a_commit_and_says_so(of: Catalog) -> None:
    commits = of.client("codecommit")
    url = commits.create_repository(repositoryName="app")["repositoryMetadata"]["cloneUrlHttp"]
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo $WHO builds {} of $CODEBUILD_RESOLVED_SOURCE_VERSION\n"
    made: list[str] = []
    for text in ("first", "second"):
        put = {"filePath": "buildspec.yml", "fileContent": spec.format(text).encode()}
        parent = {"parentCommitId": made[-1]} if made else {}
        made.append(
            commits.create_commit(repositoryName="app", branchName="main", putFiles=[put], **parent)[
                "commitId"
            ]
        )
    commits.create_branch(repositoryName="app", branchName="old", commitId=made[0])
    source = {"Type": "CODECOMMIT", "Location": url}
    permission = (["codecommit:GitPull"], f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app")
    codebuild = project(of, "", permission, Source=source)
    asked = [{"name": "WHO", "value": "somebody"}]
    for version, text, commit in (
        ("", "second", made[1]),
        (made[0], "first", made[0]),
        ("old", "first", made[0]),
        ("refs/heads/main", "second", made[1]),
    ):
        more = {"sourceVersion": version} if version else {}
        build = built(codebuild, environmentVariablesOverride=asked, **more)
        said = log_text(of.client("logs"), build["logs"]["groupName"]).splitlines()
        assert f"somebody builds {text} of {commit}" in said
        assert (build.get("sourceVersion", ""), build["resolvedSourceVersion"]) == (version, commit)
        assert {"name": "WHO", "value": "somebody"} in build["environment"]["environmentVariables"]
    gone = built(codebuild, sourceVersion="none")
    assert gone["phases"][3]["contexts"][0]["statusCode"] == "GIT_CLONE_FAILED"


def test_the_seed_of_a_project_is_committed_by_its_check_in(of: Catalog, tmp_path: Path) -> None:
    """The script that project products seed repositories with, and what it does when the branch is there already."""
    script = (ROOT / "blueprints/parts/scripts/checkin.sh").read_text()
    of.client("s3").create_bucket(Bucket="seeds")
    of.client("s3").put_object(Bucket="seeds", Key="a.zip", Body=archive({"README.md": "hello\n"}))
    text = "".join(f"          {line}\n" for line in script.splitlines())
    spec = f"version: 0.2\nenv:\n  shell: bash\nphases:\n  build:\n    commands:\n      - |\n{text}"
    seeds = (["s3:GetObject"], "arn:aws:s3:::seeds/*")
    codebuild = project(of, spec, seeds)
    remote = (
        f"https://codeconnections.{REGION}.amazonaws.com/git-http/{ACCOUNT}/{REGION}/0a1b2c3d/team/app.git"
    )
    variables = {
        "REPOSITORY_URL": remote,
        "BRANCH": "main",
        "SEED": "s3://seeds/a.zip",
        "AUTHOR": "project",
    }
    asked = [{"name": name, "value": value} for name, value in variables.items()]
    refused = built(codebuild, environmentVariablesOverride=asked)
    assert refused["buildStatus"] == "FAILED"  # its role may not use the connection
    text = log_text(of.client("logs"), refused["logs"]["groupName"])
    assert "is not authorized to perform: codeconnections:UseConnection" in text
    of.client("cloudformation").delete_stack(StackName="s")
    # The ARN may be of the service's former name, and then so is the action.
    arn = f"arn:aws:codestar-connections:{REGION}:{ACCOUNT}:connection/0a1b2c3d"
    codebuild = project(of, spec, seeds, (["codestar-connections:UseConnection"], arn))
    for said in ("branch main holds the seed", "branch main exists, it stays as it is"):
        build = built(codebuild, environmentVariablesOverride=asked)
        assert build["buildStatus"] == "SUCCEEDED", log_text(of.client("logs"), build["logs"]["groupName"])
        assert said in log_text(of.client("logs"), build["logs"]["groupName"]).splitlines()
    assert of.local.runner is not None
    address = remote.replace("https://", of.local.runner.url.replace("://", f"://{ACCOUNT}:x@") + "/")
    done = subprocess.run(
        ["git", "clone", "--quiet", address, "work"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        check=True,
    )
    assert done.returncode == 0
    assert (tmp_path / "work" / "README.md").read_text() == "hello\n"


def test_a_build_that_nobody_carries_out_any_more_is_told(of: Catalog, running: LocalAws) -> None:
    codebuild = project(of, SPEC)
    ident = built(codebuild)["id"]
    with running.state.write() as tx:  # as a process leaves it that is killed
        content = json.loads(tx.value("SELECT content FROM build WHERE id = ?", ident))
        content |= {"buildStatus": "IN_PROGRESS", "buildComplete": False}
        tx.execute("UPDATE build SET content = ? WHERE id = ?", json.dumps(content), ident)
        tx.execute("INSERT INTO running VALUES (?, ?)", f"build {ident}", "nobody")
    (build,) = codebuild.batch_get_builds(ids=[ident])["builds"]
    assert build["buildStatus"] == "FAULT"
    assert build["buildComplete"]
