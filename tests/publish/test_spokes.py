"""Launch roles brought to spokes by stack sets: there before the products, for whoever joins, and for good."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from generator import local
from generator.local import LocalAws
from tests import catalogues
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
REGION, HUB, SPOKE = "us-east-1", "123456789012", "222233334444"
ADMINISTRATION, EXECUTION = (
    f"AWSCloudFormationStackSet{which}Role" for which in ("Administration", "Execution")
)
TOPIC = """\
Resources:
  Log:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    UpdateReplacePolicy: Delete
    Properties: {LogGroupName: log-of-a-spoke, RetentionInDays: 7}
"""


def sc(aws: LocalAws, account: str = "") -> Any:
    return aws.session(REGION, account=account).client("servicecatalog")


def shared(made: Catalogue, *shares: str) -> None:
    """Share the portfolio with these, and have the roles brought there."""
    text = catalogues.PORTFOLIOS.replace("  access:", f"  share: [{', '.join(shares)}]\n  access:")
    made.write("products/portfolios.yaml", text)


def trusted(aws: LocalAws, account: str) -> None:
    """The two roles of self-managed stack sets, which both sides have to make."""

    def role(where: str, name: str, principal: dict[str, str], action: str) -> None:
        iam: Any = aws.session(REGION, account=where).client("iam")
        trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        document = {"Version": "2012-10-17", "Statement": [trust]}
        if name not in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))
        allowed = {"Effect": "Allow", "Action": action, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy)

    role(HUB, ADMINISTRATION, {"Service": "cloudformation.amazonaws.com"}, "sts:AssumeRole")
    role(account, EXECUTION, {"AWS": f"arn:aws:iam::{HUB}:role/{ADMINISTRATION}"}, "*")


@pytest.fixture
def hub(catalogue: Make) -> Catalogue:
    made = catalogue(
        {
            "products/targets.yaml": catalogues.TARGETS.replace(
                "local: {}", "local: {spoke_roles: stack-set}"
            ),
            "products/templates/store.yaml": TOPIC,
        }
    )
    (made.root / "products/queue.yaml").unlink()
    return made


def publish(made: Catalogue, *arguments: str) -> str:
    """Publish, and see that nothing is left to do."""
    ran = made.run("publish", "--yes", *arguments)
    assert ran.code == 0, ran.err
    assert json.loads(made.run("plan", "--format", "json").out)["changes"] == []
    return ran.out


def launch(aws: LocalAws, account: str, *, accept: bool) -> dict[str, Any]:
    """What somebody in a spoke gets who launches the product; its record."""
    portfolio = sc(aws).list_portfolios()["PortfolioDetails"][0]["Id"]
    if accept:
        sc(aws, account).accept_portfolio_share(PortfolioId=portfolio)
    who = f"arn:aws:iam::{account}:role/scientist"
    sc(aws, account).associate_principal_with_portfolio(
        PortfolioId=portfolio, PrincipalARN=who, PrincipalType="IAM"
    )
    person: Any = aws.session_as(who, REGION).client("servicecatalog")
    (product,) = person.search_products()["ProductViewSummaries"]
    artifacts = person.describe_product(Id=product["ProductId"])["ProvisioningArtifacts"]
    record = person.provision_product(
        ProductId=product["ProductId"],
        ProvisioningArtifactId=artifacts[-1]["Id"],
        ProvisionedProductName="it",
        Tags=[{"Key": "environment", "Value": "dev"}],
    )["RecordDetail"]["RecordId"]
    found: dict[str, Any] = person.describe_record(Id=record)["RecordDetail"]
    return found


def test_an_account_launches_with_the_role_that_publishing_brought(hub: Catalogue) -> None:
    shared(hub, f'{{account: "{SPOKE}"}}')
    with closing(local.open_state(hub.state)) as aws:
        trusted(aws, SPOKE)
    out = publish(hub)
    plan = out[: out.index("Plan: ")]
    assert "~ launch roles in spokes (stack set catalog-launch-roles-acme-accounts)" in plan
    assert f"      for the first time in {SPOKE}" in plan
    assert plan.index("stack set") < plan.index("product store"), "before the product that needs it"
    with closing(local.open_state(hub.state)) as aws:
        record = launch(aws, SPOKE, accept=True)
        assert record["RecordErrors"] == []
        assert record["LaunchRoleArn"] == f"arn:aws:iam::{SPOKE}:role/catalog-launch-acme-store"


def test_a_unit_gets_them_by_itself_and_the_hub_is_left_out(hub: Catalogue) -> None:
    with closing(local.open_state(hub.state)) as aws:
        session: Any = aws.session(REGION)
        organizations = session.client("organizations")
        organization = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        organizations.enable_aws_service_access(
            ServicePrincipal="member.org.stacksets.cloudformation.amazonaws.com"
        )
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="teams")["OrganizationalUnit"][
            "Id"
        ]
        member = organizations.create_account(AccountName="a", Email="a@example.com")
        account = member["CreateAccountStatus"]["AccountId"]
        organizations.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
        sc(aws).enable_aws_organizations_access()
    shared(hub, f"{{ou: {unit}}}")
    hub.edit("products/targets.yaml", "stack-set", f"stack-set, organization: {organization}/{root}")
    assert "(stack set catalog-launch-roles-acme-units)" in publish(hub)
    with closing(local.open_state(hub.state)) as aws:
        assert launch(aws, account, accept=False)["RecordErrors"] == []
        stacks: Any = aws.session(REGION).client("cloudformation")
        found = stacks.describe_stack_set(StackSetName="catalog-launch-roles-acme-units")["StackSet"]
        assert found["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}
        instances = stacks.list_stack_instances(StackSetName="catalog-launch-roles-acme-units")["Summaries"]
        assert [(each["Account"], each["Region"]) for each in instances] == [(account, REGION)]
    # Named too, the account keeps the roles that it has through its unit.
    shared(hub, f"{{ou: {unit}}}", f'{{account: "{account}"}}')
    assert "(stack set" not in publish(hub)


def test_a_new_version_broadens_the_roles_there_first_and_pruning_narrows_them_last(hub: Catalogue) -> None:
    shared(hub, f'{{account: "{SPOKE}"}}')
    hub.edit(
        "products/targets.yaml",
        "stack-set",
        'stack-set, spoke_reader: "arn:aws:iam::{spoke}:role/CatalogReader"',
    )
    with closing(local.open_state(hub.state)) as aws:
        trusted(aws, SPOKE)
        iam: Any = aws.session(REGION, account=SPOKE).client("iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{HUB}:root"},
            "Action": "sts:AssumeRole",
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        iam.create_role(RoleName="CatalogReader", AssumeRolePolicyDocument=document)
    publish(hub)
    queue = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {SqsManagedSseEnabled: true}}}\n"
    hub.write("products/templates/store.yaml", queue)
    hub.edit("products/store.yaml", "version: 1.0.0", "version: 2.0.0")
    broadened = publish(hub)
    assert "grants more" in broadened[broadened.index("stack set") :]
    assert {"sqs:CreateQueue", "logs:CreateLogGroup"} <= _allowed(hub)

    hub.write(
        "products/store.yaml", (hub.root / "products/store.yaml").read_text() + "inactive_versions: [1.0.0]\n"
    )
    publish(hub)
    narrowed = publish(hub, "--prune-roles")
    assert "grants fewer" in narrowed[narrowed.index("stack set") :]
    assert "logs:CreateLogGroup" not in _allowed(hub)
    assert "sqs:CreateQueue" in _allowed(hub)


def _allowed(made: Catalogue) -> set[str]:
    """What the spoke's role allows."""
    found: set[str] = set()
    with closing(local.open_state(made.state)) as aws:
        iam: Any = aws.session(REGION, account=SPOKE).client("iam")
        attached = iam.list_attached_role_policies(RoleName="catalog-launch-acme-store")["AttachedPolicies"]
        for policy in attached:
            version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
            for statement in document["PolicyVersion"]["Document"]["Statement"]:
                names = statement["Action"]
                found |= {names} if isinstance(names, str) else set(names)
    return found


def test_an_account_that_cannot_be_reached_is_told_and_tried_again(hub: Catalogue) -> None:
    shared(hub, f'{{account: "{SPOKE}"}}')
    ran = hub.run("publish", "--yes")
    assert ran.code == 4
    assert f"account {SPOKE}: " in ran.err
    assert "aws stack set catalog-launch-roles-acme-accounts: the operation ended as" in ran.err
    with closing(local.open_state(hub.state)) as aws:
        trusted(aws, SPOKE)
    publish(hub)


def test_what_got_roles_keeps_them_when_the_share_ends(hub: Catalogue) -> None:
    shared(hub, f'{{account: "{SPOKE}"}}')
    with closing(local.open_state(hub.state)) as aws:
        trusted(aws, SPOKE)
    publish(hub)
    hub.write("products/portfolios.yaml", catalogues.PORTFOLIOS)
    publish(hub)
    assert "logs:CreateLogGroup" in _allowed(hub)
    shared(hub, f'{{account: "{SPOKE}"}}')
    publish(hub)


def test_by_hand_nothing_is_brought(hub: Catalogue) -> None:
    hub.edit("products/targets.yaml", "{spoke_roles: stack-set}", "{}")
    assert hub.run("build").code == 0
    file = hub.root / "build/store/launch-role-stackset.json"
    assert not file.exists(), "nobody shares it"
    shared(hub, f'{{account: "{SPOKE}"}}')
    assert "(stack set" not in publish(hub)
    assert hub.run("build").code == 0
    with closing(local.open_state(hub.state)) as aws:
        trusted(aws, SPOKE)
        stacks: Any = aws.session(REGION).client("cloudformation")
        stacks.validate_template(TemplateBody=file.read_text())
        (resource,) = json.loads(file.read_text())["Resources"].values()
        properties = resource["Properties"]
        given = ("StackSetName", "TemplateBody", "PermissionModel", "Capabilities")
        stacks.create_stack_set(**{name: properties[name] for name in given})
        (group,) = properties["StackInstancesGroup"]
        stacks.create_stack_instances(
            StackSetName=properties["StackSetName"],
            Accounts=group["DeploymentTargets"]["Accounts"],
            Regions=group["Regions"],
        )
        assert launch(aws, SPOKE, accept=True)["RecordErrors"] == []


def test_a_whole_organisation_needs_its_root(hub: Catalogue) -> None:
    shared(hub, "{organization: o-a1b2c3d4e5}")
    ran = hub.run("plan")
    assert ran.code == 1
    assert "products/portfolios.yaml:5:11: it is shared with a whole organisation" in ran.err
    hub.edit("products/targets.yaml", "{spoke_roles: stack-set}", "{}")
    assert hub.run("build").code == 0, "by hand the file is left out"
