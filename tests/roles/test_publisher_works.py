"""Publishing as a role that has the publisher's policy and nothing else; the local AWS judges what its stacks do.

What CloudFormation asks for comes from the local AWS's own permission data, not from the list the policy is made of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator import local
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Publisher"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundaries/Launch"
TARGETS = f"""\
catalogue: acme
default: local
local: {{}}
prod:
  account: "{ACCOUNT}"
  regions: [eu-west-1]
  bucket: "acme-{{account}}-{{region}}"
  role: {ROLE}
  launch_boundary: {BOUNDARY}
"""
ALL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
TRUST = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
    },
}


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    aws = local.open_state(tmp_path / "aws", account=ACCOUNT)
    with local.serve(aws, 0) as server:
        yield server.url
    aws.close()


@pytest.fixture
def made(catalogue: Make, endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Catalogue:
    """A catalogue whose target is published to as the role Publisher."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    return catalogue({"products/targets.yaml": TARGETS})


def iam_of(endpoint: str) -> Any:
    session = boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="x", region_name="us-east-1")
    return session.client("iam", endpoint_url=endpoint)


def publisher(
    made: Catalogue, endpoint: str, change: Callable[[Any], Any] = lambda document: document
) -> None:
    """The role Publisher with the policies that `catalog policies` prints, as an administrator would make it."""
    printed: Mapping[str, Any] = json.loads(made.run("policies", "publisher", "--target", "prod").out)
    iam = iam_of(endpoint)
    iam.create_policy(PolicyName="Launch", Path="/boundaries/", PolicyDocument=json.dumps(ALL))
    iam.create_role(RoleName="Publisher", AssumeRolePolicyDocument=json.dumps(TRUST))
    for name, document in printed.items():
        arn = iam.create_policy(
            PolicyName=name, Path="/catalog/", PolicyDocument=json.dumps(change(document))
        )["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="Publisher", PolicyArn=arn)


def test_it_publishes_changes_and_publishes_again(made: Catalogue, endpoint: str) -> None:
    publisher(made, endpoint)
    first = made.run("publish", "--target", "prod", "--yes")
    assert first.code == 0, first.err
    iam = iam_of(endpoint)
    for product in ("store", "queue"):
        role = iam.get_role(RoleName=f"catalog-launch-acme-{product}")["Role"]
        assert role["PermissionsBoundary"]["PermissionsBoundaryArn"] == BOUNDARY
    made.edit("products/queue.yaml", "1.0.0", "1.1.0")
    made.edit("products/queue.yaml", "seconds: 60", "seconds: 90")
    made.edit(
        "products/templates/store.yaml",
        "Resources:\n",
        "Resources:\n  Topic:\n    Type: AWS::SNS::Topic\n    Properties: {KmsMasterKeyId: alias/aws/sns}\n",
    )
    made.edit("products/store.yaml", "1.0.0", "1.1.0")
    second = made.run("publish", "--target", "prod", "--yes")
    assert second.code == 0, second.err
    assert made.run("plan", "--target", "prod", "--detailed-exitcode").code == 0


SPOKE = "222233334444"
STACK_SETS = tuple(f"AWSCloudFormationStackSet{which}Role" for which in ("Administration", "Execution"))


def trusted(endpoint: str, account: str, name: str, principal: Mapping[str, str]) -> None:
    """A role that the spokes' side of a publisher needs, as an administrator would make it."""
    session = boto3.Session(aws_access_key_id=account, aws_secret_access_key="x", region_name="us-east-1")
    iam: Any = session.client("iam", endpoint_url=endpoint)
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(ALL))


def test_it_brings_roles_to_spokes_and_narrows_them_once_these_were_asked(
    made: Catalogue, endpoint: str
) -> None:
    made.edit(
        "products/targets.yaml",
        f"  role: {ROLE}\n",
        f'  role: {ROLE}\n  spoke_roles: stack-set\n  spoke_reader: "arn:aws:iam::{{spoke}}:role/Reader"\n',
    )
    made.edit("products/portfolios.yaml", "  access:", f'  share: [{{account: "{SPOKE}"}}]\n  access:')
    administration, execution = STACK_SETS
    trusted(endpoint, ACCOUNT, administration, {"Service": "cloudformation.amazonaws.com"})
    trusted(endpoint, SPOKE, execution, {"AWS": f"arn:aws:iam::{ACCOUNT}:role/{administration}"})
    trusted(endpoint, SPOKE, "Reader", {"AWS": ROLE})
    spoke: Any = boto3.Session(aws_access_key_id=SPOKE, aws_secret_access_key="x", region_name="us-east-1")
    spoke.client("iam", endpoint_url=endpoint).create_policy(
        PolicyName="Launch", Path="/boundaries/", PolicyDocument=json.dumps(ALL)
    )
    publisher(made, endpoint)
    first = made.run("publish", "--target", "prod", "--yes")
    assert first.code == 0, first.err
    role = spoke.client("iam", endpoint_url=endpoint).get_role(RoleName="catalog-launch-acme-store")["Role"]
    assert role["Arn"] == f"arn:aws:iam::{SPOKE}:role/catalog-launch-acme-store"
    assert made.run("plan", "--target", "prod", "--detailed-exitcode").code == 0

    queue = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {SqsManagedSseEnabled: true}}}\n"
    made.write("products/templates/store.yaml", queue)
    made.edit("products/store.yaml", "version: 1.0.0", "version: 2.0.0\ninactive_versions: [1.0.0]")
    assert made.run("publish", "--target", "prod", "--yes").code == 0
    pruned = made.run("publish", "--target", "prod", "--prune-roles", "--yes")
    assert pruned.code == 0, pruned.err
    assert "permissions of 1 launch roles that nobody can need any more" in pruned.out
    assert "grants fewer" in pruned.out
    assert made.run("plan", "--target", "prod", "--prune-roles", "--detailed-exitcode").code == 0


def test_a_smoke_test_publishes_as_the_publisher_and_launches_as_oneself(
    made: Catalogue, endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher(made, endpoint)
    iam = iam_of(endpoint)
    iam.create_user(UserName="ann")
    iam.put_user_policy(UserName="ann", PolicyName="all", PolicyDocument=json.dumps(ALL))
    key = iam.create_access_key(UserName="ann")["AccessKey"]
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
    asked = ("smoke", "store", "--target", "prod", "--yes", "--format", "json")
    stranger = made.run(*asked)
    assert stranger.code == 1
    (skipped,) = json.loads(stranger.out)["products"]
    assert skipped["steps"][0]["why"] == "it is not there for you to launch"

    made.edit("products/portfolios.yaml", "- role: analyst", "- user: ann")
    assert made.run("publish", "--target", "prod", "--yes").code == 0
    ran = made.run(*asked)
    assert ran.code == 0, ran.out + ran.err
    told = json.loads(ran.out)
    assert (told["account"], told["region"], told["status"]) == (ACCOUNT, "eu-west-1", "passed")
    assert "launched in account 111122223333, updated and terminated" in ran.err


def test_it_makes_no_role_without_the_boundary(made: Catalogue, endpoint: str) -> None:
    publisher(made, endpoint)
    made.edit("products/targets.yaml", f"  launch_boundary: {BOUNDARY}\n", "")
    refused = made.run("publish", "--target", "prod", "--yes")
    assert refused.code == 4
    assert "iam:CreateRole" in refused.err
    roles = [role["RoleName"] for role in iam_of(endpoint).list_roles()["Roles"]]
    assert "Publisher" in roles
    assert not [name for name in roles if name.startswith("catalog-launch-")]


@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:AttachRolePolicy", "iam:CreatePolicy"])
def test_no_right_to_write_roles_is_there_in_vain(action: str, made: Catalogue, endpoint: str) -> None:
    def without(document: Any) -> Any:
        statements = [
            {**each, "Action": [name for name in each["Action"] if name != action]}
            for each in document["Statement"]
        ]
        return {**document, "Statement": [each for each in statements if each["Action"]]}

    publisher(made, endpoint, without)
    refused = made.run("publish", "--target", "prod", "--yes")
    assert refused.code == 4
    assert action in refused.err


def test_it_touches_nothing_but_the_catalogue(made: Catalogue, endpoint: str) -> None:
    """What is not tagged as the catalogue's own is out of its reach, and so is launching."""
    publisher(made, endpoint)
    assert made.run("publish", "--target", "prod", "--yes").code == 0
    keys: dict[str, Any] = {"aws_access_key_id": ACCOUNT, "aws_secret_access_key": "x"}

    def client(service: str, keys: dict[str, Any] = keys) -> Any:
        session: Any = boto3.Session(region_name="eu-west-1", **keys)
        return session.client(service, endpoint_url=endpoint)

    foreign = client("servicecatalog").create_portfolio(DisplayName="Theirs", ProviderName="x")
    portfolio = foreign["PortfolioDetail"]["Id"]
    client("s3").create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    found = client("sts").assume_role(RoleArn=ROLE, RoleSessionName="work")["Credentials"]
    mine = {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }
    sc, iam, s3 = (client(service, mine) for service in ("servicecatalog", "iam", "s3"))
    own = next(
        each["ProductViewSummary"]["ProductId"]
        for each in sc.search_products_as_admin()["ProductViewDetails"]
    )
    trust = json.dumps(TRUST)
    beyond: list[Callable[[], Any]] = [
        lambda: sc.update_portfolio(Id=portfolio, DisplayName="Mine"),
        lambda: sc.create_portfolio_share(PortfolioId=portfolio, AccountId="222233334444"),
        lambda: sc.create_portfolio(DisplayName="Theirs too", ProviderName="x"),
        lambda: sc.delete_product(Id=own),
        lambda: sc.provision_product(
            ProductId=own, ProvisioningArtifactName="1.0.0", ProvisionedProductName="it"
        ),
        # Roles are written by CloudFormation's hand only.
        lambda: iam.create_role(RoleName="catalog-launch-acme-more", AssumeRolePolicyDocument=trust),
        lambda: iam.list_roles(),
        lambda: s3.list_objects_v2(Bucket="theirs"),
        lambda: s3.list_buckets(),
    ]
    for ask in beyond:
        with pytest.raises(ClientError) as refused:
            ask()
        assert refused.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
