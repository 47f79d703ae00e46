"""What the AWS CLI shows of the published catalogue is what the YAML says, read here without our own reader."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.e2e.conftest import Cli

PRODUCTS: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text())
    for path in sorted((ROOT / "products").glob("*.yaml"))
    if path.stem not in ("portfolios", "targets")
}
PORTFOLIOS: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "products/portfolios.yaml").read_text())
TARGETS = yaml.safe_load((ROOT / "products/targets.yaml").read_text())
ACCOUNT = (TARGETS["local"] or {}).get("account", "123456789012")


@cache
def found(aws: Cli) -> dict[str, dict[str, Any]]:
    """The products that AWS lists, by name."""
    views = aws("search-products-as-admin")["ProductViewDetails"]
    return {each["ProductViewSummary"]["Name"]: each["ProductViewSummary"] for each in views}


@cache
def portfolio_ids(aws: Cli) -> dict[str, str]:
    return {each["DisplayName"]: each["Id"] for each in aws("list-portfolios")["PortfolioDetails"]}


def product_id(aws: Cli, product: str) -> str:
    return str(found(aws)[PRODUCTS[product]["name"]]["ProductId"])


def portfolio_id(aws: Cli, portfolio: str) -> str:
    return portfolio_ids(aws)[PORTFOLIOS[portfolio]["name"]]


def options(said: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(key, value) for key, values in said.get("tag_options", {}).items() for value in values}


ALL_OPTIONS = {option for each in (*PRODUCTS.values(), *PORTFOLIOS.values()) for option in options(each)}


def pairs(answer: Any) -> set[tuple[str, str]]:
    return {(each["Key"], each["Value"]) for each in answer}


def test_search_products_as_admin(aws: Cli) -> None:
    told = found(aws)
    assert {
        name: (
            each["Owner"],
            each["ShortDescription"],
            each.get("SupportEmail", ""),
            each.get("SupportUrl", ""),
            each.get("SupportDescription", ""),
            each["Type"],
        )
        for name, each in told.items()
    } == {
        each["name"]: (
            each["owner"],
            each["description"],
            each.get("support", {}).get("email", ""),
            each.get("support", {}).get("url", ""),
            each.get("support", {}).get("description", ""),
            "CLOUD_FORMATION_TEMPLATE",
        )
        for each in PRODUCTS.values()
    }


@pytest.mark.parametrize("product", PRODUCTS)
def test_describe_product_as_admin(aws: Cli, product: str) -> None:
    said = PRODUCTS[product]
    told = aws("describe-product-as-admin", "--id", product_id(aws, product))
    identity = ("catalog:product", f"{TARGETS['catalogue']}/{product}")
    assert pairs(told["Tags"]) == {*said.get("tags", {}).items(), identity}
    assert pairs(told["TagOptions"]) == options(said)
    assert [each["Name"] for each in told["ProvisioningArtifactSummaries"]] == [said["version"]]
    assert told["ProductViewDetail"]["Status"] == "AVAILABLE"


@pytest.mark.parametrize("product", PRODUCTS)
def test_list_provisioning_artifacts_and_copy_the_template(aws: Cli, product: str, tmp_path: Path) -> None:
    said = PRODUCTS[product]
    identifier = product_id(aws, product)
    (version,) = aws("list-provisioning-artifacts", "--product-id", identifier)["ProvisioningArtifactDetails"]
    assert (version["Name"], version["Active"], version["Guidance"]) == (said["version"], True, "DEFAULT")
    changelog, _, digests = version["Description"].partition("\n\n")
    assert changelog == said["changelog"]
    template = (ROOT / "tests/golden" / product / "template.yaml").read_bytes()
    described = json.loads((ROOT / "tests/golden" / product / "bundle.json").read_text())
    assert digests.split()[0] == f"sha256:{described['fingerprint']}"
    aws.run("s3", "cp", f"s3://{aws.bucket}/{described['template']['key']}", str(tmp_path / "template.yaml"))
    assert (tmp_path / "template.yaml").read_bytes() == template
    for asset in described["assets"]:
        head = json.loads(aws.run("s3api", "head-object", "--bucket", aws.bucket, "--key", asset["key"]))
        assert head["ContentLength"] == asset["bytes"]


def wanted_constraints(portfolio: str) -> list[tuple[str, str, Any]]:
    """(product, type, parameters) of each constraint in a portfolio."""
    wanted: list[tuple[str, str, Any]] = []
    for product, said in PRODUCTS.items():
        if portfolio not in said["portfolios"]:
            continue
        role = f"catalog-launch-{TARGETS['catalogue']}-{product}"
        # A hub's ARN would have the spokes of a shared portfolio create their stacks in the hub.
        local = {"LocalRoleName": role}
        wanted.append(
            (
                product,
                "LAUNCH",
                local
                if PORTFOLIOS[portfolio].get("share")
                else {"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/{role}"},
            )
        )
        rules = said.get("constraints", {}).get("rules")
        if rules:
            wanted.append((product, "TEMPLATE", {"Rules": rules}))
    return wanted


@pytest.mark.parametrize("portfolio", PORTFOLIOS)
def test_list_constraints_for_portfolio_and_describe_each(aws: Cli, portfolio: str) -> None:
    listed = aws("list-constraints-for-portfolio", "--portfolio-id", portfolio_id(aws, portfolio))
    by_id = {product_id(aws, product): product for product in PRODUCTS}
    told = []
    for each in listed["ConstraintDetails"]:
        described = aws("describe-constraint", "--id", each["ConstraintId"])
        assert described["Status"] == "AVAILABLE"
        assert described["ConstraintDetail"] == each
        told.append((by_id[each["ProductId"]], each["Type"], json.loads(described["ConstraintParameters"])))
    assert sorted(told, key=str) == sorted(wanted_constraints(portfolio), key=str)


def test_only_known_constraints_are_in_the_yaml() -> None:
    """What `wanted_constraints` leaves out must not be there, or this comparison would miss it."""
    for said in PRODUCTS.values():
        assert set(said.get("constraints", {})) <= {"rules"}
        assert "launch" not in said


def test_list_tag_options(aws: Cli) -> None:
    told = aws("list-tag-options")["TagOptionDetails"]
    assert pairs(told) == ALL_OPTIONS
    assert all(each["Active"] for each in told)


@pytest.mark.parametrize(("key", "value"), sorted(ALL_OPTIONS))
def test_list_resources_for_tag_option(aws: Cli, key: str, value: str) -> None:
    (option,) = aws("list-tag-options", "--filters", f"Key={key},Value={value}")["TagOptionDetails"]
    told = aws("list-resources-for-tag-option", "--tag-option-id", option["Id"])["ResourceDetails"]
    assert {each["Name"] for each in told} == {
        said["name"] for said in (*PRODUCTS.values(), *PORTFOLIOS.values()) if (key, value) in options(said)
    }


@pytest.mark.parametrize("portfolio", PORTFOLIOS)
def test_who_sees_a_portfolio(aws: Cli, portfolio: str) -> None:
    said, identifier = PORTFOLIOS[portfolio], portfolio_id(aws, portfolio)
    principals = aws("list-principals-for-portfolio", "--portfolio-id", identifier)["Principals"]
    assert {(each["PrincipalType"], each["PrincipalARN"]) for each in principals} == {
        ("IAM_PATTERN", access["pattern"])
        if "pattern" in access
        else ("IAM", f"arn:aws:iam::{ACCOUNT}:role/{access['role']}")
        for access in said["access"]
    }
    accounts = aws("list-portfolio-access", "--portfolio-id", identifier)["AccountIds"]
    assert accounts == [share["account"] for share in said.get("share", []) if "account" in share]


@pytest.mark.parametrize("portfolio", PORTFOLIOS)
def test_describe_portfolio(aws: Cli, portfolio: str) -> None:
    said = PORTFOLIOS[portfolio]
    told = aws("describe-portfolio", "--id", portfolio_id(aws, portfolio))
    detail = told["PortfolioDetail"]
    assert (detail["ProviderName"], detail["Description"]) == (said["provider"], said["description"])
    identity = ("catalog:portfolio", f"{TARGETS['catalogue']}/{portfolio}")
    assert pairs(told["Tags"]) == {*said.get("tags", {}).items(), identity}
    assert pairs(told["TagOptions"]) == options(said)
