"""What the catalogue shall be in one region of a target: bundles and portfolio specs as the values of `model`. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from generator import project_templates
from generator.bundle import Bundle
from generator.catalogue import Catalogue, Portfolio, Product, Target
from generator.errors import Where, fail
from generator.model import Artifact, Constraint, Principal, Share, State, TagOption, Tags
from generator.model import Portfolio as PortfolioState
from generator.model import Product as ProductState
from generator.policies import governance
from generator.spec import IDENTITY_PORTFOLIO, IDENTITY_PRODUCT, Access

_DIGESTS = re.compile(r"sha256:(?P<fingerprint>[0-9a-f]{64})(?: target:(?P<values>[0-9a-f]{16}))?\s*$")


def artifact_description(changelog: str, fingerprint: str, values: str) -> str:
    """The changelog line, then the digests that `digests` reads back."""
    target = f" target:{values}" if values else ""
    return f"{changelog.strip() or 'No changelog.'}\n\nsha256:{fingerprint}{target}"


def digests(description: str) -> tuple[str, str]:
    """Fingerprint and target digest of a published version; empty when someone else wrote its description."""
    match = _DIGESTS.search(description)
    return (match["fingerprint"], match["values"] or "") if match else ("", "")


def state(catalogue: Catalogue, bundles: Sequence[Bundle], target: Target, region: str) -> State:
    """The wanted state of a region. Versions already published, and how they are to be shown, are `plan`'s part."""
    offered = [bundle for bundle in bundles if region in bundle.draft.regions]
    here = [bundle for bundle in offered if "service-catalog" in bundle.product.spec.delivery]
    projects = {
        bundle.id: found
        for bundle in offered
        if (found := project_templates.wanted_of(bundle, catalogue.name, region))
    }
    portfolios = {
        name: _portfolio(portfolio, catalogue.name, target, region)
        for name, portfolio in catalogue.portfolios.items()
    }
    offers = {
        (portfolio, bundle.id): constraints(bundle, catalogue.portfolios[portfolio], target, region)
        for bundle in here
        for portfolio in bundle.product.spec.portfolios
    }
    products = {bundle.id: _product(bundle, catalogue.name, region) for bundle in here}
    wanted: list[PortfolioState | ProductState] = [*portfolios.values(), *products.values()]
    return State(
        region=region,
        bucket=target.bucket(region),
        bucket_exists=True,
        portfolios=portfolios,
        products=products,
        offers=offers,
        roles={role.key: role for each in bundles for role in each.roles}
        if region == target.home_region
        else {},
        tag_options=frozenset(option for each in wanted for option in each.tag_options),
        readers=frozenset(_readers(catalogue, here, target)),
        personas=governance.template(catalogue.name, governance.personas(catalogue, target))
        if region == target.home_region
        else "",
        projects=projects,
        studio_reads=bool(projects),
        studio_domains=frozenset(target.spec.studio_domains.get(region, [])) if projects else frozenset(),
    )


def _readers(catalogue: Catalogue, bundles: Sequence[Bundle], target: Target) -> Iterator[str]:
    """Who reads seeds and Lambda packages at launch: accounts, organisations, and units by their organisation's path."""
    with_assets = {name for each in bundles if each.draft.assets for name in each.product.spec.portfolios}
    for portfolio in catalogue.portfolios.values():
        for index, share in enumerate(portfolio.spec.share):
            if share.account == target.spec.account:
                continue
            if not share.ou:
                yield share.account or share.organization
            elif target.spec.organization:
                yield f"{target.spec.organization}/{share.ou}"
            elif portfolio.id in with_assets:
                raise fail(
                    portfolio.where("share", index),
                    f"its products bring assets, which {share.ou} can read only if target '{target.id}' says where the"
                    " unit lies",
                    "Set organization: o-…/r-… (the organisation and its root) in products/targets.yaml.",
                )


def _tags(tags: Mapping[str, str], key: str, identity: str) -> Tags:
    return tuple(sorted({**tags, key: identity}.items()))


def _options(options: Mapping[str, Iterable[str]]) -> frozenset[TagOption]:
    return frozenset(TagOption(key, value) for key, values in options.items() for value in values)


def _portfolio(portfolio: Portfolio, catalogue: str, target: Target, region: str) -> PortfolioState:
    spec = portfolio.spec
    return PortfolioState(
        id=portfolio.id,
        name=spec.name,
        provider=spec.provider,
        description=spec.description,
        tags=_tags(spec.tags, IDENTITY_PORTFOLIO, f"{catalogue}/{portfolio.id}"),
        tag_options=_options(spec.tag_options),
        principals=frozenset(
            _principal(access, target, region, portfolio.where("access", index))
            for index, access in enumerate(spec.access)
        ),
        shares=frozenset(
            Share(
                "ACCOUNT" if share.account else "ORGANIZATIONAL_UNIT" if share.ou else "ORGANIZATION",
                share.account or share.ou or share.organization,
                share.principals,
                share.tag_options,
            )
            for share in spec.share
            if share.account != target.spec.account
        ),
    )


def _principal(access: Access, target: Target, region: str, where: Where) -> Principal:
    if access.pattern:
        return Principal(access.pattern, "IAM_PATTERN")
    if access.arn:
        return Principal(target.expand(access.arn, region, where))
    kind = "role" if access.role else "user" if access.user else "group"
    name = access.role or access.user or access.group
    return Principal(f"arn:{target.partition}:iam::{target.spec.account}:{kind}/{name}")


def _product(bundle: Bundle, catalogue: str, region: str) -> ProductState:
    spec = bundle.product.spec
    values = bundle.draft.values.get(region, "")
    artifact = Artifact(
        version=spec.version,
        description=artifact_description(spec.changelog, bundle.draft.fingerprint, values),
        fingerprint=bundle.draft.fingerprint,
        values=values,
        active=spec.version not in spec.inactive_versions,
        guidance="DEPRECATED" if spec.version in spec.deprecated_versions else "DEFAULT",
    )
    return ProductState(
        id=bundle.id,
        name=spec.name,
        owner=spec.owner,
        description=spec.description,
        distributor=spec.distributor,
        support_description=spec.support.description,
        support_email=spec.support.email,
        support_url=spec.support.url,
        tags=_tags(spec.tags, IDENTITY_PRODUCT, f"{catalogue}/{bundle.id}"),
        tag_options=_options(spec.tag_options),
        artifacts={spec.version: artifact},
    )


def constraints(bundle: Bundle, portfolio: Portfolio, target: Target, region: str) -> frozenset[Constraint]:
    """The constraints of a product in a portfolio."""
    spec = bundle.product.spec
    wanted = []
    launch = _launch(bundle, portfolio, target, region)
    if launch:
        wanted.append(_constraint("LAUNCH", launch))
    if spec.constraints.notify:
        topics = [
            target.expand(topic, region, bundle.product.where("constraints", "notify"))
            for topic in spec.constraints.notify
        ]
        wanted.append(_constraint("NOTIFICATION", {"NotificationArns": topics}))
    if spec.constraints.tag_updates == "allowed":
        wanted.append(
            _constraint(
                "RESOURCE_UPDATE",
                {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}},
            )
        )
    if spec.constraints.rules:
        wanted.append(_constraint("TEMPLATE", {"Rules": spec.constraints.rules}))
    return frozenset(wanted)


def _launch(bundle: Bundle, portfolio: Portfolio, target: Target, region: str) -> dict[str, str] | None:
    launch = bundle.product.spec.launch
    if launch.arn:
        return {"RoleArn": target.expand(launch.arn, region, bundle.product.where("launch", "arn"))}
    if launch.local_name:
        return {"LocalRoleName": launch.local_name}
    if bundle.role is None:
        return None
    if portfolio.spec.share:  # a hub's RoleArn would make the spokes' launches create their stacks in the hub
        return {"LocalRoleName": bundle.role.name}
    return {"RoleArn": f"arn:{target.partition}:iam::{target.spec.account}:role/{bundle.role.name}"}


def _constraint(kind: str, parameters: Mapping[str, object]) -> Constraint:
    return Constraint(kind, json.dumps(parameters, sort_keys=True, separators=(",", ":")))


def warnings(catalogue: Catalogue, products: Iterable[Product], target: Target) -> list[str]:
    """What works, but surprises people who run it."""
    notes = []
    products = list(products)
    for product in products:
        spec = product.spec
        if len(spec.portfolios) > 1:
            notes.append(
                f"{product.where('portfolios')}: reachable through {len(spec.portfolios)} portfolios: a launch has to"
                " name its path (PathId), in SageMaker's CreateProject too."
            )
    for portfolio in catalogue.portfolios.values():
        receivers = ", ".join(
            share.account or share.ou or share.organization for share in portfolio.spec.share
        )
        if receivers and any(portfolio.id in each.spec.portfolios for each in products):
            brought = (
                "deploy build/<id>/launch-role.json there (catalog build), and accept the share."
                if target.spec.spoke_roles == "by-hand"
                else "a stack set brings it there; accounts named one by one accept the share."
            )
            notes.append(
                f"{portfolio.where('share')}: in {receivers} its products launch under a role of that account: {brought}"
            )
        if any(share.principals for share in portfolio.spec.share):
            notes.append(
                f"{portfolio.where('share')}: principals are shared by name: whoever can create a role of that name in"
                " a receiving account gets in."
            )
    return notes
