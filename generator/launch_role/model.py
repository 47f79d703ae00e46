"""The nouns of launch roles: what is granted, why, to which role, and for which catalogue it is worked out.

Plain values; nothing here knows a schema, an action table or CloudFormation's resource syntax.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Any

ROLE_NAME_LIMIT = 64
PRODUCT_TAG = "catalog:product"

Condition = tuple[str, str, tuple[str, ...]]


class Delivery(StrEnum):
    """How a product's stack comes about; it decides the stack's name and who assumes the role."""

    SERVICE_CATALOG = "service-catalog"
    SAGEMAKER = "sagemaker"


@dataclass(frozen=True, order=True)
class Grant:
    """One action on one ARN pattern.

    Patterns and condition values may hold `${AWS::Partition}` and `${AWS::AccountId}`, for Fn::Sub. Conditions are
    (operator, key, values), sorted, so that equal grants compare equal.
    """

    action: str
    resource: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, order=True)
class Reason:
    """Why a grant is there: the resource, its handler, and the property or source that asks for it."""

    grant: Grant
    logical_id: str
    resource_type: str
    handler: str
    because: str


@dataclass(frozen=True)
class LaunchRole:
    """The role that launches one product, in every account, for every version that anybody may still run."""

    name: str
    catalogue: str
    product: str
    grants: frozenset[Grant]
    regions: tuple[str, ...]
    boundary: str | None = None
    launch_boundary: str | None = None
    delivery: Delivery = Delivery.SERVICE_CATALOG

    @property
    def key(self) -> str:
        """The product's id; the variant for SageMaker's S3 delivery is a role beside it."""
        return (
            self.product if self.delivery is Delivery.SERVICE_CATALOG else f"{self.product}@{self.delivery}"
        )


@dataclass(frozen=True)
class Scope:
    """What a synthesis needs to know besides the template.

    `boundary` is the policy (name or ARN) that every role made by a product must carry; `launch_boundary` the one on
    the launch role itself. `assets` are `<bucket>/<key>` of the zips that the template reads, pseudo parameters and
    `*` allowed; `asset_keys` the ARNs of customer KMS keys that encrypt them. `nested` holds the templates of nested
    stacks by logical id; `inside` is set while one of them is worked out.
    """

    catalogue: str
    product: str
    regions: tuple[str, ...]
    boundary: str | None = None
    assets: tuple[str, ...] = ()
    asset_keys: tuple[str, ...] = ()
    launch_boundary: str | None = None
    delivery: Delivery = Delivery.SERVICE_CATALOG
    nested: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    inside: bool = False

    @property
    def region(self) -> str:
        """The region field of an ARN: one role serves all regions, so that several can only be a wildcard."""
        return self.regions[0] if len(self.regions) == 1 else "*"

    @property
    def asset_paths(self) -> tuple[str, ...]:
        """The assets in each region: the roles' stack has a region of its own, which a pseudo parameter would give."""
        return tuple(
            sorted(
                {asset.replace("${AWS::Region}", region) for asset in self.assets for region in self.regions}
            )
        )

    @property
    def stack_name(self) -> str:
        """The pattern of the stack's name, chosen by the service that launches it."""
        return "SC-${AWS::AccountId}-pp-*" if self.delivery is Delivery.SERVICE_CATALOG else "SP-*"

    @property
    def tag(self) -> Condition | None:
        """(key, value) of the identity tag that Service Catalog puts on everything it provisions of this product.

        SageMaker's S3 delivery creates the stack itself and knows nothing of a product's tags.
        """
        if self.delivery is not Delivery.SERVICE_CATALOG:
            return None
        return ("StringEquals", PRODUCT_TAG, (f"{self.catalogue}/{self.product}",))


def role_name(catalogue: str, product: str, delivery: Delivery = Delivery.SERVICE_CATALOG) -> str:
    """The name of a product's launch role, the same in every account; a long one ends in a digest of the whole.

    The role's path is "/", because a launch constraint's LocalRoleName is a bare name.
    """
    name = f"catalog-launch-{catalogue}-{product}"
    if delivery is Delivery.SAGEMAKER:
        name += "-sp"
    if len(name) <= ROLE_NAME_LIMIT:
        return name
    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name[: ROLE_NAME_LIMIT - 9].rstrip('-')}-{digest}"


def merge(older: LaunchRole, newer: LaunchRole) -> LaunchRole:
    """The role that covers both: all grants and regions of the two; the boundaries are the newer's."""
    if older.name != newer.name:
        raise ValueError(f"{older.name} and {newer.name} are different roles")
    return replace(
        newer,
        grants=older.grants | newer.grants,
        regions=tuple(sorted({*older.regions, *newer.regions})),
    )


def conditions(parts: Iterable[Condition | None]) -> tuple[Condition, ...]:
    """Conditions in their one order, without the absent ones."""
    return tuple(sorted({part for part in parts if part is not None}))
