"""A promoted pipeline in other accounts: launched, really promoted there by the build's commands, and taken away again.

What the build does runs in a shell as the build's role, against the local AWS over HTTP: the repository's own `make`, the AWS
CLI, and the role that the project has in the account. SageMaker there keeps the pipeline; nothing trains.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator import bundle
from generator.aws import connect
from generator.catalogue import LOCAL
from generator.errors import Where
from generator.load import load
from generator.local import ACCOUNT, LocalAws, open_state, serve
from generator.publish import apply, prepare
from generator.seed import render
from tests import catalogues
from tests.conftest import ROOT
from tests.local.running import until
from tests.seeds.seedlings import PYTHON

from .conftest import REGION, Person
from .elsewhere import ELSEWHERE
from .shop import reasons
from .test_option_space import launch_all

KIND = "sagemaker-project"
NAME, ID = "Churn", "p-a1b2c3d4e5f6"
BUCKET = f"sagemaker-{ID}-{ELSEWHERE}-{REGION}"
DEVELOPMENT = {"name": "development", "approval": [{"by": "person", "name": "release"}]}
IN_ACCOUNTS = {"name": "production", "where": "accounts", "approval": []}
IN_UNITS = {"name": "production", "where": "organizational-units", "approval": []}


@pytest.mark.parametrize(
    ("stage", "encryption"),
    [
        pytest.param(IN_ACCOUNTS, "customer-key", id="accounts", marks=pytest.mark.proof),
        pytest.param(IN_UNITS, "customer-key", id="units"),
        pytest.param(IN_UNITS, "service-managed", id="units-without-a-key", marks=pytest.mark.proof),
    ],
)
def test_it_launches_updates_and_terminates(
    stage: Mapping[str, Any], encryption: str, tmp_path: Path
) -> None:
    options = {"pipelines": "promoted", "stages": [DEVELOPMENT, stage], "encryption": encryption}
    launch_all(KIND, [{name: json.dumps(value) for name, value in options.items()}], tmp_path)


@dataclass
class Running:
    """A project, launched where functions run, and its local AWS over HTTP."""

    aws: LocalAws
    url: str
    sc: Any

    def elsewhere(self, service: str) -> Any:
        session: Any = self.aws.session(REGION, account=ELSEWHERE)
        return session.client(service)

    def environment(self, project: str) -> dict[str, str]:
        """What CodeBuild gives the builds of a project, as the project's role."""
        home: Any = self.aws.session(REGION)
        (found,) = home.client("codebuild").batch_get_projects(names=[project])["projects"]
        session: Any = self.aws.session_as(found["serviceRole"], REGION)
        keys = session.get_credentials().get_frozen_credentials()
        return {
            **{one["name"]: one["value"] for one in found["environment"]["environmentVariables"]},
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": str(keys.access_key),
            "AWS_SECRET_ACCESS_KEY": str(keys.secret_key),
            **({"AWS_SESSION_TOKEN": keys.token} if keys.token else {}),
            "POLL_SECONDS": "0.1",
        }

    def commands(self, project: str) -> str:
        home: Any = self.aws.session(REGION)
        (found,) = home.client("codebuild").batch_get_projects(names=[project])["projects"]
        return "\n".join(yaml.safe_load(found["source"]["buildspec"])["phases"]["build"]["commands"])

    def told(self, stage: str) -> dict[str, str]:
        """What the pipeline tells the build of a stage."""
        home: Any = self.aws.session(REGION)
        made = home.client("codepipeline").get_pipeline(name=f"sagemaker-{NAME}-{ID}-model-build")["pipeline"]
        (action,) = (
            action
            for one in made["stages"]
            if one["name"] == stage
            for action in one["actions"]
            if action["name"] == "Promote"
        )
        told = json.loads(action["configuration"]["EnvironmentVariables"])
        return {one["name"]: one["value"] for one in told}

    def over(self, record: str) -> dict[str, Any]:
        def ended() -> Any:
            found = self.sc.describe_record(Id=record)
            return found if found["RecordDetail"]["Status"] in ("SUCCEEDED", "FAILED") else None

        return dict(until(ended, 240))


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    options = {"pipelines": "promoted", "stages": [DEVELOPMENT, IN_ACCOUNTS]}
    for name in ("blueprints", "seedcode"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / "catalogue" / name, ignore=ignored)
    spec = yaml.safe_load(catalogues.PRODUCT) | {"name": "it", "blueprint": KIND, "options": options}
    catalogues.write(
        tmp_path / "catalogue",
        {
            "products/targets.yaml": catalogues.TARGETS,
            "products/portfolios.yaml": catalogues.PORTFOLIOS.replace("[dev, prod]", "[dev]"),
            "products/it.yaml": yaml.safe_dump(spec),
        },
    )
    catalogue = load(tmp_path / "catalogue")
    target = catalogue.target(LOCAL)
    built = bundle.build(catalogue, catalogue.products.values(), target, processes=1)
    assert bundle.errors(built) == []
    gateway = connect(target, catalogue.name, tmp_path / "state")
    apply(prepare(catalogue, built, target, gateway, selected=False), gateway)

    aws = open_state(tmp_path / "state", run_code=True)
    sc: Any = aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/analyst", REGION).client("servicecatalog")
    (found,) = sc.search_products()["ProductViewSummaries"]
    person = Person(aws, found["ProductId"], sc)
    form = person.form(person.version("1.0.0"))
    for each in form["ProvisioningParameters"]:
        each["Value"] = {"SageMakerProjectName": NAME, "SageMakerProjectId": ID}.get(
            each["Key"], each["Value"]
        )
    with serve(aws, 0) as server:
        made = Running(aws, server.url, sc)
        record = sc.provision_product(ProvisionedProductName="it", **form)["RecordDetail"]["RecordId"]
        assert reasons(made.over(record)) == ""
        yield made
    aws.close()


def shell(command: str, folder: Path, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    given = {
        "HOME": str(folder),
        "NO_PROXY": "127.0.0.1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHON": str(PYTHON),
        "PYTHONDONTWRITEBYTECODE": "1",
        **environment,
    }
    return subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.mark.skipif(not PYTHON.exists(), reason="the seeds' environment is missing: `make test` makes it")
def test_what_was_compiled_runs_in_the_other_account_and_goes_with_the_project(
    running: Running, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    render(ROOT / "seedcode" / "model-build", {}, where=Where("test")).write(source)
    builds = f"sagemaker-{NAME}-{ID}-model-build"
    compiled = shell(running.commands(builds), source, running.environment(builds))
    assert compiled.returncode == 0, compiled.stderr
    package = (source / "release" / "pipeline.json").read_bytes()

    (source / "stages").mkdir()
    (source / "stages" / "production.json").write_text('{"MaxRmse": 2.2}')
    environment = running.environment(f"{builds}-promote") | {
        "CODEBUILD_SRC_DIR_Definition": str(source / "release")
    }
    said = []
    for stage in ("development", "production"):
        promoted = shell(running.commands(f"{builds}-promote"), source, environment | running.told(stage))
        assert promoted.returncode == 0, promoted.stdout + promoted.stderr
        said.append(promoted.stdout.splitlines())
    assert said[0][0].split()[-1] == said[1][0].split()[-1], "both got the same bytes"
    assert (source / "release" / "pipeline.json").read_bytes() == package

    # In the account: the pipeline, under its role, with its bucket, key and registry, and nothing of home.
    home: Any = running.aws.session(REGION)
    sagemaker = running.elsewhere("sagemaker")
    found = sagemaker.describe_pipeline(PipelineName=f"{builds}-production")
    assert found["RoleArn"] == f"arn:aws:iam::{ELSEWHERE}:role/sagemaker-{ID}-training"
    definition = found["PipelineDefinition"]
    key = running.elsewhere("kms").describe_key(KeyId=f"alias/sagemaker-{NAME}-{ID}")["KeyMetadata"]["Arn"]
    assert key in definition
    assert ACCOUNT not in definition
    objects = running.elsewhere("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    assert all(f"s3://{BUCKET}/{one['Key'].rpartition('/')[0]}" in definition for one in objects)
    executions = sagemaker.list_pipeline_executions(PipelineName=f"{builds}-production")
    (execution,) = executions["PipelineExecutionSummaries"]
    given = sagemaker.list_pipeline_parameters_for_execution(
        PipelineExecutionArn=execution["PipelineExecutionArn"]
    )["PipelineParameters"]
    assert {"Name": "MaxRmse", "Value": "2.2"} in given
    at_home = home.client("sagemaker").describe_pipeline(PipelineName=f"{builds}-development")
    assert [step["Name"] for step in json.loads(at_home["PipelineDefinition"])["Steps"]] == [
        step["Name"] for step in json.loads(definition)["Steps"]
    ]
    names = {one["PipelineName"] for one in home.client("sagemaker").list_pipelines()["PipelineSummaries"]}
    assert names == {f"{builds}-development"}

    # Its models are registered there, in the account's own group; another role of home does not get in.
    assert f'"ModelPackageGroupName": "sagemaker-{NAME}-{ID}"' in definition
    other = running.aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/analyst", REGION)
    sts: Any = other.client("sts")
    with pytest.raises(sts.exceptions.ClientError, match="not authorized to perform: sts:AssumeRole"):
        sts.assume_role(
            RoleArn=f"arn:aws:iam::{ELSEWHERE}:role/sagemaker-{ID}-promote", RoleSessionName="other"
        )

    # The clean-up really runs: the pipeline and the objects go, and then all that held them.
    record = running.sc.terminate_provisioned_product(ProvisionedProductName="it")["RecordDetail"]["RecordId"]
    assert reasons(running.over(record)) == ""
    assert sagemaker.list_pipelines()["PipelineSummaries"] == []
    assert BUCKET not in {one["Name"] for one in running.elsewhere("s3").list_buckets()["Buckets"]}
    roles = {one["RoleName"] for one in running.elsewhere("iam").list_roles()["Roles"]}
    assert not any(ID in name for name in roles)
