"""Reading a catalogue from AWS: a region's part of it as a `State`, and AWS's ids of everything in it.

Products and portfolios are recognised by identity tags, never by name; what carries another catalogue's tag, or
none, is left out. Reads only.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from generator.aws.bucket import Bucket
from generator.aws.session import Sessions
from generator.aws.stack_sets import StackSets
from generator.aws.studio import Studio
from generator.catalogue import Target
from generator.desired import digests
from generator.errors import AwsError, Problem, Where
from generator.launch_role import LaunchRole, roles_of
from generator.model import (
    Artifact,
    Constraint,
    Portfolio,
    Principal,
    Product,
    Share,
    SpokeSet,
    State,
    TagOption,
    Tags,
)
from generator.policies import governance
from generator.spec import IDENTITY_PORTFOLIO, IDENTITY_PRODUCT
from generator.spoke_roles import ACCOUNTS, UNITS, stack_set
from generator.template import is_of

PAGE = 20  # the largest page of Service Catalog


@dataclass
class Ids:
    """AWS's ids of one region, by our keys; filled while reading and while performing."""

    portfolios: dict[str, str] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)
    artifacts: dict[tuple[str, str], str] = field(default_factory=dict)
    constraints: dict[tuple[str, str, str], str] = field(default_factory=dict)  # portfolio, product, type
    tag_options: dict[TagOption, str] = field(default_factory=dict)


class Reader:
    """Reads one region."""

    def __init__(self, sessions: Sessions, region: str, target: Target) -> None:
        self._sessions, self._region, self._target = sessions, region, target
        self._bucket = Bucket(sessions.client("s3", region), target.bucket(region), region, target)
        self.studio = Studio(sessions, self._bucket, region, target)
        self.ids = Ids()
        self._fingerprints: dict[tuple[str, str], str] = {}
        self._neighbours: set[str] = set()

    def _catalog(self) -> Any:
        return self._sessions.client("servicecatalog", self._region)

    def state(self, catalogue: str, stack: Callable[[int], str] | None) -> State:
        """`stack` names the launch roles' stacks by number, where this region holds them."""
        roles = list(self._roles(stack)) if stack else []
        portfolios = dict(self._portfolios(catalogue))
        products = dict(self._products(catalogue))
        exists = self._bucket.exists()
        domains = self._target.spec.studio_domains.get(self._region, [])
        return State(
            region=self._region,
            bucket=self._bucket.name,
            bucket_exists=exists,
            portfolios=portfolios,
            products=products,
            offers=dict(self._offers(portfolios)),
            roles={product: role for product, role, _ in roles},
            placed={product: number for product, _, number in roles},
            tag_options=self.find_tag_options(),
            readers=self._bucket.readers() if exists else frozenset(),
            personas=self._personas(catalogue) if stack else "",
            projects=self.studio.templates(catalogue) if exists else {},
            studio_reads=exists and self.studio.reads(),
            studio_domains=self.studio.domains(domains),
            neighbours=frozenset(self._neighbours),
            spokes=dict(self._spokes(catalogue, {number for _, _, number in roles})) if stack else {},
        )

    def _spokes(self, catalogue: str, numbers: Iterable[int]) -> Iterator[tuple[str, SpokeSet]]:
        """The stack sets of launch roles, where the target has roles brought to the spokes."""
        if self._target.spec.spoke_roles != "stack-set":
            return
        sets = StackSets(self._sessions, self._target)
        for number in numbers:
            for kind, managed in ((UNITS, "SERVICE"), (ACCOUNTS, "SELF")):
                name = stack_set(catalogue, kind, number)
                found = sets.find(name, managed, kind)
                if found is not None:
                    yield name, found

    def _pages(self, operation: str, key: str, **arguments: Any) -> Iterator[Any]:
        token = None
        while True:
            page: dict[str, str] = {"PageToken": token} if token else {}
            answer = getattr(self._catalog(), operation)(PageSize=PAGE, **arguments, **page)
            yield from answer[key]
            token = answer.get("NextPageToken")
            if not token:
                return

    # --- portfolios

    def _portfolios(self, catalogue: str) -> Iterator[tuple[str, Portfolio]]:
        for detail in self._pages("list_portfolios", "PortfolioDetails"):
            answer = self._catalog().describe_portfolio(Id=detail["Id"])
            tags = _tags(answer)
            name = self._own(tags, IDENTITY_PORTFOLIO, catalogue)
            if name is None:
                continue
            self._once(self.ids.portfolios, name, detail["Id"], "portfolio", IDENTITY_PORTFOLIO)
            yield (
                name,
                Portfolio(
                    id=name,
                    name=detail["DisplayName"],
                    provider=detail["ProviderName"],
                    description=detail.get("Description", ""),
                    tags=tags,
                    tag_options=_options(answer),
                    principals=frozenset(
                        Principal(each["PrincipalARN"], each.get("PrincipalType", "IAM"))
                        for each in self._pages(
                            "list_principals_for_portfolio", "Principals", PortfolioId=detail["Id"]
                        )
                    ),
                    shares=frozenset(self._shares(detail["Id"])),
                ),
            )

    def _shares(self, portfolio: str) -> Iterator[Share]:
        for kind in ("ACCOUNT", "ORGANIZATIONAL_UNIT", "ORGANIZATION"):
            try:
                for each in self._pages(
                    "describe_portfolio_shares", "PortfolioShareDetails", PortfolioId=portfolio, Type=kind
                ):
                    yield Share(
                        kind,
                        each["PrincipalId"].rpartition("/")[2],
                        each.get("SharePrincipals", False),
                        each.get("ShareTagOptions", False),
                    )
            except ClientError as error:
                # An account outside an organisation, or without organisations access, has no such shares.
                refused = ("OperationNotSupportedException", "AccessDeniedException")
                if kind == "ACCOUNT" or error.response["Error"]["Code"] not in refused:
                    raise

    # --- products

    def _products(self, catalogue: str) -> Iterator[tuple[str, Product]]:
        for each in self._pages("search_products_as_admin", "ProductViewDetails", ProductSource="ACCOUNT"):
            answer = self._catalog().describe_product_as_admin(Id=each["ProductViewSummary"]["ProductId"])
            tags = _tags(answer)
            name = self._own(tags, IDENTITY_PRODUCT, catalogue)
            if name is None:
                continue
            summary = answer["ProductViewDetail"]["ProductViewSummary"]
            self._once(self.ids.products, name, summary["ProductId"], "product", IDENTITY_PRODUCT)
            yield (
                name,
                Product(
                    id=name,
                    name=summary["Name"],
                    owner=summary.get("Owner", ""),
                    description=summary.get("ShortDescription", ""),
                    distributor=summary.get("Distributor", ""),
                    support_description=summary.get("SupportDescription", ""),
                    support_email=summary.get("SupportEmail", ""),
                    support_url=summary.get("SupportUrl", ""),
                    tags=tags,
                    tag_options=_options(answer),
                    artifacts=self._artifacts(name, summary["ProductId"]),
                ),
            )

    def _artifacts(self, name: str, product: str) -> dict[str, Artifact]:
        # Only this operation tells Active and Guidance. It answers with a page token that it does not accept.
        artifacts: dict[str, Artifact] = {}
        details = self._catalog().list_provisioning_artifacts(ProductId=product)[
            "ProvisioningArtifactDetails"
        ]
        for each in sorted(details, key=lambda one: str(one.get("CreatedTime", ""))):
            description = each.get("Description", "")
            fingerprint, values = digests(description)
            version = each["Name"]
            # Names are not unique; the newest of a name is the one that counts.
            self.ids.artifacts[name, version] = each["Id"]
            self._fingerprints[name, version] = fingerprint
            artifacts[version] = Artifact(
                version,
                description,
                fingerprint,
                values,
                each.get("Active", True),
                each.get("Guidance", "DEFAULT"),
            )
        return artifacts

    def _own(self, tags: Tags, key: str, catalogue: str) -> str | None:
        """Our id of a resource, when its identity tag is this catalogue's; whose else it is, is kept."""
        owner, _, name = dict(tags).get(key, "").partition("/")
        if name and owner == catalogue:
            return name
        if name:
            self._neighbours.add(owner)
        return None

    def _once(self, known: dict[str, str], name: str, found: str, noun: str, tag: str) -> None:
        if known.setdefault(name, found) != found:
            raise AwsError(
                Problem(
                    Where(f"aws {self._region}"),
                    f"two {noun}s carry the tag {tag} of '{name}': {known[name]} and {found}",
                    "Remove the tag from the one that is not ours.",
                )
            )

    # --- associations and constraints

    def _offers(
        self, portfolios: Mapping[str, Portfolio]
    ) -> Iterator[tuple[tuple[str, str], frozenset[Constraint]]]:
        ours = {found: name for name, found in self.ids.products.items()}
        for portfolio in portfolios:
            there = self.ids.portfolios[portfolio]
            constraints: dict[str, set[Constraint]] = {}
            for each in self._pages("list_constraints_for_portfolio", "ConstraintDetails", PortfolioId=there):
                name = ours.get(each.get("ProductId", ""))
                if name is None:
                    continue
                answer = self._catalog().describe_constraint(
                    Id=each["ConstraintId"]
                )  # lists omit the parameters
                kind = answer["ConstraintDetail"]["Type"]
                self.ids.constraints[portfolio, name, kind] = each["ConstraintId"]
                constraints.setdefault(name, set()).add(
                    Constraint(kind, _canonical(answer.get("ConstraintParameters", "{}")))
                )
            for each in self._pages("search_products_as_admin", "ProductViewDetails", PortfolioId=there):
                name = ours.get(each["ProductViewSummary"]["ProductId"])
                if name is not None:
                    yield (portfolio, name), frozenset(constraints.get(name, ()))

    def find_tag_options(self) -> frozenset[TagOption]:
        """The active TagOptions; the ids of the others are kept too, to switch them on again."""
        active = set()
        for each in self._pages("list_tag_options", "TagOptionDetails"):
            option = TagOption(each["Key"], each["Value"])
            self.ids.tag_options[option] = each["Id"]
            if each.get("Active", True):
                active.add(option)
        return frozenset(active)

    # --- what lies beside Service Catalog

    def template(self, product: str, version: str) -> str | None:
        """The text of a published version's template, from the artifact bucket: Service Catalog's copy is its own.

        The bucket may hold others of that version, of a publish that AWS refused: the fingerprint tells.
        """
        fingerprint = self._fingerprints.get((product, version), "")
        for text in self._bucket.texts(f"templates/{product}/{version}/"):
            if not fingerprint or is_of(text, fingerprint):
                return text
        return None

    def _roles(self, stack: Callable[[int], str]) -> Iterator[tuple[str, LaunchRole, int]]:
        """The deployed launch roles with the number of the stack that holds them; the stacks are numbered densely."""
        for number in count():
            body = self._template_of(stack(number))
            if body is None:
                return
            for product, role in roles_of(body).items():
                yield product, role, number

    def _personas(self, catalogue: str) -> str:
        body = self._template_of(governance.stack(catalogue))
        return "" if body is None else governance.canonical(body)

    def _template_of(self, stack: str) -> dict[str, Any] | None:
        """The template of a deployed stack; None where there is no such stack."""
        client = self._sessions.client("cloudformation", self._region)
        try:
            body = client.get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        except ClientError as error:
            if "does not exist" in error.response["Error"].get("Message", ""):
                return None
            raise
        return dict(json.loads(body) if isinstance(body, str) else body)


def _tags(answer: Mapping[str, Any]) -> Tags:
    return tuple(sorted((each["Key"], each["Value"]) for each in answer.get("Tags", [])))


def _options(answer: Mapping[str, Any]) -> frozenset[TagOption]:
    return frozenset(TagOption(each["Key"], each["Value"]) for each in answer.get("TagOptions", []))


def _canonical(parameters: str) -> str:
    return json.dumps(json.loads(parameters), sort_keys=True, separators=(",", ":"))
