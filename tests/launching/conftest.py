"""The shipped catalogue published once into a local AWS, copies of it to launch in, and forms filled in by their rules."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from generator import bundle as bundles_
from generator.aws import connect
from generator.bundle import Bundle
from generator.catalogue import LOCAL, Catalogue
from generator.load import load
from generator.local import ACCOUNT, LocalAws, open_state
from generator.publish import apply, prepare
from tests.conftest import ROOT
from tests.local.conftest import Catalog
from tests.publish.conftest import catalogue

from .elsewhere import organization, reachable, unit
from .shop import USER, Shop, finished

__all__ = ["catalogue"]  # tests.publish's, under the same fixture
REGION = "us-east-1"
# What a pattern alone does not tell; the first that fits is taken.
CANDIDATES = (
    "p-a1b2c3d4e5f6",
    f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
    f"arn:aws:codeconnections:{REGION}:{ACCOUNT}:connection/0a1b2c3d-0000-4000-8000-000000000000",
    f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:it-AbCdEf",
    f"arn:aws:iam::{ACCOUNT}:role/analyst",
    f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0a1b2c3d-0000-4000-8000-000000000000",
    ACCOUNT,
    "https://git.example.com/team",
    "example/repository",
    "s3://example-bucket/model.tar.gz",
    "team@example.com",
    "10.0.0.0/16",
    "o-a1b2c3d4e5",
    "ou-ab12-cdef3456",
    "5",
)


# Stand for something that is made when it is first asked for.
MADE = {ACCOUNT: reachable, "o-a1b2c3d4e5": organization, "ou-ab12-cdef3456": unit}
# What may be left out of a launch and is given with the update, or with the launch where all is asked for.
OPTIONAL = {
    r"Approver\w+Address": "team@example.com",
    "AlarmTopicArn": f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms",
}
# What cannot be known at first.
LATER = {**OPTIONAL, "ImageDigest": "sha256:" + "a" * 64}


@dataclass(frozen=True)
class Shelf:
    """The published catalogue: where its state lies, and what it was made of."""

    state: Path
    catalogue: Catalogue
    bundles: Mapping[str, Bundle]


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    state = tmp_path_factory.mktemp("shelf") / "state"
    catalogue = load(ROOT)
    target = catalogue.target(LOCAL)
    built = bundles_.build(catalogue, catalogue.products.values(), target)
    gateway = connect(target, catalogue.name, state)
    apply(prepare(catalogue, built, target, gateway, selected=False), gateway)
    return Shelf(state, catalogue, {each.id: each for each in built})


@pytest.fixture
def aws(shelf: Shelf, tmp_path: Path) -> Iterator[LocalAws]:
    """A local AWS of one's own with the catalogue in it."""
    shutil.copytree(shelf.state, tmp_path / "state")
    opened = open_state(tmp_path / "state")
    yield opened
    opened.close()


@dataclass
class Person:
    """Somebody with a role of the portfolio, in front of one product."""

    aws: LocalAws
    product: str
    sc: Any
    word: str = "team-a"
    """What it is called in names; another one where something of that name was retained."""

    def version(self, name: str) -> str:
        found = self.sc.describe_product(Id=self.product)["ProvisioningArtifacts"]
        return str(next(each["Id"] for each in found if each["Name"] == name))

    def newest(self) -> str:
        return str(self.sc.describe_product(Id=self.product)["ProvisioningArtifacts"][-1]["Id"])

    def form(self, version: str, *, whole: bool = False) -> dict[str, Any]:
        """What a launch is asked with; `whole` with what may be left out."""
        path = self.sc.list_launch_paths(ProductId=self.product)["LaunchPathSummaries"][0]["Id"]
        asked = {"ProductId": self.product, "ProvisioningArtifactId": version, "PathId": path}
        form = self.sc.describe_provisioning_parameters(**asked)
        values = {
            each["ParameterKey"]: value(self.aws, each, self.word)
            for each in form["ProvisioningArtifactParameters"]
            if "DefaultValue" not in each
        }
        if whole:
            values |= given(OPTIONAL, form["ProvisioningArtifactParameters"])
        return {
            **asked,
            "ProvisioningParameters": [{"Key": key, "Value": text} for key, text in values.items()],
            "Tags": [{"Key": each["Key"], "Value": each["Values"][0]} for each in form["TagOptions"]],
        }

    def launch(self, name: str, **more: Any) -> dict[str, Any]:
        asked = self.form(self.newest()) | more
        return finished(self.sc, self.sc.provision_product(ProvisionedProductName=name, **asked))

    def plan(self, name: str, version: str) -> str:
        """Why a launch of a version cannot be planned; nothing where it can."""
        asked = self.form(version)
        made = self.sc.create_provisioned_product_plan(
            PlanName=name, PlanType="CLOUDFORMATION", ProvisionedProductName=name, **asked
        )["PlanId"]
        details = self.sc.describe_provisioned_product_plan(PlanId=made)["ProvisionedProductPlanDetails"]
        self.sc.delete_provisioned_product_plan(PlanId=made)
        return str(details.get("StatusMessage", ""))

    def update(self, name: str, version: str) -> dict[str, Any]:
        form = self.form(version)
        kept = [{"Key": each["Key"], "UsePreviousValue": True} for each in form["ProvisioningParameters"]]
        found = self.sc.describe_provisioning_parameters(
            **{key: form[key] for key in ("ProductId", "ProvisioningArtifactId", "PathId")}
        )["ProvisioningArtifactParameters"]
        later = given(LATER, found)
        answer = self.sc.update_provisioned_product(
            ProvisionedProductName=name,
            ProductId=self.product,
            ProvisioningArtifactId=version,
            ProvisioningParameters=[
                *(each for each in kept if each["Key"] not in later),
                *({"Key": key, "Value": text} for key, text in later.items()),
            ],
        )
        return finished(self.sc, answer)

    def terminate(self, name: str, **more: Any) -> dict[str, Any]:
        answer = self.sc.terminate_provisioned_product(ProvisionedProductName=name, **more)
        return finished(self.sc, answer)


def given(values: Mapping[str, str], parameters: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The values for those of the parameters that they are for."""
    return {
        each["ParameterKey"]: text
        for each in parameters
        for pattern, text in values.items()
        if re.fullmatch(pattern, each["ParameterKey"])
    }


@pytest.fixture
def at(shelf: Shelf, aws: LocalAws) -> Callable[[str], Person]:
    """`at(id)`: somebody who may launch a product of the catalogue."""

    def person(product: str) -> Person:
        spec = shelf.catalogue.products[product].spec
        access = shelf.catalogue.portfolios[spec.portfolios[0]].spec.access
        role = next(each.role for each in access if each.role)
        sc = aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/{role}", REGION).client("servicecatalog")
        found = sc.search_products()["ProductViewSummaries"]
        return Person(aws, next(each["ProductId"] for each in found if each["Name"] == spec.name), sc)

    return person


def value(aws: LocalAws, parameter: Mapping[str, Any], word: str) -> str:
    """Something that a parameter takes."""
    constraints, kind = parameter["ParameterConstraints"], parameter["ParameterType"]
    if constraints.get("AllowedValues"):
        return str(constraints["AllowedValues"][0])
    if "EC2::" in kind:
        return _of_the_network(aws.session(REGION).client("ec2"), kind)
    pattern = constraints.get("AllowedPattern", ".*")
    low = float(constraints.get("MinValue", "-inf"))
    for candidate in (word, *CANDIDATES):
        if kind == "Number" and not (candidate.isdigit() and float(candidate) >= low):
            continue
        longest = int(constraints.get("MaxLength", 4096))
        if re.fullmatch(pattern, candidate) and len(candidate) <= longest:
            if candidate.startswith("arn:aws:sns"):
                aws.session(REGION).client("sns").create_topic(Name="alarms")
            made = MADE.get(candidate)
            return made(aws, REGION) if made else candidate
    raise AssertionError(f"no candidate fits {parameter['ParameterKey']}: {constraints}; add one above")


def _of_the_network(ec2: Any, kind: str) -> str:
    if "VPC::Id" in kind:
        return str(ec2.describe_vpcs()["Vpcs"][0]["VpcId"])
    if "Subnet::Id" in kind:
        subnets = [each["SubnetId"] for each in ec2.describe_subnets()["Subnets"]]
        return ",".join(subnets[:2]) if kind.startswith("List") else str(subnets[0])
    assert "SecurityGroup::Id" in kind, kind
    return str(ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"])


@pytest.fixture
def local(tmp_path: Path) -> Iterator[LocalAws]:
    opened = open_state(tmp_path / "state")
    yield opened
    opened.close()


@pytest.fixture
def shop(local: LocalAws) -> Shop:
    hub = Catalog(local)
    made = Shop(hub, hub.portfolio(Tags=[{"Key": "domain", "Value": "a"}]), hub.product())
    hub.sc.associate_product_with_portfolio(PortfolioId=made.portfolio, ProductId=made.product)
    hub.sc.associate_principal_with_portfolio(
        PortfolioId=made.portfolio, PrincipalARN=USER, PrincipalType="IAM"
    )
    made.add("2.0.0")
    return made


@pytest.fixture
def open_shop(shop: Shop) -> Shop:
    """With a launch role that may do all that the product needs."""
    shop.constrain("LAUNCH", {"RoleArn": shop.role("sqs:*", "sns:*")})
    return shop
