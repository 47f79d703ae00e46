"""Roles as CloudFormation: the same template in every account, read back exactly, never renamed, never deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import FactoryError
from generator.launch_role import (
    ROLES_OF_A_STACK,
    Delivery,
    Grant,
    LaunchRole,
    resources,
    role_name,
    roles_of,
    shards,
    stack_template,
    stackset_template,
    synthesise,
    trust,
)
from generator.launch_role.delivery import logical_id
from tests.launch_role.reading import FIXTURES, SCOPE, load
from tests.launch_role.test_policy import grants


def role(product: str = "sample", found: frozenset[Grant] = frozenset()) -> LaunchRole:
    return LaunchRole(role_name("acme", product), "acme", product, found, ("eu-west-1", "us-east-1"))


def strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return [text for member in members for text in strings(member)]


@given(
    st.lists(
        st.builds(
            LaunchRole,
            name=st.sampled_from(["catalog-launch-acme-x"]),
            catalogue=st.just("acme"),
            product=st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True),
            grants=grants,
            regions=st.lists(st.sampled_from(["eu-west-1", "us-east-1"]), min_size=1, unique=True).map(tuple),
            boundary=st.sampled_from([None, "Boundary"]),
            launch_boundary=st.sampled_from([None, "arn:aws:iam::111122223333:policy/x"]),
            delivery=st.sampled_from(Delivery),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda found: found.key,
    )
)
def test_what_is_written_is_read_back_exactly(found: list[LaunchRole]) -> None:
    written = json.loads(json.dumps(stack_template(found)))
    assert roles_of(written) == {one.key: one for one in found}


def test_the_order_of_roles_does_not_matter() -> None:
    pair = [role("a"), role("b")]
    assert json.dumps(stack_template(pair)) == json.dumps(stack_template(pair[::-1]))


@pytest.mark.parametrize(
    "path", sorted((FIXTURES / "outside").glob("*.json"))[::6], ids=lambda path: path.stem
)
def test_a_real_role_survives_the_way_there_and_back(path: Any) -> None:
    made, _ = synthesise(load(path), SCOPE)
    assert roles_of(stack_template([made])) == {made.key: made}


def test_no_account_is_written_down_and_every_pseudo_parameter_is_substituted() -> None:
    made, _ = synthesise(load(FIXTURES / "outside" / "EC2-Instance.json"), SCOPE)
    written = resources(made)
    assert not any("123456789012" in text for text in strings(written))

    def check(value: Any, *, inside: bool = False) -> None:
        if isinstance(value, str):
            assert ("${AWS::" in value) == inside, value
        elif isinstance(value, dict):
            for name, child in value.items():
                check(child, inside=name == "Fn::Sub")
        elif isinstance(value, list):
            for child in value:
                check(child)

    check(written)


def test_a_string_that_only_looks_like_a_variable_is_kept() -> None:
    grant = Grant("s3:GetObject", "arn:${AWS::Partition}:s3:::home/${aws:username}/*")
    made = role(found=frozenset({grant}))
    written = stack_template([made])
    assert "arn:${AWS::Partition}:s3:::home/${!aws:username}/*" in strings(written)
    assert roles_of(written)[made.key].grants == {grant}


def test_roles_and_policies_are_retained_and_only_the_role_has_a_name() -> None:
    made, _ = synthesise(load(FIXTURES / "outside" / "EC2-Instance.json"), SCOPE)
    written = resources(made)
    assert {found["DeletionPolicy"] for found in written.values()} == {"Retain"}
    assert {found["UpdateReplacePolicy"] for found in written.values()} == {"Retain"}
    kinds = [found["Type"] for found in written.values()]
    assert kinds.count("AWS::IAM::Role") == 1
    properties = written[logical_id(made)]["Properties"]
    assert properties["RoleName"] == "catalog-launch-acme-sample"
    assert properties["Path"] == "/"
    assert not any("ManagedPolicyName" in found["Properties"] for found in written.values())
    assert [reference["Ref"] for reference in properties["ManagedPolicyArns"]] == [
        name for name, found in written.items() if found["Type"] == "AWS::IAM::ManagedPolicy"
    ]


def test_logical_ids_keep_products_apart() -> None:
    assert len({logical_id(role(product)) for product in ("a-1", "a1", "a-b", "ab", "a--1")}) == 5
    assert all(logical_id(role(product)).isalnum() for product in ("a-1", "x" * 200))


def test_the_trust_policy_holds_for_every_region_and_this_account_only() -> None:
    (statement,) = trust(role())["Statement"]
    assert statement["Principal"] == {"Service": "servicecatalog.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": "${AWS::AccountId}"}
    assert statement["Condition"]["ArnLike"] == {
        "aws:SourceArn": [
            "arn:${AWS::Partition}:servicecatalog:eu-west-1:${AWS::AccountId}:*",
            "arn:${AWS::Partition}:servicecatalog:us-east-1:${AWS::AccountId}:*",
        ]
    }


def test_the_variant_for_sagemaker_is_trusted_by_cloudformation_for_its_stacks() -> None:
    (statement,) = trust(replace(role(), delivery=Delivery.SAGEMAKER))["Statement"]
    assert statement["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert all(
        source.endswith(":stack/SP-*") for source in statement["Condition"]["ArnLike"]["aws:SourceArn"]
    )


def test_both_variants_of_a_product_stand_side_by_side() -> None:
    name = role_name("acme", "sample", Delivery.SAGEMAKER)
    pair = [role(), replace(role(), name=name, delivery=Delivery.SAGEMAKER)]
    assert set(roles_of(stack_template(pair))) == {"sample", "sample@sagemaker"}


def test_a_launch_boundary_is_on_the_role_itself() -> None:
    made = replace(role(), launch_boundary="LaunchBoundary")
    written = resources(made)[logical_id(made)]["Properties"]["PermissionsBoundary"]
    assert written == {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/LaunchBoundary"}


# Stacks


def test_roles_stay_in_the_stack_that_they_are_in() -> None:
    first = shards([f"p{n:03}" for n in range(100)], {})
    assert max(first.values()) == -(-100 // ROLES_OF_A_STACK) - 1
    more = shards(["a-new-one", *first], first)
    assert {key: more[key] for key in first} == first
    assert more["a-new-one"] == max(first.values())


@given(st.sets(st.from_regex(r"[a-z]{1,4}", fullmatch=True), max_size=200))
def test_no_stack_is_overfull_and_order_is_nothing(keys: set[str]) -> None:
    found = shards(keys, {})
    assert set(found) == keys
    counts = [list(found.values()).count(shard) for shard in set(found.values())]
    assert all(count <= ROLES_OF_A_STACK for count in counts)
    assert found == shards(sorted(keys, reverse=True), {})


def test_a_stack_may_grow_to_its_roles_full_size() -> None:
    assert ROLES_OF_A_STACK * 11 <= 500


def test_too_many_resources_and_none_are_refused() -> None:
    with pytest.raises(FactoryError, match="no role to deploy"):
        stack_template([])
    with pytest.raises(FactoryError, match="too many for one stack"):
        stack_template([role(f"p{n}", frozenset({Grant("s3:GetObject", "*")})) for n in range(251)])


def test_spokes_get_the_same_roles_in_one_region_without_the_hub() -> None:
    roles = [role("a"), role("b")]
    template = stackset_template(
        roles, name="LaunchRoles", units=["ou-b", "ou-a"], hub="111122223333", region="eu-west-1"
    )
    (stackset,) = template["Resources"].values()
    properties = stackset["Properties"]
    assert roles_of(json.loads(properties["TemplateBody"])) == roles_of(stack_template(roles))
    (group,) = properties["StackInstancesGroup"]
    assert group["Regions"] == ["eu-west-1"]
    assert group["DeploymentTargets"] == {
        "OrganizationalUnitIds": ["ou-a", "ou-b"],
        "Accounts": ["111122223333"],
        "AccountFilterType": "DIFFERENCE",
    }
    assert properties["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": True}
    assert properties["Capabilities"] == ["CAPABILITY_NAMED_IAM"]


def test_accounts_named_are_left_out_of_their_units() -> None:
    template = stackset_template(
        [role("a")], name="x", units=["ou-a"], accounts=["2" * 12, "1" * 12], hub="1" * 12, region="eu-west-1"
    )
    of_units, of_accounts = (each["Properties"] for each in template["Resources"].values())
    (group,) = of_units["StackInstancesGroup"]
    assert group["DeploymentTargets"]["Accounts"] == ["1" * 12, "2" * 12]
    (named,) = of_accounts["StackInstancesGroup"]
    assert named == {"DeploymentTargets": {"Accounts": ["2" * 12]}, "Regions": ["eu-west-1"]}
    assert (of_units["PermissionModel"], of_accounts["PermissionModel"]) == (
        "SERVICE_MANAGED",
        "SELF_MANAGED",
    )
    assert of_units["StackSetName"] != of_accounts["StackSetName"]
    assert of_units["TemplateBody"] == of_accounts["TemplateBody"]


def test_a_large_stackset_goes_by_url() -> None:
    big = frozenset(Grant("s3:GetObject", f"arn:aws:s3:::{'b' * 60}{n}") for n in range(500))
    roles = [role("a", big), role("b", big)]
    given_: dict[str, Any] = {"name": "x", "units": ["ou-a"], "hub": "111122223333", "region": "eu-west-1"}
    with pytest.raises(FactoryError, match="bytes too long to send inline"):
        stackset_template(roles, **given_)
    template = stackset_template(roles, **given_, template_url="https://b.s3.amazonaws.com/roles.json")
    assert (
        template["Resources"]["LaunchRoles"]["Properties"]["TemplateURL"]
        == "https://b.s3.amazonaws.com/roles.json"
    )


def test_what_others_wrote_is_passed_over_and_a_later_format_is_refused() -> None:
    assert roles_of({"Resources": {"Other": {"Type": "AWS::IAM::Role", "Properties": {}}}}) == {}
    written = stack_template([role()])
    written["Resources"][logical_id(role())]["Metadata"]["catalog:launch-role"]["Format"] = 2
    with pytest.raises(FactoryError, match="format 2"):
        roles_of(written)
