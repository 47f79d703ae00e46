"""SageMaker's second way to project templates: objects in S3 instead of Service Catalog products. Pure.

The facts are those of the SageMaker developer guide ("templates in an S3 bucket"): the object's tag makes it visible in
Studio, the domain's tag says where to look, a launch role that trusts CloudFormation is named by the user. What is
published is frozen here as in Service Catalog: a version's object is written once, and hidden instead of deleted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from generator import changes as c
from generator.bundle import Bundle
from generator.catalogue import Target
from generator.errors import FactoryError, Problem
from generator.launch_role import Delivery, role_name
from generator.model import Artifact, ProjectTemplate, State
from generator.spec import IDENTITY_PRODUCT, ProductSpec
from generator.template_diff import Comparison
from generator.version import Conflict, Keep, decide

PREFIX = "sagemaker-projects/"
VISIBLE = "sagemaker:studio-visibility"
LOCATION = "sagemaker:projectS3TemplatesLocation"
_VERSION, _FINGERPRINT, _VALUES = "catalog:version", "catalog:sha256", "catalog:target"


def key(product: str, version: str) -> str:
    """The object of a version; its name is what Studio shows, and stays free of digests."""
    return f"{PREFIX}{product}-{version}.yaml"


def location(bucket: str) -> str:
    return f"s3://{bucket}/{PREFIX}"


def tags(template: ProjectTemplate) -> dict[str, str]:
    """The tags of a version's object, which `template_of` reads back."""
    return {
        IDENTITY_PRODUCT: template.identity,
        _VERSION: template.version,
        _FINGERPRINT: template.fingerprint,
        **({_VALUES: template.values} if template.values else {}),
        VISIBLE: "true" if template.visible else "false",
    }


def template_of(catalogue: str, found: Mapping[str, str]) -> tuple[str, ProjectTemplate] | None:
    """Product and version of an object by its tags; None for what is not this catalogue's."""
    identity = found.get(IDENTITY_PRODUCT, "")
    owner, _, product = identity.partition("/")
    if owner != catalogue or _VERSION not in found:
        return None
    digests = found.get(_FINGERPRINT, ""), found.get(_VALUES, "")
    return product, ProjectTemplate(identity, found[_VERSION], *digests, found.get(VISIBLE) == "true")


def wanted_of(bundle: Bundle, catalogue: str, region: str) -> dict[str, ProjectTemplate]:
    """The declared version, where the product is delivered this way."""
    spec = bundle.product.spec
    if "sagemaker-s3" not in spec.delivery:
        return {}
    values = bundle.draft.values.get(region, "")
    identity, shown = f"{catalogue}/{bundle.id}", _shown(spec, spec.version)
    return {spec.version: ProjectTemplate(identity, spec.version, bundle.draft.fingerprint, values, shown)}


def _shown(spec: ProductSpec, version: str) -> bool:
    return version not in spec.deprecated_versions and version not in spec.inactive_versions


def spec_of(bundle: Bundle | None) -> ProductSpec | None:
    """The spec of a product that is delivered this way; None where it no longer is, or is gone."""
    return bundle.product.spec if bundle and "sagemaker-s3" in bundle.product.spec.delivery else None


def offered(states: Iterable[State], product: str, spec: ProductSpec | None) -> frozenset[str]:
    """The versions that Studio shows, and those that it will show again as the YAML says."""
    return frozenset(
        version
        for version, there in _published(states, product)
        if there.visible or (spec is not None and _shown(spec, version))
    )


def living(states: Iterable[State], product: str, spec: ProductSpec | None) -> frozenset[str]:
    """The versions that a project may be updated to, hidden ones included: all that the YAML does not call inactive."""
    inactive = spec.inactive_versions if spec else ()
    return frozenset(version for version, _ in _published(states, product) if version not in inactive)


def offered_again(states: Iterable[State], product: str, spec: ProductSpec | None) -> frozenset[str]:
    """Hidden versions that the YAML shows again."""
    return frozenset(
        version
        for version, there in _published(states, product)
        if not there.visible and spec is not None and _shown(spec, version)
    )


def _published(states: Iterable[State], product: str) -> Iterator[tuple[str, ProjectTemplate]]:
    for state in states:
        yield from state.projects.get(product, {}).items()


def versions(state: State, product: str) -> Mapping[str, Artifact]:
    """The versions of a product: Service Catalog's, or its project templates where that does not have it."""
    if product in state.products:
        return state.products[product].artifacts
    return {version: _as_artifact(each) for version, each in state.projects.get(product, {}).items()}


def diff(
    wanted: State,
    observed: State,
    bundles: Mapping[str, Bundle],
    compared: Mapping[str, Comparison],
    *,
    selected: bool,
) -> tuple[list[c.Change], list[tuple[str, ProjectTemplate]]]:
    """The changes of one region, and what is published as it is.

    Raises FactoryError naming the version to use where one is in conflict.
    """
    changes: list[c.Change] = []
    unchanged: list[tuple[str, ProjectTemplate]] = []
    problems: list[Problem] = []
    region = wanted.region
    if wanted.projects and not observed.studio_reads:
        changes.append(c.AllowStudio(region, wanted.bucket))
    for name in sorted(wanted.projects):
        (template,) = wanted.projects[name].values()
        published = observed.projects.get(name, {})
        there = {each.version: _as_artifact(each) for each in published.values()}
        differs = compared.get(name) if there else None
        decision = decide(template.version, template.fingerprint, template.values, there, differs)
        if isinstance(decision, Conflict):
            where = bundles[name].product.where("version")
            problems.append(Problem(where, decision.reason, f"Raise the version to {decision.use}."))
            continue
        if isinstance(decision, Keep):
            unchanged.append((name, template))
        else:
            changes.append(c.PublishProjectTemplate(region, name, template, key(name, template.version)))
        changes += _shows(region, name, published, bundles[name].product.spec)
    if problems:
        raise FactoryError(*problems)
    if not selected:
        for name in sorted(observed.projects.keys() - wanted.projects.keys()):
            changes += _shows(region, name, observed.projects[name], None)
    changes += [
        c.SetTemplatesLocation(region, domain, location(wanted.bucket))
        for domain in sorted(wanted.studio_domains - observed.studio_domains)
    ]
    return changes, unchanged


def _as_artifact(template: ProjectTemplate) -> Artifact:
    return Artifact(template.version, "", template.fingerprint, template.values, active=template.visible)


def _shows(
    region: str, product: str, published: Mapping[str, ProjectTemplate], spec: ProductSpec | None
) -> Iterator[c.Change]:
    """Visibility of the versions that are there; without a spec the product has left YAML, and none is shown."""
    for version, there in sorted(published.items()):
        shown = spec is not None and _shown(spec, version)
        if there.visible != shown:
            yield c.ShowProjectTemplate(region, product, replace(there, visible=shown), key(product, version))


def notes(bundles: Mapping[str, Bundle], target: Target, region: str, catalogue: str) -> Iterator[str]:
    """What people have to know or do that publishing cannot do for them."""
    delivered = [
        name
        for name, bundle in sorted(bundles.items())
        if "sagemaker-s3" in bundle.product.spec.delivery and region in bundle.draft.regions
    ]
    for name in delivered:
        spec = bundles[name].product.spec
        role = f"arn:{target.partition}:iam::{target.spec.account}:role/{role_name(catalogue, name, Delivery.SAGEMAKER)}"
        yield f"{region}: in SageMaker Studio, {name} is made with the role {role}"
        if spec.constraints.rules or spec.constraints.notify:
            where = bundles[name].product.where("constraints")
            yield f"{where}: rules and notifications hold in Service Catalog, not for templates that Studio reads from S3."
    if delivered and not target.spec.studio_domains.get(region):
        yield (
            f"{region}: SageMaker domains find the project templates by the tag {LOCATION}={location(target.bucket(region))};"
            " name them as `studio_domains:` of the target, or set it by hand."
        )
