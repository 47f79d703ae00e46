"""The plan: the difference between the wanted and the observed catalogue, as a value with a checksum. Pure.

Order matters to AWS: bucket, role stack, TagOptions, portfolios, products, associations, constraints, TagOption
associations, principals, shares; a constraint goes before the association it stands on.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from generator import changes as c
from generator import project_templates
from generator.bundle import Bundle
from generator.catalogue import Product as LoadedProduct
from generator.errors import FactoryError, Problem, Refused, Where
from generator.model import Artifact, Portfolio, State, TagOption, Tags
from generator.spec import FORMAT
from generator.template_diff import Comparison
from generator.version import Conflict, Keep, decide

LIMIT_FROM = 10  # products that exist; below it everything may change at once
LIMIT_SHARE = 0.30


@dataclass(frozen=True)
class Unchanged:
    """A product version that is already published as it is."""

    region: str
    product: str
    version: str
    fingerprint: str


@dataclass(frozen=True)
class Plan:
    """What publishing would do. `existing` counts the products that are there, for the safety limit."""

    catalogue: str
    target: str
    account: str
    changes: tuple[c.Change, ...]
    unchanged: tuple[Unchanged, ...]
    notes: tuple[str, ...]
    existing: int
    generation: int  # of the release record it was made against

    @property
    def checksum(self) -> str:
        """Of everything that applying it would do, and of the state it was made against."""
        return sha256(json.dumps(self._essence(), sort_keys=True).encode()).hexdigest()

    def _essence(self) -> dict[str, Any]:
        return {
            "catalogue": self.catalogue,
            "target": self.target,
            "account": self.account,
            "generation": self.generation,
            "changes": [change.as_json() for change in self.changes],
        }

    def as_json(self) -> dict[str, Any]:
        unchanged = [vars(each) for each in self.unchanged]
        return {
            "format": FORMAT,
            **self._essence(),
            "unchanged": unchanged,
            "notes": list(self.notes),
            "existing": self.existing,
            "checksum": self.checksum,
        }


def diff(
    wanted: State,
    observed: State,
    bundles: Mapping[str, Bundle],
    *,
    compared: Mapping[str, Comparison],
    stacks: Sequence[c.DeployLaunchRoles | c.DeploySpokeRoles],
    selected: bool,
) -> tuple[list[c.Change], list[Unchanged]]:
    """The changes of one region, in the order to perform them.

    `compared`: by product, what differs from the published version that the new one is measured against.
    `selected`: only some products were named, so that nothing else is touched, portfolios that exist included.
    Raises FactoryError naming the version to use where one is in conflict.
    """
    region = wanted.region
    changes: list[c.Change] = []
    if not observed.bucket_exists:
        changes.append(c.CreateBucket(region, wanted.bucket))
    readers = observed.readers | wanted.readers if selected else wanted.readers
    if readers != observed.readers or not observed.bucket_exists:
        changes.append(c.SetBucketPolicy(region, wanted.bucket, tuple(sorted(readers))))
    changes += stacks
    needed = {portfolio for portfolio, _ in wanted.offers}
    portfolios = {
        name: each
        for name, each in wanted.portfolios.items()
        if not selected or (name in needed and name not in observed.portfolios)
    }
    options: set[TagOption] = set()
    for each in portfolios.values():
        options |= each.tag_options
    for product in wanted.products.values():
        options |= product.tag_options
    if not selected and wanted.personas not in ("", observed.personas):
        changes.append(_personas(wanted, observed))
    changes += [c.CreateTagOption(region, option) for option in sorted(options - observed.tag_options)]
    for name in sorted(portfolios):
        changes += _portfolio(region, portfolios[name], observed.portfolios.get(name))
    content, unchanged = _products(wanted, observed, bundles, compared)
    changes += content
    changes += _offers(wanted, observed)
    projects, same = project_templates.diff(wanted, observed, bundles, compared, selected=selected)
    changes += projects
    unchanged += [
        Unchanged(region, name, each.version, each.fingerprint)
        for name, each in same
        if name not in wanted.products  # else it was told already
    ]
    for holder, wanted_all, observed_all in (
        ("portfolio", portfolios, observed.portfolios),
        ("product", wanted.products, observed.products),
    ):
        changes += _tag_options(region, holder, wanted_all, observed_all)
    for name in sorted(portfolios):
        changes += _audience(region, portfolios[name], observed.portfolios.get(name))
    if not selected:
        changes += _absent(wanted, observed)
    return changes, unchanged


def _personas(wanted: State, observed: State) -> c.DeployPersonas:
    before = json.loads(observed.personas)["Resources"] if observed.personas else {}
    after = json.loads(wanted.personas)
    changed = [each["Properties"] for key, each in after["Resources"].items() if before.get(key) != each]
    return c.DeployPersonas(
        wanted.region,
        after["Metadata"]["Stack"],
        bool(observed.personas),
        tuple(sorted((each["ManagedPolicyName"], each["Description"]) for each in changed)),
        sha256(wanted.personas.encode()).hexdigest(),
    )


def _edits(before: Any, after: Any, names: Sequence[str]) -> tuple[c.Field, ...]:
    return tuple(
        (name, str(getattr(before, name)), str(getattr(after, name)))
        for name in names
        if getattr(before, name) != getattr(after, name)
    )


def _tag_edits(before: Tags, after: Tags) -> tuple[c.Field, ...]:
    old, new = dict(before), dict(after)
    return tuple(
        (f"tag {key}", old.get(key, ""), new.get(key, ""))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )


def _portfolio(region: str, wanted: Portfolio, there: Portfolio | None) -> Iterator[c.Change]:
    if there is None:
        yield c.CreatePortfolio(region, wanted)
        return
    edits = _edits(there, wanted, ("name", "provider", "description")) + _tag_edits(there.tags, wanted.tags)
    if edits:
        yield c.UpdatePortfolio(region, wanted, edits)


PRODUCT_FIELDS = (
    "name",
    "owner",
    "description",
    "distributor",
    "support_description",
    "support_email",
    "support_url",
)


def _products(
    wanted: State, observed: State, bundles: Mapping[str, Bundle], compared: Mapping[str, Comparison]
) -> tuple[list[c.Change], list[Unchanged]]:
    changes: list[c.Change] = []
    unchanged: list[Unchanged] = []
    problems: list[Problem] = []
    region = wanted.region
    for name in sorted(wanted.products):
        product, there = wanted.products[name], observed.products.get(name)
        (artifact,) = product.artifacts.values()
        published = there.artifacts if there else {}
        differs = compared.get(name)
        decision = decide(artifact.version, artifact.fingerprint, artifact.values, published, differs)
        if isinstance(decision, Conflict):
            where = bundles[name].product.where("version")
            problems.append(Problem(where, decision.reason, f"Raise the version to {decision.use}."))
            continue
        key = bundles[name].template_key
        if isinstance(decision, Keep):
            unchanged.append(Unchanged(region, name, artifact.version, artifact.fingerprint))
        elif there is None:
            changes.append(c.CreateProduct(region, product, artifact, key))
        else:
            changes.append(c.PublishArtifact(region, name, artifact, key, differs))
        if there:
            edits = _edits(there, product, PRODUCT_FIELDS) + _tag_edits(there.tags, product.tags)
            if edits:
                changes.append(c.UpdateProduct(region, product, edits))
        changes += _artifacts(region, bundles[name].product, artifact, published)
    if problems:
        raise FactoryError(*problems)
    return changes, unchanged


def _artifacts(
    region: str, product: LoadedProduct, current: Artifact, published: Mapping[str, Artifact]
) -> Iterator[c.Change]:
    """Description, visibility and guidance of the versions that are there already."""
    spec = product.spec
    for version, there in sorted(published.items()):
        guidance = "DEPRECATED" if version in spec.deprecated_versions else "DEFAULT"
        description = current.description if version == current.version else there.description
        after = Artifact(
            version,
            description,
            there.fingerprint,
            there.values,
            version not in spec.inactive_versions,
            guidance,
        )
        edits = _edits(there, after, ("description", "active", "guidance"))
        if edits:
            yield c.UpdateArtifact(region, product.id, after, edits)


def _offers(wanted: State, observed: State) -> Iterator[c.Change]:
    """Associations of products with portfolios and the constraints on them."""
    region = wanted.region
    for portfolio, product in sorted(observed.offers):
        if product not in wanted.products or (portfolio, product) in wanted.offers:
            continue
        for constraint in sorted(observed.offers[portfolio, product]):
            yield c.DeleteConstraint(region, product, portfolio, constraint)
        yield c.DisassociateProduct(region, product, portfolio)
    for portfolio, product in sorted(wanted.offers):
        there = observed.offers.get((portfolio, product))
        if there is None:
            yield c.AssociateProduct(region, product, portfolio)
        before = {constraint.type: constraint for constraint in there or ()}
        after = {constraint.type: constraint for constraint in wanted.offers[portfolio, product]}
        for kind in sorted(before.keys() - after.keys()):
            yield c.DeleteConstraint(region, product, portfolio, before[kind])
        for kind in sorted(after):
            if kind not in before:
                yield c.CreateConstraint(region, product, portfolio, after[kind])
            elif before[kind] != after[kind]:
                yield c.UpdateConstraint(region, product, portfolio, after[kind], before[kind].parameters)


def _tag_options(
    region: str, holder: Any, wanted: Mapping[str, Any], observed: Mapping[str, Any]
) -> Iterator[c.Change]:
    for name in sorted(wanted):
        there = observed[name].tag_options if name in observed else frozenset()
        # Removing first keeps a resource within its 25 TagOptions on the way.
        for option in sorted(there - wanted[name].tag_options):
            yield c.DisassociateTagOption(region, holder, name, option)
        for option in sorted(wanted[name].tag_options - there):
            yield c.AssociateTagOption(region, holder, name, option)


def _audience(region: str, wanted: Portfolio, there: Portfolio | None) -> Iterator[c.Change]:
    """Who sees the portfolio: principals, then shares. Last, when what they will see is complete."""
    principals = there.principals if there else frozenset()
    for principal in sorted(principals - wanted.principals):
        yield c.DisassociatePrincipal(region, wanted.id, principal)
    for principal in sorted(wanted.principals - principals):
        yield c.AssociatePrincipal(region, wanted.id, principal)
    before = {(share.type, share.id): share for share in (there.shares if there else ())}
    after = {(share.type, share.id): share for share in wanted.shares}
    for key in sorted(before.keys() - after.keys()):
        yield c.UnsharePortfolio(region, wanted.id, before[key])
    for key in sorted(after):
        if key not in before:
            yield c.SharePortfolio(region, wanted.id, after[key])
        elif before[key] != after[key]:
            yield c.UpdateShare(region, wanted.id, after[key])


def _absent(wanted: State, observed: State) -> Iterator[c.Change]:
    """A product that left YAML is deprecated, never deleted: people run it."""
    for name in sorted(observed.products.keys() - wanted.products.keys()):
        for version, artifact in sorted(observed.products[name].artifacts.items()):
            if artifact.active and artifact.guidance != "DEPRECATED":
                yield c.DeprecateArtifact(
                    wanted.region, name, version, f"products/ no longer offers {name} in {wanted.region}"
                )


def absent_portfolios(wanted: State, observed: State) -> list[str]:
    """Notes on portfolios that left YAML: they stay as they are."""
    return [
        f"{wanted.region}: portfolio {name} is no longer in products/portfolios.yaml; it stays until deleted by hand."
        for name in sorted(observed.portfolios.keys() - wanted.portfolios.keys())
    ]


def namesakes(catalogue: str, observed: Collection[State]) -> list[str]:
    """Notes on catalogues in the account of which one's name begins another's: `acme` and `acme-x`.

    IAM knows launch roles by how their names begin, and catalog-launch-acme-x-y may be either's. Raises Refused before
    the first of two such catalogues' things are made; names that are in use stay, since roles are never renamed.
    """
    near = sorted(
        other
        for other in {each for state in observed for each in state.neighbours}
        if other.startswith(f"{catalogue}-") or catalogue.startswith(f"{other}-")
    )
    if not near:
        return []
    clash = f"this account holds the catalogue {', '.join(near)} too, and one name begins the other"
    if not any(state.portfolios or state.products or state.roles for state in observed):
        raise Refused(
            Problem(
                Where("plan"),
                f"{clash}: a publisher of one could write the launch roles of the other",
                "Give this catalogue another name in products/targets.yaml, or publish it to another account.",
            )
        )
    return [
        f"{clash}: who publishes the shorter one may write the other's launch roles, and products whose"
        " role names would be the same are refused by AWS. Publish one of them to another account."
    ]


def check_limits(plan: Plan) -> None:
    """Refuse a plan that changes a large share of what exists: more often a mistake than an intention."""
    creations = (c.CreateProduct,)
    touched = {
        change.product_id
        for change in plan.changes
        if change.product_id and not isinstance(change, creations)
    }
    created = {change.product_id for change in plan.changes if isinstance(change, creations)}
    touched -= created
    if plan.existing >= LIMIT_FROM and len(touched) > LIMIT_SHARE * plan.existing:
        share = len(touched) / plan.existing
        raise Refused(
            Problem(
                Where("plan"),
                f"{len(touched)} of {plan.existing} products would change ({share:.0%}, limit {LIMIT_SHARE:.0%})",
                "Review the plan, then run again with --force.",
            )
        )
