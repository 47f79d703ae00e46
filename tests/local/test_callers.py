"""Callers with credentials of their own: judged by their policies on every request, as the services say it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from generator.local import ACCOUNT, LocalAws, serve

from .conftest import NO_RETRIES, REGION, SPOKE, Catalog

Statement = Mapping[str, Any]
CATALOG = f"arn:aws:catalog:{REGION}:{ACCOUNT}"


def policy(*statements: Statement) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, on: str = "*", **conditions: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"Effect": "Allow", "Action": list(actions), "Resource": on}
    return found | ({"Condition": conditions} if conditions else {})


Client = Callable[[str], Any]


class People:
    """Users, roles and sessions of the hub's account, as its administrator makes them; everybody over HTTP."""

    def __init__(self, hub: Catalog, url: str) -> None:
        self.hub, self.url, self.iam = hub, url, hub.client("iam")

    def with_keys(self, keys: Mapping[str, str]) -> Client:
        session: Any = boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
            region_name=REGION,
        )
        return lambda service: session.client(service, endpoint_url=self.url, config=NO_RETRIES)

    def user(self, *statements: Statement, name: str = "ana", **more: Any) -> Client:
        self.iam.create_user(UserName=name, **more)
        if statements:
            self.iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return self.with_keys(self.iam.create_access_key(UserName=name)["AccessKey"])

    def role(self, *statements: Statement, name: str = "worker", **more: Any) -> str:
        trusted = f"arn:aws:iam::{ACCOUNT}:root"
        trust = {
            "Effect": "Allow",
            "Principal": {"AWS": trusted},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
        }
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), **more)["Role"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return str(made["Arn"])

    def session(self, role: str, name: str = "work", **more: Any) -> Client:
        sts = self.hub.client("sts")
        return self.with_keys(sts.assume_role(RoleArn=role, RoleSessionName=name, **more)["Credentials"])


@pytest.fixture
def people(hub: Catalog, local: LocalAws) -> Iterator[People]:
    with serve(local, 0) as server:
        yield People(hub, server.url)


def refused(ask: Callable[[], Any]) -> tuple[str, int, str]:
    """Code, status and message of what must be refused."""
    with pytest.raises(ClientError) as error:
        ask()
    response = error.value.response
    return (
        response["Error"]["Code"],
        response["ResponseMetadata"]["HTTPStatusCode"],
        response["Error"]["Message"],
    )


WHO = f"arn:aws:iam::{ACCOUNT}:user/ana"


def test_nobody_may_anything_without_a_policy(people: People) -> None:
    ana = people.user()
    people.hub.client("s3").create_bucket(Bucket="things")
    role = people.role()
    said = {
        "servicecatalog": refused(lambda: ana("servicecatalog").list_portfolios()),
        "cloudformation": refused(lambda: ana("cloudformation").delete_stack(StackName="it")),
        "iam": refused(lambda: ana("iam").get_role(RoleName="worker")),
        "s3": refused(lambda: ana("s3").get_object(Bucket="things", Key="a/b")),
        "sts": refused(lambda: ana("sts").assume_role(RoleArn=role, RoleSessionName="work")),
    }
    start = f"User: {WHO} is not authorized to perform:"
    none = "because no identity-based policy allows the"
    assert said == {
        "servicecatalog": (
            "AccessDeniedException",
            400,
            f"{start} servicecatalog:ListPortfolios {none} servicecatalog:ListPortfolios action",
        ),
        "cloudformation": (
            "AccessDenied",
            403,
            f"{start} cloudformation:DeleteStack on resource: "
            f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/it/* {none} cloudformation:DeleteStack action",
        ),
        "iam": (
            "AccessDenied",
            403,
            f"{start} iam:GetRole on resource: {role} {none} iam:GetRole action",
        ),
        "s3": (
            "AccessDenied",
            403,
            f'{start} s3:GetObject on resource: "arn:aws:s3:::things/a/b" {none} s3:GetObject action',
        ),
        "sts": ("AccessDenied", 403, f"{start} sts:AssumeRole on resource: {role}"),
    }
    assert ana("sts").get_caller_identity()["Arn"] == WHO


def test_the_administrator_of_an_account_is_not_judged(people: People) -> None:
    """The default credentials, those of other accounts, and made-up keys: for newcomers nothing changes."""
    for key in (ACCOUNT, SPOKE, "AKIAMADEUPBYSOMEBODY"):
        made_up = people.with_keys({"AccessKeyId": key, "SecretAccessKey": "x"})
        made_up("servicecatalog").create_portfolio(DisplayName="a", ProviderName="b")
        made_up("iam").list_users()


def test_policies_come_from_user_group_and_attachment(people: People) -> None:
    ana = people.user(allow("servicecatalog:ListPortfolios"))
    ana("servicecatalog").list_portfolios()
    assert refused(lambda: ana("servicecatalog").list_tag_options())[0] == "AccessDeniedException"
    people.iam.create_group(GroupName="team")
    people.iam.add_user_to_group(GroupName="team", UserName="ana")
    people.iam.put_group_policy(
        GroupName="team", PolicyName="g", PolicyDocument=policy(allow("servicecatalog:ListTagOptions"))
    )
    ana("servicecatalog").list_tag_options()
    made = people.iam.create_policy(
        PolicyName="more", PolicyDocument=policy(allow("servicecatalog:SearchProductsAsAdmin"))
    )["Policy"]["Arn"]
    people.iam.attach_user_policy(UserName="ana", PolicyArn=made)
    ana("servicecatalog").search_products_as_admin()


def test_boundary_session_policy_and_scp_limit(people: People) -> None:
    everything = allow("servicecatalog:*")
    bound = people.iam.create_policy(
        PolicyName="bound", PolicyDocument=policy(allow("servicecatalog:List*"))
    )["Policy"]["Arn"]
    role = people.role(everything, PermissionsBoundary=bound)
    worker = people.session(role)
    worker("servicecatalog").list_portfolios()
    message = refused(lambda: worker("servicecatalog").search_products_as_admin())[2]
    assert message.endswith(
        "because no permissions boundary allows the servicecatalog:SearchProductsAsAdmin action"
    )
    limited = people.session(role, Policy=policy(allow("servicecatalog:ListTagOptions")))
    limited("servicecatalog").list_tag_options()
    message = refused(lambda: limited("servicecatalog").list_portfolios())[2]
    assert message.endswith("because no session policy allows the servicecatalog:ListPortfolios action")
    managed = people.session(role, PolicyArns=[{"arn": bound}])
    managed("servicecatalog").list_portfolios()
    assert refused(lambda: people.session(role, Policy="{}"))[0] == "MalformedPolicyDocument"

    organizations = people.hub.client("organizations")
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    member = organizations.create_account(AccountName="m", Email="m@example.com")["CreateAccountStatus"][
        "AccountId"
    ]
    scp = organizations.create_policy(
        Name="no-catalog",
        Description="d",
        Type="SERVICE_CONTROL_POLICY",
        Content=policy({"Effect": "Deny", "Action": "servicecatalog:*", "Resource": "*"}),
    )["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=scp, TargetId=member)
    there = People(Catalog(people.hub.local, member), people.url)
    bob = there.user(everything, name="bob")
    message = refused(lambda: bob("servicecatalog").list_portfolios())[2]
    assert message.endswith("with an explicit deny in a service control policy")


def test_products_and_portfolios_are_told_by_arn_and_tags(people: People) -> None:
    hub = people.hub
    red = hub.product("Red", Tags=[{"Key": "team", "Value": "red"}])
    blue = hub.product("Blue", Tags=[{"Key": "team", "Value": "blue"}])
    port = hub.portfolio(Tags=[{"Key": "team", "Value": "red"}])
    mine = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    made = {
        "StringEquals": {"aws:RequestTag/team": "red"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    ana = people.user(
        allow("servicecatalog:*", on=f"{CATALOG}:product/*", **mine),
        allow("servicecatalog:DescribePortfolio", on=f"{CATALOG}:portfolio/{port}"),
        allow("servicecatalog:CreatePortfolio", on=f"{CATALOG}:portfolio/*", **made),
        Tags=[{"Key": "team", "Value": "red"}],
    )
    sc = ana("servicecatalog")
    sc.describe_product_as_admin(Id=red)
    code, _, message = refused(lambda: sc.describe_product_as_admin(Id=blue))
    assert (code, f"on resource: {CATALOG}:product/{blue} because" in message) == (
        "AccessDeniedException",
        True,
    )
    assert sc.describe_product_as_admin(Name="Red")["ProductViewDetail"]["ProductARN"].endswith(red)
    sc.describe_portfolio(Id=port)
    assert refused(lambda: sc.delete_portfolio(Id=port))[0] == "AccessDeniedException"
    form = {"DisplayName": "p", "ProviderName": "x"}
    sc.create_portfolio(**form, Tags=[{"Key": "team", "Value": "red"}])
    red_and_more = [{"Key": "team", "Value": "red"}, {"Key": "a", "Value": "b"}]
    for tags in ([], [{"Key": "team", "Value": "blue"}], red_and_more):
        asked = partial(sc.create_portfolio, **form, Tags=tags)
        assert refused(asked)[0] == "AccessDeniedException"


def test_a_version_takes_reading_its_template_and_a_constraint_passing_its_role(people: People) -> None:
    hub, role = people.hub, people.role(name="launch")
    product, port = hub.product(), hub.portfolio()
    hub.sc.associate_product_with_portfolio(PortfolioId=port, ProductId=product)
    ana = people.user(allow("servicecatalog:*"))
    version = hub.version("2.0.0")
    sc = ana("servicecatalog")
    add = partial(sc.create_provisioning_artifact, ProductId=product, Parameters=version)
    launched_by = json.dumps({"RoleArn": role})
    constrain = partial(
        sc.create_constraint, PortfolioId=port, ProductId=product, Type="LAUNCH", Parameters=launched_by
    )
    key = version["Info"]["LoadTemplateFromURL"].rpartition("/")[2]
    assert f"s3:GetObject on resource: arn:aws:s3:::artifacts-{ACCOUNT}-{REGION}/{key}" in refused(add)[2]
    assert f"iam:GetRole on resource: {role}" in refused(constrain)[2]
    reading = allow("s3:GetObject", "cloudformation:ValidateTemplate", "iam:GetRole")
    people.iam.put_user_policy(UserName="ana", PolicyName="read", PolicyDocument=policy(reading))
    add()
    assert f"iam:PassRole on resource: {role}" in refused(constrain)[2]
    passing = allow(
        "iam:PassRole", on=role, StringEquals={"iam:PassedToService": "servicecatalog.amazonaws.com"}
    )
    people.iam.put_user_policy(UserName="ana", PolicyName="pass", PolicyDocument=policy(passing))
    constrain()


def test_a_role_is_assumed_by_leave_of_both_sides(people: People) -> None:
    role = people.role(allow("servicecatalog:*"), Tags=[{"Key": "team", "Value": "red"}])
    ana = people.user(allow("sts:AssumeRole", on=role))
    ana("sts").assume_role(RoleArn=role, RoleSessionName="work")
    tags = [{"Key": "team", "Value": "blue"}]
    assert (
        refused(lambda: ana("sts").assume_role(RoleArn=role, RoleSessionName="work", Tags=tags))[0]
        == "AccessDenied"
    )
    stranger = people.user(name="bob")
    assert (
        refused(lambda: stranger("sts").assume_role(RoleArn=role, RoleSessionName="work"))[0]
        == "AccessDenied"
    )
    # Who is named by the trust policy needs no leave of their own account's policies, if it is the same account.
    trust = policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:user/bob"},
            "Action": "sts:AssumeRole",
        }
    )
    people.iam.update_assume_role_policy(RoleName="worker", PolicyDocument=trust)
    stranger("sts").assume_role(RoleArn=role, RoleSessionName="work")
    access = f"arn:aws:iam::{SPOKE}:role/OrganizationAccountAccessRole"
    assert (
        refused(lambda: ana("sts").assume_role(RoleArn=access, RoleSessionName="work"))[0] == "AccessDenied"
    )


def test_session_tags_are_the_principals(people: People) -> None:
    hub = people.hub
    blue = hub.product("Blue", Tags=[{"Key": "team", "Value": "blue"}])
    mine = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/team}"}}
    role = people.role(allow("servicecatalog:*", on="*", **mine), Tags=[{"Key": "team", "Value": "red"}])
    plain = people.session(role)
    assert (
        refused(lambda: plain("servicecatalog").describe_product_as_admin(Id=blue))[0]
        == "AccessDeniedException"
    )
    tagged = people.session(role, Tags=[{"Key": "team", "Value": "blue"}])
    tagged("servicecatalog").describe_product_as_admin(Id=blue)


def test_objects_are_asked_one_by_one(people: People) -> None:
    s3 = people.hub.client("s3")
    s3.create_bucket(Bucket="things")
    for key in ("a/1", "a/2", "b/1"):
        s3.put_object(Bucket="things", Key=key, Body=b"x")
    prefix = {"StringLike": {"s3:prefix": "a/*"}}
    ana = people.user(
        allow("s3:ListBucket", on="arn:aws:s3:::things", **prefix),
        allow("s3:GetObject", "s3:DeleteObject", "s3:PutObject", on="arn:aws:s3:::things/a/*"),
    )("s3")
    assert len(ana.list_objects_v2(Bucket="things", Prefix="a/")["Contents"]) == 2
    assert refused(lambda: ana.list_objects_v2(Bucket="things"))[1] == 403
    assert ana.get_object(Bucket="things", Key="a/1")["Body"].read() == b"x"
    ana.put_object(Bucket="things", Key="a/3", Body=b"y")
    ana.delete_objects(Bucket="things", Delete={"Objects": [{"Key": "a/1"}, {"Key": "a/2"}]})
    mixed = {"Objects": [{"Key": "a/3"}, {"Key": "b/1"}]}
    for ask in (
        lambda: ana.get_object(Bucket="things", Key="b/1"),
        lambda: ana.put_object(Bucket="things", Key="a/4", Body=b"y", Tagging="k=v"),
        lambda: ana.copy_object(Bucket="things", Key="a/5", CopySource="things/b/1"),
        lambda: ana.delete_objects(Bucket="things", Delete=mixed),
        lambda: ana.put_bucket_versioning(Bucket="things", VersioningConfiguration={"Status": "Enabled"}),
        lambda: ana.delete_bucket_encryption(Bucket="things"),
        lambda: ana.create_bucket(Bucket="others"),
        lambda: ana.list_buckets(),
    ):
        assert refused(ask)[:2] == ("AccessDenied", 403)
    # The bucket's policy grants by itself to a user of its own account.
    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": WHO},
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::things/b/*",
    }
    s3.put_bucket_policy(Bucket="things", Policy=policy(grant))
    assert ana.get_object(Bucket="things", Key="b/1")["Body"].read() == b"x"


def test_iam_is_asked_with_path_boundary_and_policy(people: People) -> None:
    bound = people.iam.create_policy(PolicyName="bound", PolicyDocument=policy(allow("s3:*")))["Policy"][
        "Arn"
    ]
    own = f"arn:aws:iam::{ACCOUNT}"
    bounded = {"StringEquals": {"iam:PermissionsBoundary": bound}}
    ana = people.user(
        allow("iam:CreateRole", "iam:AttachRolePolicy", on=f"{own}:role/team/*", **bounded),
        allow("iam:GetRole", on=f"{own}:role/team/*"),
        allow("iam:GetUser", "iam:CreateAccessKey", on=f"{own}:user/${{aws:username}}"),
        allow("iam:ListRoles"),
    )("iam")
    trust = policy(
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    )
    make = {"RoleName": "r", "AssumeRolePolicyDocument": trust}
    assert "iam:CreateRole" in refused(lambda: ana.create_role(**make, PermissionsBoundary=bound))[2]
    assert "iam:CreateRole" in refused(lambda: ana.create_role(**make, Path="/team/"))[2]
    ana.create_role(**make, Path="/team/", PermissionsBoundary=bound)
    assert ana.get_role(RoleName="r")["Role"]["Path"] == "/team/"
    ana.attach_role_policy(RoleName="r", PolicyArn=bound)
    assert (
        "iam:DeleteRole on resource: " + own + ":role/team/r "
        in refused(lambda: ana.delete_role(RoleName="r"))[2]
    )
    assert ana.get_user()["User"]["UserName"] == "ana"
    people.user(name="bob", Path="/team/")
    assert f"{own}:user/team/bob" in refused(lambda: ana.get_user(UserName="bob"))[2]
    ana.list_roles()


def test_a_stack_of_ones_own_takes_the_rights_of_what_is_in_it(people: People) -> None:
    template = json.dumps(
        {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}}}
    )
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/mine-*"
    ana = people.user(allow("cloudformation:*", on=stack))("cloudformation")
    assert refused(lambda: ana.create_stack(StackName="theirs", TemplateBody=template))[0] == "AccessDenied"
    ana.create_stack(StackName="mine-1", TemplateBody=template)
    events = ana.describe_stack_events(StackName="mine-1")["StackEvents"]
    assert any(
        "not authorized to perform: sns:CreateTopic" in e.get("ResourceStatusReason", "") for e in events
    )
    role = people.role(allow("sns:*"), name="service")
    passing = partial(ana.create_stack, StackName="mine-2", TemplateBody=template, RoleARN=role)
    assert f"iam:PassRole on resource: {role}" in refused(passing)[2]
    assert "stackset/theirs:* because" in refused(lambda: ana.describe_stack_set(StackSetName="theirs"))[2]


def test_a_key_that_is_taken_back_stands_for_nobody(people: People) -> None:
    """Above all not for the administrator, as whom a key that nobody knows is taken."""
    people.iam.create_user(UserName="eve")
    keys = people.iam.create_access_key(UserName="eve")["AccessKey"]
    sts = people.with_keys(keys)("sts")
    status = {"UserName": "eve", "AccessKeyId": keys["AccessKeyId"]}
    assert sts.get_caller_identity()["Arn"].endswith(":user/eve")
    people.iam.update_access_key(**status, Status="Inactive")
    assert refused(sts.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
    people.iam.update_access_key(**status, Status="Active")
    assert sts.get_caller_identity()["Arn"].endswith(":user/eve")
    people.iam.delete_access_key(**status)
    assert refused(sts.get_caller_identity)[:2] == ("InvalidClientTokenId", 403)
