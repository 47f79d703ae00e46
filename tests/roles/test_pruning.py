"""Permissions taken away from launch roles: only what nobody can need any more, once everybody has been asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from generator import local
from generator.aws import connect
from generator.aws.project_stacks import settled
from generator.launch_role import Grant, LaunchRole
from generator.load import load
from generator.model import Artifact, Launched, Product, Share, State
from generator.pruning import doubt, living, offered
from tests.catalogues import PRODUCT, TARGETS
from tests.publish.conftest import Catalogue
from tests.publish.test_s3_delivery import PROJECT, TEMPLATE

Make = Callable[..., Catalogue]
REGION, HUB, SPOKE = "us-east-1", "123456789012", "222233334444"
OLD = """\
Resources:
  Queue: {Type: 'AWS::SQS::Queue', Properties: {SqsManagedSseEnabled: true}}
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {LogGroupName: old-log, RetentionInDays: 7}
"""
NEW = OLD.partition("  Log")[0]
ROLE = "catalog-launch-acme-store"
READER = f"arn:aws:iam::{SPOKE}:role/CatalogReader"


@pytest.fixture
def grown(catalogue: Make) -> Catalogue:
    """Version 1.0.0 with a log and 2.0.0 without it, both published: the role covers both."""
    made = catalogue({"products/templates/store.yaml": OLD, "products/store.yaml": PRODUCT})
    (made.root / "products/queue.yaml").unlink()
    assert made.run("publish", "--yes").code == 0
    made.write("products/templates/store.yaml", NEW)
    made.edit("products/store.yaml", "version: 1.0.0", "version: 2.0.0")
    assert made.run("publish", "--yes").code == 0
    return made


def retire(made: Catalogue, how: str = "inactive_versions", product: str = "store") -> None:
    file = f"products/{product}.yaml"
    made.write(file, (made.root / file).read_text() + f"{how}: [1.0.0]\n")
    assert made.run("publish", "--yes").code == 0


def plan(made: Catalogue, *arguments: str) -> dict[str, Any]:
    ran = made.run("plan", "--prune-roles", "--format", "json", *arguments)
    assert ran.code == 0, ran.err
    told: dict[str, Any] = json.loads(ran.out)
    return told


def changes(told: dict[str, Any]) -> list[str]:
    return [change["kind"] for change in told["changes"]]


def why(told: dict[str, Any]) -> str:
    return "\n".join(note for note in told["notes"] if note.startswith("launch role"))


def allowed(made: Catalogue, role: str = ROLE) -> set[str]:
    """The actions that the role allows in the local IAM."""
    found: set[str] = set()
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session(REGION)
        iam = session.client("iam")
        for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
            for statement in document["PolicyVersion"]["Document"]["Statement"]:
                names = statement["Action"]
                found |= {names} if isinstance(names, str) else set(names)
    return found


def launch(made: Catalogue, version: str, name: str = "mine") -> None:
    ran = made.run("launch", "store", "--version", version, "--name", name, "--tag", "environment=dev")
    assert ran.code == 0, ran.err


def test_what_only_a_retired_version_needs_goes_when_asked(grown: Catalogue) -> None:
    assert changes(plan(grown)) == [], "both versions are on offer"
    retire(grown)
    assert "logs:CreateLogGroup" in allowed(grown)
    assert grown.run("plan").out.endswith("Nothing to do.\n"), "only when asked"
    told = plan(grown)
    (change,) = told["changes"]
    assert change["kind"] == "PruneLaunchRoles"
    ((role, statements),) = change["gone"]
    assert role == "store"
    gone = {action for text in statements for action in json.loads(text)["Action"]}
    assert "logs:CreateLogGroup" in gone
    assert not any(action.startswith("sqs:") for action in gone)
    shown = grown.run("plan", "--prune-roles").out
    assert (
        "  - permissions of 1 launch roles that nobody can need any more (stack catalog-launch-roles-acme)"
        in shown
    )
    assert '      store: {"Effect": "Allow", "Action": ["logs:' in shown

    assert grown.run("publish", "--prune-roles", "--yes").code == 0
    assert "logs:CreateLogGroup" not in allowed(grown)
    assert "sqs:CreateQueue" in allowed(grown)
    assert changes(plan(grown)) == []
    assert json.loads(grown.run("plan", "--format", "json").out)["changes"] == []
    launch(grown, "2.0.0")
    assert grown.run("terminate", "mine").code == 0


def test_a_version_that_somebody_runs_keeps_its_permissions(grown: Catalogue) -> None:
    launch(grown, "1.0.0")
    retire(grown)
    told = plan(grown)
    assert changes(told) == []
    assert (
        "stay for versions that somebody runs or may update to: 1.0.0 (mine in account 123456789012)"
        in why(told)
    )
    assert grown.run("terminate", "mine").code == 0
    assert changes(plan(grown)) == ["PruneLaunchRoles"]


def test_a_deprecated_version_may_still_be_updated_to(grown: Catalogue) -> None:
    retire(grown, "deprecated_versions")
    assert changes(plan(grown)) == []


def test_a_version_back_on_offer_gets_its_permissions_back_first(grown: Catalogue) -> None:
    retire(grown)
    assert grown.run("publish", "--prune-roles", "--yes").code == 0
    grown.edit("products/store.yaml", "inactive_versions: [1.0.0]\n", "")
    told = json.loads(grown.run("plan", "--format", "json").out)
    assert changes(told) == ["DeployLaunchRoles", "UpdateArtifact"]
    assert grown.run("publish", "--yes").code == 0
    launch(grown, "1.0.0")


def test_a_saved_plan_prunes_when_it_says_so(grown: Catalogue, tmp_path: Path) -> None:
    retire(grown)
    file = str(tmp_path / "plan.json")
    assert grown.run("plan", "--prune-roles", "--out", file).code == 0
    launch(grown, "2.0.0")
    assert grown.run("publish", "--plan", file, "--yes").code == 0
    assert "logs:CreateLogGroup" not in allowed(grown)


def test_a_version_of_which_nobody_knows_what_it_needs_stops_it(grown: Catalogue) -> None:
    retire(grown, "deprecated_versions")
    with closing(local.open_state(grown.state)) as aws:
        session: Any = aws.session(REGION)
        s3 = session.client("s3")
        bucket = f"catalog-{HUB}-{REGION}"
        for each in s3.list_objects_v2(Bucket=bucket, Prefix="templates/store/1.0.0/")["Contents"]:
            s3.delete_object(Bucket=bucket, Key=each["Key"])
    told = plan(grown)
    assert changes(told) == []
    assert f"nothing is taken away: store 1.0.0: its template is not in bucket {bucket}" in why(told)


def share(made: Catalogue, target: str = "") -> None:
    made.edit("products/portfolios.yaml", "  access:", f'  share: [{{account: "{SPOKE}"}}]\n  access:')
    made.write("products/targets.yaml", TARGETS.replace("local: {}", f"local: {{{target}}}"))
    assert made.run("publish", "--yes").code == 0


def reader(made: Catalogue, trusted: str) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{trusted}:root"},
        "Action": "sts:AssumeRole",
    }
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session(REGION, account=SPOKE)
        session.client("iam").create_role(
            RoleName="CatalogReader",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )


def test_spokes_are_asked_under_their_own_role_or_nothing_goes(grown: Catalogue) -> None:
    share(grown)
    retire(grown)
    told = plan(grown)
    assert changes(told) == []
    assert f"account {SPOKE} cannot be asked: target local names no spoke_reader" in why(told)

    grown.write(
        "products/targets.yaml",
        TARGETS.replace("local: {}", 'local: {spoke_reader: "arn:aws:iam::{spoke}:role/CatalogReader"}'),
    )
    told = plan(grown)
    assert changes(told) == []
    assert f"account {SPOKE} cannot be asked in {REGION} (aws AssumeRole: AccessDenied:" in why(told)

    reader(grown, HUB)
    assert changes(plan(grown)) == ["PruneLaunchRoles"]


def test_a_spoke_that_runs_a_version_keeps_its_permissions(grown: Catalogue) -> None:
    share(grown, 'spoke_reader: "arn:aws:iam::{spoke}:role/CatalogReader"')
    reader(grown, HUB)
    with closing(local.open_state(grown.state)) as aws:
        role = json.loads((_built(grown) / "launch-role.json").read_text())
        session: Any = aws.session(REGION, account=SPOKE)
        session.client("cloudformation").create_stack(
            StackName="roles", TemplateBody=json.dumps(role), Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        hub: Any = aws.session(REGION)
        portfolio = hub.client("servicecatalog").list_portfolios()["PortfolioDetails"][0]["Id"]
        sc = session.client("servicecatalog")
        sc.accept_portfolio_share(PortfolioId=portfolio)
        principal = f"arn:aws:iam::{SPOKE}:role/scientist"
        sc.associate_principal_with_portfolio(
            PortfolioId=portfolio, PrincipalARN=principal, PrincipalType="IAM"
        )
        person: Any = aws.session_as(principal, REGION).client("servicecatalog")
        (product,) = person.search_products()["ProductViewSummaries"]
        artifact = next(
            each["Id"]
            for each in person.describe_product(Id=product["ProductId"])["ProvisioningArtifacts"]
            if each["Name"] == "1.0.0"
        )
        person.provision_product(
            ProductId=product["ProductId"],
            ProvisioningArtifactId=artifact,
            ProvisionedProductName="theirs",
            Tags=[{"Key": "environment", "Value": "dev"}],
        )
    retire(grown)
    told = plan(grown)
    assert changes(told) == []
    assert f"1.0.0 (theirs in account {SPOKE})" in why(told)


def _built(made: Catalogue) -> Path:
    assert made.run("build", "store").code == 0
    return made.root / "build/store"


def test_the_accounts_of_a_unit_are_those_below_it(catalogue: Make) -> None:
    made = catalogue()
    loaded = load(made.root)
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session(REGION)
        organizations = session.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        units: list[str] = []
        for name in ("outer", "inner"):
            unit = organizations.create_organizational_unit(ParentId=units[-1] if units else root, Name=name)
            units.append(unit["OrganizationalUnit"]["Id"])
        members: list[str] = []
        for index, parent in enumerate((root, *units)):
            made_of = organizations.create_account(AccountName=f"a{index}", Email=f"a{index}@example.com")
            account = made_of["CreateAccountStatus"]["AccountId"]
            if parent != root:
                organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=parent)
            members.append(account)
        organization = organizations.describe_organization()["Organization"]["Id"]
    gateway = connect(loaded.target(None), loaded.name, made.state)
    assert gateway.members(Share("ORGANIZATIONAL_UNIT", units[0])) == frozenset(members[1:])
    assert gateway.members(Share("ORGANIZATIONAL_UNIT", units[1])) == frozenset(members[2:])
    assert gateway.members(Share("ORGANIZATION", organization)) == {HUB, *members}
    assert gateway.members(Share("ACCOUNT", SPOKE)) == {SPOKE}


# Projects that SageMaker makes of templates in S3.

LOGGED = (
    TEMPLATE
    + """\
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties:
      LogGroupName: !Sub sagemaker-${SageMakerProjectId}
      RetentionInDays: 7
      Tags:
        - {Key: sagemaker:project-name, Value: !Ref SageMakerProjectName}
        - {Key: sagemaker:project-id, Value: !Ref SageMakerProjectId}
"""
)
SP_ROLE = "catalog-launch-acme-project-sp"
SHOP = "SP-shop-p-abcdefghijkl"


@pytest.fixture
def projects(catalogue: Make) -> Catalogue:
    """Version 1.0.0 of a project template with a log and 2.0.0 without it, both shown in Studio."""
    made = catalogue({"products/templates/project.yaml": LOGGED, "products/project.yaml": PROJECT})
    (made.root / "products/queue.yaml").unlink()
    assert made.run("publish", "--yes").code == 0
    made.write("products/templates/project.yaml", TEMPLATE)
    made.edit("products/project.yaml", "version: 1.0.0", "version: 2.0.0")
    published = made.run("publish", "--yes")
    assert published.code == 0, published.err
    return made


def stack(made: Catalogue, version: str, name: str = SHOP, *, then: str = "") -> str:
    """CloudFormation as SageMaker calls it: make a stack, or update it; its status."""
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session(REGION)
        cloudformation = session.client("cloudformation")
        key = f"sagemaker-projects/project-{version}.yaml"
        getattr(cloudformation, f"{then or 'create'}_stack")(
            StackName=name,
            TemplateURL=f"https://catalog-{HUB}-{REGION}.s3.{REGION}.amazonaws.com/{key}",
            RoleARN=f"arn:aws:iam::{HUB}:role/{SP_ROLE}",
            Parameters=[
                {"ParameterKey": "SageMakerProjectName", "ParameterValue": "shop"},
                {"ParameterKey": "SageMakerProjectId", "ParameterValue": "p-abcdefghijkl"},
            ],
        )
        return str(cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def delete(made: Catalogue, name: str = SHOP) -> None:
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session(REGION)
        session.client("cloudformation").delete_stack(StackName=name)


def test_what_a_project_runs_keeps_its_permissions_until_it_is_gone(projects: Catalogue) -> None:
    assert changes(plan(projects)) == [], "both versions are shown"
    assert stack(projects, "1.0.0") == "CREATE_COMPLETE"
    retire(projects, product="project")
    told = plan(projects)
    # Service Catalog's role of the same product loses what nobody runs; SageMaker's does not.
    (change,) = told["changes"]
    assert [role for role, _ in change["gone"]] == ["project"]
    assert f"stay for what projects run or may be updated to; projects: {SHOP}" in why(told)
    assert projects.run("publish", "--prune-roles", "--yes").code == 0
    assert "logs:CreateLogGroup" in allowed(projects, SP_ROLE)
    assert changes(plan(projects)) == []

    assert stack(projects, "2.0.0", then="update") == "UPDATE_COMPLETE"
    (change,) = plan(projects)["changes"]
    ((role, statements),) = change["gone"]
    gone = {action for text in statements for action in json.loads(text)["Action"]}
    assert role.startswith("project@")
    assert "logs:CreateLogGroup" in gone
    assert not any(action.startswith("sqs:") for action in gone)
    assert projects.run("publish", "--prune-roles", "--yes").code == 0
    assert "logs:CreateLogGroup" not in allowed(projects, SP_ROLE)
    assert changes(plan(projects)) == []
    delete(projects)
    assert stack(projects, "2.0.0") == "CREATE_COMPLETE"


def test_a_stack_of_others_or_without_the_role_holds_nothing_back(projects: Catalogue) -> None:
    with closing(local.open_state(projects.state)) as aws:
        session: Any = aws.session(REGION)
        cloudformation = session.client("cloudformation")
        for name in ("SP-by-hand", "not-a-project"):
            cloudformation.create_stack(StackName=name, TemplateBody=NEW)
    retire(projects, product="project")
    (change,) = plan(projects)["changes"]
    assert [role.partition("@")[0] for role, _ in change["gone"]] == ["project", "project"]


def test_a_hidden_version_may_still_be_updated_to_and_comes_back_with_its_permissions(
    projects: Catalogue,
) -> None:
    retire(projects, "deprecated_versions", product="project")
    assert changes(plan(projects)) == []
    projects.edit("products/project.yaml", "deprecated_versions", "inactive_versions")
    assert projects.run("publish", "--prune-roles", "--yes").code == 0
    assert "logs:CreateLogGroup" not in allowed(projects, SP_ROLE)
    projects.edit("products/project.yaml", "inactive_versions: [1.0.0]\n", "")
    told = json.loads(projects.run("plan", "--format", "json").out)
    assert changes(told)[0] == "DeployLaunchRoles"
    assert "ShowProjectTemplate" in changes(told)
    assert projects.run("publish", "--yes").code == 0
    assert stack(projects, "1.0.0") == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    ("status", "tells"),
    [
        ("CREATE_COMPLETE", True),
        ("CREATE_FAILED", True),
        ("ROLLBACK_COMPLETE", True),
        ("UPDATE_COMPLETE", True),
        ("UPDATE_ROLLBACK_COMPLETE", True),
        ("DELETE_FAILED", True),
        ("CREATE_IN_PROGRESS", False),
        ("UPDATE_IN_PROGRESS", False),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", False),
        ("UPDATE_FAILED", False),
        ("UPDATE_ROLLBACK_FAILED", False),
        ("IMPORT_ROLLBACK_FAILED", False),
    ],
)
def test_a_stack_tells_what_it_needs_once_it_cannot_go_back_to_another_template(
    status: str, tells: bool
) -> None:
    assert settled(status) is tells


# Decisions


def state(**versions: str) -> State:
    """One region with the product; a version's value is default, deprecated or inactive."""
    artifacts = {
        name: Artifact(
            name, "", "f", "", how != "inactive", "DEPRECATED" if how == "deprecated" else "DEFAULT"
        )
        for name, how in versions.items()
    }
    product = Product("store", "Store", "o", "d", "", "", "", "", (), frozenset(), artifacts)
    return State(REGION, "b", True, {}, {"store": product}, {})


def running(version: str, product: str = "store", role: str = ROLE) -> Launched:
    return Launched(HUB, "it", product, version, role)


@pytest.mark.parametrize(
    ("states", "again", "launched", "needed"),
    [
        ([state(a="default", b="default")], (), (), {"a", "b"}),
        ([state(a="inactive", b="default")], (), (), {"b"}),
        ([state(a="inactive", b="default")], ("a",), (), {"a", "b"}),
        ([state(a="inactive", b="default")], (), (running("a"),), {"a", "b"}),
        ([state(a="deprecated", b="default")], (), (), {"a", "b"}),
        ([state(a="deprecated", b="deprecated")], (), (), set()),
        ([state(a="deprecated", b="inactive")], (), (running("b"),), {"a", "b"}),
        ([state(a="inactive"), state(a="default")], (), (), {"a"}),
        ([state(a="inactive", b="inactive")], (), (), set()),
    ],
)
def test_a_version_lives_while_somebody_can_launch_it_update_to_it_or_run_it(
    states: list[State], again: tuple[str, ...], launched: tuple[Launched, ...], needed: set[str]
) -> None:
    assert living(states, "store", again, launched) == needed
    assert offered(states, "store", again) <= needed


@pytest.mark.parametrize(
    ("launched", "says"),
    [
        (running("a"), ""),
        (running("other", "another", "its-own"), ""),
        (running(""), "it in account 123456789012 runs a version that is no longer there"),
        (running("", "", ROLE), "was launched with this role, as another product"),
    ],
)
def test_what_nobody_can_place_is_a_doubt(launched: Launched, says: str) -> None:
    role = LaunchRole(ROLE, "acme", "store", frozenset({Grant("s3:GetObject", "*")}), (REGION,))
    found = doubt(role, [state(a="default")], [launched])
    assert found.endswith(says)
    assert bool(found) is bool(says)
