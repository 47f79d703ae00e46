"""Random sequences of administrator operations: the invariants of Service Catalog hold after each.

A model of what should be there is kept beside, and the listings must agree with it to the last page.
"""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from generator.local import open_state

from .conftest import Catalog

LAUNCH = '{"RoleArn": "arn:aws:iam::123456789012:role/launch"}'
names = st.text(alphabet="abc ü", min_size=1, max_size=5)


class Administration(RuleBasedStateMachine):
    portfolios: Bundle[str] = Bundle("portfolios")
    products: Bundle[str] = Bundle("products")
    options: Bundle[str] = Bundle("options")

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.patch = pytest.MonkeyPatch()
        self.patch.setenv("CATALOG_LIMITS", "portfolios=4 products=5 versions=3 products_per_portfolio=2")
        self.local = open_state(Path(self.folder.name) / "state")
        self.hub = Catalog(self.local)
        self.sc = self.hub.sc
        self.hub.template()
        self.in_portfolio: dict[str, set[str]] = {}
        self.versions: dict[str, set[str]] = {}
        self.constraints: dict[str, tuple[str, str]] = {}
        self.links: set[tuple[str, str]] = set()
        self.tokens: dict[str, str] = {}
        self.keys: dict[str, tuple[str, str]] = {}

    def refusal(self, call: Any, **ask: Any) -> str:
        """The error code of a call, or nothing."""
        try:
            self.answer = call(**ask)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    @rule(target=portfolios, name=names, token=st.sampled_from(["", "t1", "t2"]))
    def create_portfolio(self, name: str, token: str) -> Any:
        ask = {"DisplayName": name, "ProviderName": "p"} | ({"IdempotencyToken": token} if token else {})
        refused = self.refusal(self.sc.create_portfolio, **ask)
        if refused:
            other = self.tokens.get(token, name) != name  # a token is looked at before any limit
            assert refused == ("InvalidParametersException" if other else "LimitExceededException")
            assert other or len(self.in_portfolio) == 4
            return multiple()
        self.tokens |= {token: name} if token else {}
        ident = self.answer["PortfolioDetail"]["Id"]
        if token:
            assert self.sc.create_portfolio(**ask)["PortfolioDetail"]["Id"] == ident
            existing = {d["Id"] for d in self.sc.list_portfolios()["PortfolioDetails"]}
            if ident not in existing:  # the answer to an earlier call, whose portfolio is gone
                return multiple()
        self.in_portfolio.setdefault(ident, set())
        return ident

    @rule(target=products, name=names)
    def create_product(self, name: str) -> Any:
        version = self.hub.version("1")
        ask: dict[str, Any] = {"Name": name, "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE"}
        refused = self.refusal(self.sc.create_product, ProvisioningArtifactParameters=version, **ask)
        if refused:
            assert (refused, len(self.versions)) == ("LimitExceededException", 5)
            return multiple()
        ident = self.answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        self.versions[ident] = {self.answer["ProvisioningArtifactDetail"]["Id"]}
        return ident

    @rule(product=products)
    def create_version(self, product: str) -> None:
        ask = {"ProductId": product, "Parameters": self.hub.version("2")}
        refused = self.refusal(self.sc.create_provisioning_artifact, **ask)
        if product not in self.versions:
            assert refused == "ResourceNotFoundException"
        elif len(self.versions[product]) == 3:
            assert refused == "LimitExceededException"
        else:
            self.versions[product].add(self.answer["ProvisioningArtifactDetail"]["Id"])

    @rule(product=products, index=st.integers(0, 2))
    def delete_version(self, product: str, index: int) -> None:
        known = sorted(self.versions.get(product, ()))
        ident = known[index % len(known)] if known else "pa-none"
        refused = self.refusal(
            self.sc.delete_provisioning_artifact, ProductId=product, ProvisioningArtifactId=ident
        )
        if not known:
            assert refused == "ResourceNotFoundException"
        elif len(known) == 1:
            assert refused == "ResourceInUseException"
        else:
            assert not refused
            self.versions[product].remove(ident)

    @rule(portfolio=portfolios, product=products)
    def associate(self, portfolio: str, product: str) -> None:
        refused = self.refusal(
            self.sc.associate_product_with_portfolio, PortfolioId=portfolio, ProductId=product
        )
        if portfolio not in self.in_portfolio or product not in self.versions:
            assert refused == "ResourceNotFoundException"
        elif product not in self.in_portfolio[portfolio] and len(self.in_portfolio[portfolio]) == 2:
            assert refused == "LimitExceededException"
        else:
            assert not refused
            self.in_portfolio[portfolio].add(product)

    @rule(portfolio=portfolios, product=products)
    def disassociate(self, portfolio: str, product: str) -> None:
        refused = self.refusal(
            self.sc.disassociate_product_from_portfolio, PortfolioId=portfolio, ProductId=product
        )
        if product not in self.in_portfolio.get(portfolio, ()):
            assert refused == "ResourceNotFoundException"
        elif (portfolio, product) in self.constraints.values():
            assert refused == "ResourceInUseException"
        else:
            assert not refused
            self.in_portfolio[portfolio].remove(product)

    @rule(portfolio=portfolios, product=products)
    def constrain(self, portfolio: str, product: str) -> None:
        ask = {"PortfolioId": portfolio, "ProductId": product, "Type": "LAUNCH", "Parameters": LAUNCH}
        refused = self.refusal(self.sc.create_constraint, **ask)
        if product not in self.in_portfolio.get(portfolio, ()):
            assert refused == "ResourceNotFoundException"
        elif (portfolio, product) in self.constraints.values():
            assert refused == "DuplicateResourceException"
        else:
            assert not refused
            self.constraints[self.answer["ConstraintDetail"]["ConstraintId"]] = (portfolio, product)

    @rule(index=st.integers(0, 9))
    def unconstrain(self, index: int) -> None:
        if self.constraints:
            ident = sorted(self.constraints)[index % len(self.constraints)]
            self.sc.delete_constraint(Id=ident)
            del self.constraints[ident]

    @rule(target=options, key=st.sampled_from(["k", "l"]), value=st.sampled_from(["1", "2"]))
    def create_option(self, key: str, value: str) -> Any:
        refused = self.refusal(self.sc.create_tag_option, Key=key, Value=value)
        if (key, value) in self.keys.values():
            assert refused == "DuplicateResourceException"
            return multiple()
        ident = self.answer["TagOptionDetail"]["Id"]
        self.keys[ident] = (key, value)
        return ident

    @rule(option=options, resource=st.one_of(portfolios, products))
    def link_option(self, option: str, resource: str) -> None:
        refused = self.refusal(
            self.sc.associate_tag_option_with_resource, ResourceId=resource, TagOptionId=option
        )
        if option not in self.keys or resource not in {*self.in_portfolio, *self.versions}:
            assert refused == "ResourceNotFoundException"
        elif (option, resource) in self.links:
            assert refused == "DuplicateResourceException"
        else:
            assert not refused
            self.links.add((option, resource))

    @rule(option=options)
    def delete_option(self, option: str) -> None:
        refused = self.refusal(self.sc.delete_tag_option, Id=option)
        if option not in self.keys:
            assert refused == "ResourceNotFoundException"
        elif any(linked == option for linked, _ in self.links):
            assert refused == "ResourceInUseException"
        else:
            assert not refused
            del self.keys[option]

    @rule(portfolio=portfolios)
    def delete_portfolio(self, portfolio: str) -> None:
        refused = self.refusal(self.sc.delete_portfolio, Id=portfolio)
        if portfolio not in self.in_portfolio:
            assert refused == "ResourceNotFoundException"
        elif self.in_portfolio[portfolio]:
            assert refused == "ResourceInUseException"
        else:
            assert not refused
            del self.in_portfolio[portfolio]
            self.links = {(o, r) for o, r in self.links if r != portfolio}

    @rule(product=products)
    def delete_product(self, product: str) -> None:
        refused = self.refusal(self.sc.delete_product, Id=product)
        if product not in self.versions:
            assert refused == "ResourceNotFoundException"
        elif any(product in inside for inside in self.in_portfolio.values()):
            assert refused == "ResourceInUseException"
        else:
            assert not refused
            del self.versions[product]
            self.links = {(o, r) for o, r in self.links if r != product}

    @rule()
    def reopen(self) -> None:
        """Another process would find the same."""
        folder = self.local.state.folder
        self.local.close()
        self.local = open_state(folder)
        self.hub = Catalog(self.local)
        self.sc = self.hub.sc

    def listed(self, operation: str, member: str, **ask: Any) -> list[Any]:
        pages = self.sc.get_paginator(operation).paginate(PaginationConfig={"PageSize": 2}, **ask)
        return [item for page in pages for item in page[member]]

    @invariant()
    def listings_agree(self) -> None:
        if not hasattr(self, "sc"):
            return
        found = self.listed("list_portfolios", "PortfolioDetails")
        assert {detail["Id"] for detail in found} == set(self.in_portfolio)
        found = self.listed("search_products_as_admin", "ProductViewDetails")
        assert {d["ProductViewSummary"]["ProductId"] for d in found} == set(self.versions)
        for portfolio, inside in self.in_portfolio.items():
            found = self.listed("search_products_as_admin", "ProductViewDetails", PortfolioId=portfolio)
            assert {d["ProductViewSummary"]["ProductId"] for d in found} == inside
            constraints = self.listed(
                "list_constraints_for_portfolio", "ConstraintDetails", PortfolioId=portfolio
            )
            wanted = {ident for ident, (where, _) in self.constraints.items() if where == portfolio}
            assert {detail["ConstraintId"] for detail in constraints} == wanted

    @invariant()
    def nothing_is_orphaned(self) -> None:
        if not hasattr(self, "local"):
            return
        with self.local.state.read() as tx:
            assert tx.all("PRAGMA foreign_key_check") == []
            assert (
                tx.value(
                    "SELECT count(*) FROM sc_product p WHERE NOT EXISTS"
                    " (SELECT 1 FROM sc_artifact a WHERE a.product = p.id)"
                )
                == 0
            )  # the last version stays
            rows = tx.all("SELECT product, id FROM sc_artifact")
            links = tx.all("SELECT tag_option, resource FROM sc_tag_option_link")
        assert {(p, a) for p, versions in self.versions.items() for a in versions} == {tuple(r) for r in rows}
        assert {tuple(row) for row in links} == self.links

    def teardown(self) -> None:
        with contextlib.suppress(AttributeError):
            self.local.close()
            self.patch.undo()
            self.folder.cleanup()


def run(examples: int, steps: int) -> None:
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(
        Administration,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),  # shrinking reopens the state thousands of times
        ),
    )


def test_random_administration_keeps_the_invariants() -> None:
    run(examples=5, steps=25)


@pytest.mark.proof
def test_much_random_administration_keeps_the_invariants() -> None:
    run(examples=300, steps=60)
