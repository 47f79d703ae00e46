"""Targets with permissions boundaries: on the roles that products make, and on the launch roles themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from generator import bundle, draft, local, template
from generator.bundle import Bundle
from generator.errors import FactoryError, Where
from generator.launch_role import roles_of, stack_template
from generator.load import load
from tests import catalogues
from tests.conftest import ROOT
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
BOUNDARY = "arn:aws:iam::111122223333:policy/catalog/ProductBoundary"
LAUNCH = "arn:aws:iam::111122223333:policy/catalog/LaunchBoundary"
TARGETS = f"""\
catalogue: acme
default: local
local: {{}}
plain: {{account: "111122223333"}}
bound: {{account: "111122223333", permissions_boundary: "{BOUNDARY}", launch_boundary: "{LAUNCH}"}}
managed: {{account: "111122223333", permissions_boundary: "arn:aws:iam::aws:policy/PowerUserAccess"}}
"""
REFERENCE = {"Fn::FindInMap": ["Catalog", {"Ref": "AWS::Region"}, "PermissionsBoundary"]}
ROLE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: A role that states may use
Resources:
  Use:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement:
          - {Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: sts:AssumeRole}
"""
BLUEPRINT = '''\
"""A role and a user, and optionally a topic name that differs by target."""

from pydantic import Field
from troposphere import Output, Template, iam

from generator.blueprint import BlueprintParams, Context, PerTarget


class Params(BlueprintParams):
    """What a test varies."""

    topic: PerTarget = Field("", description="By target.")


def build(params: Params, context: Context) -> Template:
    template = Template()
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    template.add_resource(iam.Role("Use", AssumeRolePolicyDocument=trust))
    template.add_resource(iam.Role("Own", AssumeRolePolicyDocument=trust, PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"))
    template.add_resource(iam.User("Robot"))
    if params.topic:
        template.add_output(Output("Topic", Description="Its topic.", Value=context.per_target("topic")))
    return template
'''
PRODUCT = catalogues.PRODUCT.replace("raw-template", "roles").replace("template: store.yaml", "{options}")
OWN = 'PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"'
FILES = {"products/targets.yaml": TARGETS, "blueprints/roles.py": BLUEPRINT}


def drafts(root: Path, product: str, *targets: str) -> list[draft.Draft]:
    catalogue = load(root)
    return [draft.draft(catalogue.products[product], catalogue, catalogue.target(name)) for name in targets]


def roles(root: Path, options: str = "topic: ''") -> Path:
    return catalogues.make(root, {**FILES, "products/use.yaml": PRODUCT.replace("{options}", options)})


def reading(content: bytes) -> dict[str, Any]:
    return template.parse(content.decode(), Where("built"))


def test_the_roles_and_users_of_a_product_carry_the_targets_boundary(tmp_path: Path) -> None:
    plain, bound = drafts(roles(tmp_path), "use", "plain", "bound")
    made = reading(bound.content)
    written = {name: each["Properties"]["PermissionsBoundary"] for name, each in made["Resources"].items()}
    arn = "arn:${AWS::Partition}:iam::${AWS::AccountId}:${PermissionsBoundary}"
    ours = {"Fn::Sub": [arn, {"PermissionsBoundary": REFERENCE}]}
    assert written == {"Use": ours, "Robot": ours, "Own": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    assert made["Mappings"] == {
        "Catalog": {"us-east-1": {"PermissionsBoundary": "policy/catalog/ProductBoundary"}}
    }
    assert plain.content.count(b"PermissionsBoundary") == 1  # the blueprint's own


def test_aws_managed_boundaries_belong_to_no_account(tmp_path: Path) -> None:
    (managed,) = drafts(roles(tmp_path), "use", "managed")
    made = reading(managed.content)
    (text, _) = made["Resources"]["Use"]["Properties"]["PermissionsBoundary"]["Fn::Sub"]
    assert text == "arn:${AWS::Partition}:iam::aws:${PermissionsBoundary}"
    assert made["Mappings"]["Catalog"]["us-east-1"] == {"PermissionsBoundary": "policy/PowerUserAccess"}


@pytest.mark.parametrize("options", ["topic: ''", "topic: news"])
def test_the_version_is_the_same_with_and_without_and_the_values_differ(tmp_path: Path, options: str) -> None:
    plain, bound, managed = drafts(roles(tmp_path, options), "use", "plain", "bound", "managed")
    assert plain.fingerprint == bound.fingerprint == managed.fingerprint
    assert len({json.dumps(one.values, sort_keys=True) for one in (plain, bound, managed)}) == 3
    assert bool(plain.values) is (options == "topic: news")
    if plain.values:
        before, after = (reading(one.content)["Mappings"]["Catalog"]["us-east-1"] for one in (plain, bound))
        assert after == {**before, "PermissionsBoundary": "policy/catalog/ProductBoundary"}


def test_a_product_without_roles_is_untouched(tmp_path: Path) -> None:
    root = catalogues.with_queue(tmp_path, {**FILES})
    plain, bound = drafts(root, "queue", "plain", "bound")
    assert (plain.content, plain.values) == (bound.content, bound.values)


def built(product: str, target: str, root: Path) -> Bundle:
    catalogue = load(root)
    (one,) = bundle.build(catalogue, [catalogue.products[product]], catalogue.target(target))
    return one


def test_launch_roles_write_roles_only_with_the_boundary_and_carry_one_themselves(tmp_path: Path) -> None:
    with pytest.raises(FactoryError) as refused:
        built("use", "bound", roles(tmp_path / "own"))
    assert (
        "'Own' has the PermissionsBoundary arn:aws:iam::aws:policy/ReadOnlyAccess, but the target sets another"
        in str(refused.value)
    )
    root = roles(tmp_path / "none")
    catalogues.write(root, {"blueprints/roles.py": BLUEPRINT.replace(f", {OWN}", "")})
    bound = built("use", "bound", root)
    role = bound.role
    assert role is not None, bound.findings
    assert role.launch_boundary == LAUNCH
    condition = (
        "StringEquals",
        "iam:PermissionsBoundary",
        ("arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/catalog/ProductBoundary",),
    )
    writing = [g for g in role.grants if g.action in ("iam:CreateRole", "iam:PutRolePermissionsBoundary")]
    assert writing
    assert all(condition in grant.conditions for grant in writing)
    deployed = stack_template([role])
    (resource,) = [each for each in deployed["Resources"].values() if each["Type"] == "AWS::IAM::Role"]
    assert resource["Properties"]["PermissionsBoundary"] == {
        "Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/catalog/LaunchBoundary"
    }
    assert roles_of(deployed)[role.key] == role
    unbound = built("use", "plain", root).role
    assert unbound is not None
    assert unbound.launch_boundary is None


def test_a_raw_template_is_published_byte_for_byte_so_that_its_role_must_name_the_boundary(
    catalogue: Make,
) -> None:
    made = catalogue({"products/targets.yaml": TARGETS, "products/templates/store.yaml": ROLE})
    assert made.run("build", "store", "--target", "plain").code == 0
    refused = made.run("build", "store", "--target", "bound")
    assert refused.code == 1
    assert "store: resource 'Use' has no PermissionsBoundary, but the target sets one" in refused.err
    assert "policy/catalog/ProductBoundary" in refused.err
    made.edit(
        "products/templates/store.yaml",
        "    Properties:\n",
        "    Properties:\n      PermissionsBoundary: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/catalog/ProductBoundary\n",
    )
    assert made.run("build", "store", "--target", "bound").code == 0
    there = (made.root / "build/store/template.yaml").read_bytes()
    assert there == (made.root / "products/templates/store.yaml").read_bytes()


PARAMETER = "Parameters: {Limit: {Type: String}}\nResources:"


@pytest.mark.parametrize(
    ("boundary", "target", "refused"),
    [
        ("!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/catalog/ProductBoundary", "bound", False),
        ("arn:aws:iam::444455556666:policy/catalog/ProductBoundary", "bound", False),
        ("!Sub 'arn:aws:iam::${AWS::AccountId}:policy/${Limit}'", "bound", False),
        ("!Ref Limit", "bound", False),
        ("arn:aws:iam::aws:policy/catalog/ProductBoundary", "bound", True),
        ("!Sub arn:aws:iam::${AWS::AccountId}:policy/ProductBoundary", "bound", True),
        ("!Sub 'arn:aws:iam::${AWS::AccountId}:policy/other-${Limit}'", "bound", True),
        ("!Sub arn:${AWS::Partition}:iam::aws:policy/PowerUserAccess", "managed", False),
        ("!Sub arn:aws:iam::${AWS::AccountId}:policy/PowerUserAccess", "managed", True),
        ("arn:aws:iam::aws:policy/ReadOnlyAccess", "plain", False),
    ],
)
def test_another_boundary_than_the_targets_is_refused(
    tmp_path: Path, boundary: str, target: str, *, refused: bool
) -> None:
    text = ROLE.replace("Resources:", PARAMETER).replace(
        "    Properties:\n", f"    Properties:\n      PermissionsBoundary: {boundary}\n"
    )
    root = catalogues.make(
        tmp_path, {"products/targets.yaml": TARGETS, "products/templates/store.yaml": text}
    )
    if not refused:
        assert built("store", target, root).role
        return
    with pytest.raises(FactoryError, match="but the target sets another for every role that a product makes"):
        built("store", target, root)


def test_the_boundarys_name_is_the_targets_own(tmp_path: Path) -> None:
    blueprint = BLUEPRINT.replace("topic", "permissions_boundary")
    root = roles(tmp_path, "permissions_boundary: x")
    catalogues.write(root, {"blueprints/roles.py": blueprint})
    drafts(root, "use", "plain")
    with pytest.raises(FactoryError, match="the name PermissionsBoundary belongs to the target's boundary"):
        drafts(root, "use", "bound")


def test_every_product_of_this_repository_builds_with_both_boundaries(tmp_path: Path) -> None:
    catalogue = load(ROOT)
    other = catalogues.make(tmp_path, {"products/targets.yaml": TARGETS})
    target = load(other).target("bound")
    local = catalogue.target("local")
    for product in catalogue.products.values():
        bound, plain = (draft.draft(product, catalogue, one) for one in (target, local))
        assert bound.fingerprint == plain.fingerprint
        for name, each in bound.template["Resources"].items():
            if each["Type"] in ("AWS::IAM::Role", "AWS::IAM::User"):
                assert each["Properties"]["PermissionsBoundary"]["Fn::Sub"][1] == {
                    "PermissionsBoundary": REFERENCE
                }, name
    bundles = bundle.build(catalogue, catalogue.products.values(), target)
    assert not bundle.errors(bundles)
    assert all(one.role and one.role.boundary == BOUNDARY for one in bundles)


def test_a_launched_stacks_roles_have_the_boundary_of_their_own_account(tmp_path: Path) -> None:
    (bound,) = drafts(roles(tmp_path / "catalogue"), "use", "bound")
    for account in ("111122223333", "222233334444"):  # the hub, and a spoke that launches the same template
        with closing(local.open_state(tmp_path / account, account=account)) as aws:
            session = aws.session("us-east-1", account=account)
            iam = session.client("iam")
            document = {
                "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
                "Version": "2012-10-17",
            }
            iam.create_policy(
                PolicyName="ProductBoundary", Path="/catalog/", PolicyDocument=json.dumps(document)
            )
            stacks = session.client("cloudformation")
            stacks.create_stack(
                StackName="launched", TemplateBody=bound.content.decode(), Capabilities=["CAPABILITY_IAM"]
            )
            (stack,) = stacks.describe_stacks(StackName="launched")["Stacks"]
            assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
            made = stacks.describe_stack_resource(StackName="launched", LogicalResourceId="Use")
            role = iam.get_role(RoleName=made["StackResourceDetail"]["PhysicalResourceId"])["Role"]
            arn = role["PermissionsBoundary"]["PermissionsBoundaryArn"]
            assert arn == f"arn:aws:iam::{account}:policy/catalog/ProductBoundary"
