"""What a catalogue is in one region, desired or observed: frozen values that refer to each other by key.

Keys are the ids of the YAML files; AWS ids never appear here. Nothing is read or decided in this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from generator.launch_role import LaunchRole

Tags = tuple[tuple[str, str], ...]  # sorted by key


@dataclass(frozen=True, order=True)
class TagOption:
    key: str
    value: str


@dataclass(frozen=True, order=True)
class Principal:
    arn: str
    type: str = "IAM"  # or IAM_PATTERN


@dataclass(frozen=True, order=True)
class Share:
    """A portfolio share; `type` is ACCOUNT, ORGANIZATIONAL_UNIT or ORGANIZATION."""

    type: str
    id: str
    principals: bool = False
    tag_options: bool = False


@dataclass(frozen=True, order=True)
class Constraint:
    """`type` as in the API; `parameters` is canonical JSON text, so that equal constraints compare equal."""

    type: str
    parameters: str


@dataclass(frozen=True)
class Artifact:
    """A provisioning artifact: its name is the version, its description carries changelog and digests."""

    version: str
    description: str
    fingerprint: str
    values: str = ""  # digest of Mappings.Catalog; empty when the template takes nothing from the target
    active: bool = True
    guidance: str = "DEFAULT"  # or DEPRECATED


@dataclass(frozen=True)
class ProjectTemplate:
    """A version of a product as SageMaker Studio reads it from S3; a hidden one still serves projects made from it."""

    identity: str  # <catalogue>/<product>
    version: str
    fingerprint: str
    values: str = ""
    visible: bool = True


@dataclass(frozen=True)
class Product:
    id: str
    name: str
    owner: str
    description: str
    distributor: str
    support_description: str
    support_email: str
    support_url: str
    tags: Tags
    tag_options: frozenset[TagOption]
    artifacts: Mapping[str, Artifact] = field(hash=False)


@dataclass(frozen=True)
class Portfolio:
    id: str
    name: str
    provider: str
    description: str
    tags: Tags
    tag_options: frozenset[TagOption]
    principals: frozenset[Principal]
    shares: frozenset[Share]


@dataclass(frozen=True, order=True)
class Launched:
    """A provisioned product. `product` and `version` are ours, empty where it is of something else, or not known."""

    account: str
    name: str
    product: str
    version: str
    role: str = ""  # the name of the launch role that is pinned on it


@dataclass(frozen=True, order=True)
class ProjectStack:
    """A stack that SageMaker made of a project template: the name of the role that is pinned on it, and its template.

    One that is not `settled` may still go back to the template that it had before.
    """

    name: str
    role: str
    settled: bool
    template: str = field(repr=False)


@dataclass(frozen=True)
class SpokeSet:
    """A stack set of launch roles: its roles, the units or accounts it reaches, and accounts where it is not up to date."""

    kind: str
    roles: Mapping[str, LaunchRole] = field(hash=False)
    targets: frozenset[str]
    outdated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class State:
    """One region's part of a catalogue. `offers` maps (portfolio, product) to the product's constraints there."""

    region: str
    bucket: str
    bucket_exists: bool
    portfolios: Mapping[str, Portfolio]
    products: Mapping[str, Product]
    offers: Mapping[tuple[str, str], frozenset[Constraint]]
    roles: Mapping[str, LaunchRole] = field(
        default_factory=dict
    )  # by their keys; in the target's home region only
    placed: Mapping[str, int] = field(
        default_factory=dict
    )  # by product: the number of the stack that holds its role
    tag_options: frozenset[TagOption] = frozenset()  # all that exist there
    readers: frozenset[str] = frozenset()  # accounts and organisations that may read the bucket's assets
    personas: str = ""  # the template of their policies, as JSON; in the target's home region only
    projects: Mapping[str, Mapping[str, ProjectTemplate]] = field(
        default_factory=dict
    )  # for SageMaker, by product and version
    studio_reads: bool = False  # SageMaker Studio's pages may read the bucket
    studio_domains: frozenset[str] = frozenset()  # those that look for project templates there
    neighbours: frozenset[str] = frozenset()  # other catalogues whose portfolios or products are there
    spokes: Mapping[str, SpokeSet] = field(
        default_factory=dict
    )  # by stack set; where the target asks for them
