"""Which products of a portfolio its people launch: those of no team, and those of their own. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.catalogue import Product, Target
from generator.launch_role import Grant
from generator.policies.policy import PARTITION, equals
from generator.spec import IDENTITY_PRODUCT, TEAM

_VALUES = 25  # of one condition, so that a statement stays far below a policy's size
_LAUNCH = (
    "servicecatalog:DescribeProduct",
    "servicecatalog:DescribeProvisioningArtifact",
    "servicecatalog:DescribeProvisioningParameters",
    "servicecatalog:ListLaunchPaths",
    "servicecatalog:ProvisionProduct",
)


def launching(offered: Iterable[Product], catalogue: str, target: Target, team: str) -> Iterator[Grant]:
    """Launching, by the tags of the product: one statement for those open to all, one for those of a team.

    A portfolio's own `team` is a fixed value; otherwise it is the tag of the principal.
    """
    by_team: dict[bool, list[str]] = {}
    for product in offered:
        by_team.setdefault(bool(team) or TEAM in product.spec.tags, []).append(f"{catalogue}/{product.id}")
    for teams, names in by_team.items():
        own_team = equals(f"aws:ResourceTag/{TEAM}", team or f"${{aws:PrincipalTag/{TEAM}}}")
        for start in range(0, len(names), _VALUES):
            part = equals(f"aws:ResourceTag/{IDENTITY_PRODUCT}", *sorted(names)[start : start + _VALUES])
            where = tuple(sorted((part, own_team))) if teams else (part,)
            for region in target.spec.regions:
                # The hub's own, in every account that the portfolio is shared with.
                arn = f"arn:{PARTITION}:catalog:{region}:{target.spec.account}:product/*"
                yield from (Grant(action, arn, where) for action in _LAUNCH)
