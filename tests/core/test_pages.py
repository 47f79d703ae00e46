"""The pages of products: what is drawn and how, what costs money, and that nothing lies over anything else."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator import bundle
from generator.blueprint import Later
from generator.catalogue import LOCAL
from generator.errors import Where
from generator.load import load
from generator.pages import costs, pages
from generator.pages.drawing import as_svg
from generator.pages.parts import Part, Picture, kind_of, picture_of, with_later
from generator.template import parse
from tests.catalogues import BLUEPRINT, make, with_queue
from tests.conftest import ROOT

SVG = "{http://www.w3.org/2000/svg}"
# Types of the catalogue that have no price of their own, each looked up at its service.
FREE = {
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::CloudFormation::StackSet",  # of types of AWS's own; others' cost per handler operation
    "AWS::EC2::SecurityGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Alias",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Permission",
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SNS::Subscription",  # messages cost, at the topic
    "AWS::SSM::Parameter",  # of the standard tier, the only one here
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Model",
    "AWS::SageMaker::ModelPackageGroup",
    "AWS::SageMaker::NotebookInstanceLifecycleConfig",
}


def template(**resources: tuple[str, list[str]]) -> dict[str, Any]:
    """Resources as (type, titles that they refer to)."""
    return {
        "Resources": {
            title: {"Type": f"AWS::{kind}", "Properties": {"Uses": [{"Ref": name} for name in names]}}
            for title, (kind, names) in resources.items()
        }
    }


def drawn(picture: Picture) -> list[str]:
    return [
        f"{part.title} with {', '.join(part.serving)}" if part.serving else part.title
        for part in picture.parts
    ]


@pytest.mark.parametrize(
    ("made", "parts", "uses"),
    [
        pytest.param(
            template(Role=("IAM::Role", []), Work=("Lambda::Function", ["Role"])),
            ["Work with role"],
            [],
            id="role",
        ),
        pytest.param(
            template(
                Role=("IAM::Role", ["Log"]),
                Log=("Logs::LogGroup", []),
                Work=("Lambda::Function", ["Role", "Log"]),
            ),
            ["Work with log group, role"],
            [],
            id="log-group-that-both-name",
        ),
        pytest.param(
            template(
                Role=("IAM::Role", []),
                One=("Lambda::Function", ["Role"]),
                Two=("Lambda::Function", ["Role", "One"]),
            ),
            ["Role", "One", "Two"],
            [("One", "Role"), ("Two", "One")],
            id="role-of-two-stands-alone-and-no-use-is-told-twice",
        ),
        pytest.param(
            template(Store=("S3::Bucket", []), Policy=("S3::BucketPolicy", ["Store"])),
            ["Store with bucket policy"],
            [],
            id="policy-serves-what-it-names",
        ),
        pytest.param(
            template(
                Work=("Lambda::Function", ["Role"]), Role=("IAM::Role", ["Queue"]), Queue=("SQS::Queue", [])
            ),
            ["Work with role", "Queue"],
            [("Work", "Queue")],
            id="use-through-a-role",
        ),
        pytest.param(
            template(One=("IAM::Role", ["Two"]), Two=("IAM::ManagedPolicy", ["One"])),
            ["One", "Two"],
            [("One", "Two"), ("Two", "One")],
            id="circle-of-what-serves-is-drawn",
        ),
    ],
)
def test_what_serves_one_resource_is_drawn_in_it(
    made: dict[str, Any], parts: list[str], uses: list[tuple[str, str]]
) -> None:
    picture = picture_of(made)
    assert drawn(picture) == parts
    assert sorted(picture.uses) == uses


def test_what_nearly_all_use_stands_apart() -> None:
    users = {f"Queue{number}": ("SQS::Queue", ["Key"]) for number in range(6)}
    picture = picture_of(template(Key=("KMS::Key", []), **users))
    assert [part.title for part in picture.shared] == ["Key"]
    assert [(part.title, part.count) for part in picture.parts] == [("Queue0", 6)]
    assert picture.uses == ()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("AWS::S3::BucketPolicy", "Bucket policy"),
        ("AWS::EC2::VPCEndpoint", "VPC endpoint"),
        ("AWS::EC2::VPC", "VPC"),
        ("Custom::ProjectCleanup", "Project cleanup"),
        ("AWS::ApiGatewayV2::Api", "Api"),
    ],
)
def test_types_are_said_in_words(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_what_comes_later_is_drawn_with_who_makes_it_and_what_it_uses() -> None:
    made = template(Build=("CodeBuild::Project", ["Role"]), Role=("IAM::Role", []), Key=("KMS::Key", []))
    later = [
        Later("Training", "AWS::SageMaker::Pipeline", "Build", ("Key",)),
        Later("Alone", "AWS::CloudFormation::Stack", "NoLongerThere"),
    ]
    picture = picture_of(with_later(made, later))
    assert drawn(picture) == ["Build with role", "Key", "Training", "Alone"]
    assert sorted(picture.uses) == [("Build", "Training"), ("Training", "Key")]
    assert set(made["Resources"]) == {"Build", "Role", "Key"}


TITLES = [f"T{number}" for number in range(14)]


@given(st.sets(st.tuples(st.sampled_from(TITLES), st.sampled_from(TITLES)), max_size=30), st.integers(0, 4))
def test_no_card_lies_on_another_whatever_uses_whatever(uses: set[tuple[str, str]], shared: int) -> None:
    ordered = tuple(sorted(use for use in uses if use[0] != use[1]))
    picture = Picture(
        tuple(Part(title, "AWS::SQS::Queue") for title in TITLES),
        ordered,
        tuple(Part(f"Shared{number}", "AWS::KMS::Key") for number in range(shared)),
    )
    cards = _cards(as_svg(picture, "Anything <&>"))
    assert len(cards) == len(TITLES) + shared
    for index, (x, y, width, height) in enumerate(cards):
        for other_x, other_y, other_width, other_height in cards[index + 1 :]:
            assert (
                x + width <= other_x
                or other_x + other_width <= x
                or y + height <= other_y
                or other_y + other_height <= y
            )


def _cards(svg: str) -> list[tuple[int, int, int, int]]:
    root = ElementTree.fromstring(svg)
    found = [each for each in root.iter(f"{SVG}rect") if (each.get("class") or "").startswith("card")]
    for each in found:
        assert int(each.get("x", "")) + int(each.get("width", "")) <= int(root.get("width", ""))
        assert int(each.get("y", "")) + int(each.get("height", "")) <= int(root.get("height", ""))
    return [
        (
            int(each.get("x", "")),
            int(each.get("y", "")),
            int(each.get("width", "")),
            int(each.get("height", "")),
        )
        for each in found
    ]


def test_every_type_of_the_catalogue_has_been_looked_at_for_its_price() -> None:
    types = {
        str(body["Type"])
        for golden in (ROOT / "tests/golden").glob("*/template.yaml")
        for body in parse(golden.read_text(), Where(str(golden)))["Resources"].values()
        if body["Type"].startswith("AWS::")
    }
    priced = {name for name in types if costs.drivers({"Resources": {"X": {"Type": name}}})}
    assert types - priced - FREE == set()
    assert priced & FREE == set()


def test_a_page_says_what_a_product_makes_asks_tells_and_leaves(tmp_path: Any) -> None:
    catalogue = load(make(tmp_path))
    made = pages(
        bundle.build(catalogue, catalogue.products.values(), catalogue.target(LOCAL)), catalogue.portfolios
    )
    assert {name.rpartition(".")[0] for name in made} == set(catalogue.products)
    for product in catalogue.products.values():
        page = made[f"{product.id}.md"]
        assert product.spec.description in page
        assert f"]({product.id}.svg)" in page
        for heading in ("What it makes", "Permissions", "Regions", "What costs money", "How to clean up"):
            assert f"\n## {heading}\n" in page


def test_a_page_says_what_must_be_there_before_launch_where_the_blueprint_does(tmp_path: Any) -> None:
    guide = 'def guide(params: Params) -> Guide:\n    return Guide(before=("A queue elsewhere.",))\n'
    import_ = "from generator.blueprint import BlueprintParams, Guide,"
    blueprint = f"{BLUEPRINT.replace('from generator.blueprint import BlueprintParams,', import_)}\n\n{guide}"
    catalogue = load(with_queue(tmp_path, {"blueprints/queue.py": blueprint}))
    made = pages(
        bundle.build(catalogue, catalogue.products.values(), catalogue.target(LOCAL)), catalogue.portfolios
    )
    assert "\n## Before launch\n\n- A queue elsewhere.\n\n## What" in made["queue.md"]
    assert "Before launch" not in made["store.md"]


TRUSTING: dict[str, dict[str, Any]] = {
    "Service": {"Principal": {"Service": "lambda.amazonaws.com"}},
    "Provider": {
        "Principal": {
            "Federated": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:oidc-provider/jenkins.example.com"}
        }
    },
    "Given": {"Principal": {"AWS": {"Ref": "Person"}}},
    "OneOfHome": {
        "Principal": {"AWS": {"Fn::Sub": "arn:aws:iam::${Home}:root"}},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": {"Fn::Sub": "arn:aws:iam::${Home}:role/tester"}}},
    },
}


def test_a_page_says_who_assumes_the_roles_here_and_in_the_accounts_of_stack_sets(tmp_path: Any) -> None:
    roles = {
        title: {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **trust}],
                }
            },
        }
        for title, trust in TRUSTING.items()
    }
    parameters = {name: {"Type": "String"} for name in ("Person", "Home")}
    away = json.dumps({"Parameters": parameters, "Resources": {"There": roles["OneOfHome"]}})
    stack_set = {
        "StackSetName": "roles",
        "PermissionModel": "SERVICE_MANAGED",
        "Capabilities": ["CAPABILITY_IAM"],
        "TemplateBody": away,
    }
    whole = {
        "Parameters": parameters,
        "Resources": {**roles, "Roles": {"Type": "AWS::CloudFormation::StackSet", "Properties": stack_set}},
    }
    catalogue = load(make(tmp_path, {"products/templates/store.yaml": json.dumps(whole)}))
    made = pages(
        bundle.build(catalogue, catalogue.products.values(), catalogue.target(LOCAL)), catalogue.portfolios
    )
    page = made["store.md"]
    assert "| `Service` | lambda.amazonaws.com |" in page
    assert "| `Provider` | arn:aws:iam::${AWS::AccountId}:oidc-provider/jenkins.example.com |" in page
    assert "| `Given` | AWS principal given at launch |" in page
    assert "| `OneOfHome` | arn:aws:iam::${Home}:role/tester |" in page
    assert "| `Roles` | `There` | arn:aws:iam::${Home}:role/tester |" in page
