"""Projects of the family in front of somebody of their portfolio: launched, changed, ended, and what their repositories hold.

Where a form asks for a git server or for Jenkins, it gets a real one on loopback.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from generator.bundle import Bundle
from generator.local import ACCOUNT, LocalAws, open_state
from generator.local.git.http import rewriting
from tests.blueprints.servers.gitlab import GitLab
from tests.blueprints.servers.jenkins import Jenkins
from tests.blueprints.servers.loopback import TOKEN, USERNAME, authority, serving
from tests.conftest import ROOT

from .conftest import REGION, Person, Shelf
from .shop import reasons

PROJECTS = sorted(path.stem for path in (ROOT / "products").glob("mlops-*.yaml"))
NAME, ID = "Churn", "p-a1b2c3d4e5f6"
TITLES = {"model-build": "ModelBuild", "model-deploy": "ModelDeploy"}
Files = Mapping[str, tuple[bytes, bool]]
"""By path, the content of a file and whether it is a program."""


@dataclass
class Servers:
    """What lies outside AWS."""

    gitlab: GitLab
    jenkins: Jenkins


@contextmanager
def servers(folder: Path) -> Iterator[Servers]:
    """A GitLab, and a Jenkins that asks for crumbs."""
    made = Servers(GitLab(folder / "gitlab"), Jenkins({f"sagemaker-{NAME}-deploy"}, asks_for_crumbs=True))
    with serving(made.gitlab.server), serving(made.jenkins.server):
        yield made


@contextmanager
def opened(shelf: Shelf, folder: Path, *, run_code: bool = True) -> Iterator[LocalAws]:
    """A local AWS of one's own with the catalogue in it, in a folder where it was before or where none is."""
    if not (folder / "state").exists():
        shutil.copytree(shelf.state, folder / "state")
    with closing(open_state(folder / "state", run_code=run_code)) as aws:
        yield aws


def client(aws: LocalAws, service: str) -> Any:
    session: Any = aws.session(REGION)
    return session.client(service)


def secret(aws: LocalAws, name: str, address: str) -> str:
    """The secret of the server at an address on loopback; its ARN."""
    held = {"username": USERNAME, "token": TOKEN, "ca_bundle": authority()}
    made = client(aws, "secretsmanager").create_secret(
        Name=name,
        SecretString=json.dumps(held),
        Tags=[{"Key": "catalog:server", "Value": urlsplit(address).netloc}],
    )
    return str(made["ARN"])


def person(aws: LocalAws, shelf: Shelf, product: str) -> Person:
    """Somebody who may launch a product of the catalogue."""
    spec = shelf.catalogue.products[product].spec
    access = shelf.catalogue.portfolios[spec.portfolios[0]].spec.access
    role = next(each.role for each in access if each.role)
    sc = aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/{role}", REGION).client("servicecatalog")
    found = sc.search_products()["ProductViewSummaries"]
    return Person(aws, next(each["ProductId"] for each in found if each["Name"] == spec.name), sc)


def asked(someone: Person, **answers: str) -> dict[str, Any]:
    """The form with these answers, and the project's name and id."""
    form = someone.form(someone.newest())
    given = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID, **answers}
    known = {each["Key"]: each["Value"] for each in form["ProvisioningParameters"]} | given
    form["ProvisioningParameters"] = [{"Key": key, "Value": text} for key, text in known.items()]
    return form


def ended(someone: Person, record: dict[str, Any], seconds: float = 240) -> dict[str, Any]:
    """The record when its operation is over, which goes on aside while functions run."""
    end = time.monotonic() + seconds
    while record["RecordDetail"]["Status"] in ("CREATED", "IN_PROGRESS"):
        assert time.monotonic() < end, f"{seconds:.0f} seconds are not enough"
        time.sleep(0.1)
        record = someone.sc.describe_record(Id=record["RecordDetail"]["RecordId"])
    return record


def launch(someone: Person, **answers: str) -> dict[str, str]:
    """Launch with these answers; the stack's outputs."""
    record = ended(someone, someone.launch("it", **asked(someone, **answers)))
    assert reasons(record) == ""
    return {each["OutputKey"]: each["OutputValue"] for each in record["RecordOutputs"]}


@dataclass
class Project:
    """A project that is there, and what it has started."""

    aws: LocalAws
    outside: Servers
    someone: Person
    outputs: Mapping[str, str]
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def halves(self) -> list[str]:
        return [half for half, title in TITLES.items() if f"{title}Repository" in self.outputs]

    def resources(self, kind: str) -> list[str]:
        """The physical ids of the stack's resources of a type."""
        stack = self.outputs["CloudformationStackARN"]
        pages = client(self.aws, "cloudformation").get_paginator("list_stack_resources")
        return [
            each["PhysicalResourceId"]
            for page in pages.paginate(StackName=stack)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == kind
        ]

    def started(self) -> list[str]:
        """The pipelines that have begun an execution, and the jobs at Jenkins, since this was last asked."""
        if self.aws.runner:
            assert self.aws.runner.settle()
        codepipeline = client(self.aws, "codepipeline")
        found = []
        for name in self.resources("AWS::CodePipeline::Pipeline"):
            count = len(
                codepipeline.list_pipeline_executions(pipelineName=name)["pipelineExecutionSummaries"]
            )
            found += [name] * (count - self.seen.get(name, 0))
            self.seen[name] = count
        found += [job for job, _ in self.outside.jenkins.started]
        self.outside.jenkins.started = []
        return found

    def update(self, version: str = "", **answers: str) -> None:
        """Update to a version, or to the same, with the same answers but for these."""
        form = self.someone.form(version or self.someone.newest())
        known = self.someone.sc.describe_provisioning_parameters(
            **{key: form[key] for key in ("ProductId", "ProvisioningArtifactId", "PathId")}
        )["ProvisioningArtifactParameters"]
        answer = self.someone.sc.update_provisioned_product(
            ProvisionedProductName="it",
            **{key: form[key] for key in ("ProductId", "ProvisioningArtifactId", "PathId")},
            ProvisioningParameters=[
                {"Key": key, "Value": answers[key]}
                if key in answers
                else {"Key": key, "UsePreviousValue": True}
                for key in (each["ParameterKey"] for each in known)
            ],
        )
        assert reasons(ended(self.someone, answer)) == ""

    def terminate(self) -> None:
        assert reasons(ended(self.someone, self.someone.terminate("it"))) == ""


def make(aws: LocalAws, shelf: Shelf, product: str, outside: Servers, **answers: str) -> Project:
    """Launch a product; what its form asks of the world outside is there."""
    someone = person(aws, shelf, product)
    wanted = {each["Key"] for each in someone.form(someone.newest())["ProvisioningParameters"]}
    given = {f"{title}RepositoryName": f"acme/models/churn-{half}" for half, title in TITLES.items()}
    given |= {"GitServerUrl": outside.gitlab.server.url, "JenkinsUrl": outside.jenkins.server.url}
    given = {key: text for key, text in given.items() if key in wanted}
    if "ConnectionArn" in wanted:
        connections = client(aws, "codeconnections")
        made = connections.create_connection(ConnectionName="git", ProviderType="GitHub")
        given["ConnectionArn"] = made["ConnectionArn"]
    for parameter, name, url in (
        ("GitSecretArn", "gitlab", "GitServerUrl"),
        ("JenkinsSecretArn", "jenkins", "JenkinsUrl"),
    ):
        if parameter in wanted:
            given[parameter] = secret(aws, name, given[url])
    return Project(aws, outside, someone, launch(someone, **(given | answers)) | given)


@dataclass(frozen=True)
class Remote:
    """A repository as git reaches it, with the settings that this takes."""

    address: str
    environment: Mapping[str, str]
    folder: Path

    def git(self, *words: str, at: Path | None = None) -> str:
        """What git says; what it says of a failure, as an AssertionError."""
        done = subprocess.run(
            ["git", "-c", "user.name=Person", "-c", "user.email=person@example.com", *words],
            cwd=at or self.folder,
            env={**self.environment, "PATH": os.environ["PATH"], "HOME": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tip(self, branch: str = "main") -> str:
        """The newest commit of a branch; empty where there is none."""
        return self.git("ls-remote", self.address, f"refs/heads/{branch}").partition("\t")[0]

    def clone(self) -> Path:
        """The repository, cloned anew."""
        work = self.folder / f"clone-{len(list(self.folder.glob('clone-*')))}"
        self.git("clone", "--quiet", self.address, str(work))
        return work

    def push(self, branch: str, files: Mapping[str, str]) -> str:
        """A commit with these files beside the others, pushed to a branch as a person does; its id."""
        work = self.clone()
        if self.tip(branch):
            self.git("checkout", "--quiet", branch, at=work)
        for name, content in files.items():
            (work / name).write_text(content)
        self.git("add", "--all", at=work)
        self.git("commit", "--quiet", "--message", "Ours", at=work)
        self.git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}", at=work)
        return self.git("rev-parse", "HEAD", at=work).strip()


def remote(project: Project, half: str, url: str, folder: Path) -> Remote:
    """The repository of a half, at the address that the project tells; the local AWS's is at `url`."""
    address = project.outputs[f"{TITLES[half]}Repository"]
    settings = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    if address.startswith(project.outside.gitlab.server.url):
        certificate = folder / "authority.pem"
        certificate.write_text(authority())
        address = address.replace("https://", f"https://{USERNAME}:{quote(TOKEN)}@")
        return Remote(address, settings | {"GIT_SSL_CAINFO": str(certificate)}, folder)
    if "ConnectionArn" in project.outputs:
        connection = project.outputs["ConnectionArn"].rpartition("/")[2]
        host = f"https://codeconnections.{REGION}.amazonaws.com"
        address = f"{host}/git-http/{ACCOUNT}/{REGION}/{connection}/{address}.git"
    return Remote(address, settings | rewriting(url, ACCOUNT, [REGION]), folder)


def files(work: Path) -> Files:
    """What a clone holds, beside git's own."""
    return {
        path.relative_to(work).as_posix(): (path.read_bytes(), os.access(path, os.X_OK))
        for path in sorted(work.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(work).parts
    }


def seed(built: Bundle, half: str) -> Files:
    """What the product's seed for a half holds."""
    (asset,) = (each for each in built.draft.assets if each.name == f"seed-{half}")
    return unpacked(asset.content)


def unpacked(archive: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        return {
            entry.filename: (packed.read(entry), bool(entry.external_attr >> 16 & 0o100))
            for entry in packed.infolist()
            if not entry.is_dir()
        }
