"""Service Catalog's limits in one table, adjustable as the real ones are by a support case.

`CATALOG_LIMITS="products=1000 versions=200"` in the environment raises or lowers them.
"""

from __future__ import annotations

import os

from generator.errors import did_you_mean, fail
from generator.local.service import ServiceError

VARIABLE = "CATALOG_LIMITS"

# Of a region unless the name says otherwise (Service Catalog administrator guide, "Service quotas").
LIMITS = {
    "portfolios": 100,
    "products": 350,
    "products_per_portfolio": 150,
    "versions": 100,  # of a product
    "service_actions": 200,
    "service_actions_per_version": 25,
    "principals_per_portfolio": 100,
    "patterns_per_portfolio": 10,  # principals of type IAM_PATTERN
    "principals_per_product": 200,
    "tag_options_per_resource": 25,
    "values_per_tag_option": 25,
    "tags": 20,  # of a portfolio or product
    "constraints": 100,  # of a product in a portfolio
    "accounts_per_share": 5000,
    "budgets_per_resource": 1,
}


def limit(name: str) -> int:
    """The limit in force."""
    return _adjusted(os.environ.get(VARIABLE, "")).get(name, LIMITS[name])


def check(name: str, count: int, what: str) -> None:
    """Refuse what would make `count` things of a kind, the new one included."""
    allowed = limit(name)
    if count > allowed:
        raise ServiceError("LimitExceededException", f"The limit of {allowed} {what} has been reached.")


def _adjusted(text: str) -> dict[str, int]:
    found = {}
    for word in text.replace(",", " ").split():
        name, _, number = word.partition("=")
        if name not in LIMITS:
            raise fail(VARIABLE, f"there is no limit '{name}'", did_you_mean(name, LIMITS))
        if not number.isdecimal():
            raise fail(VARIABLE, f"'{word}' needs a whole number", f"Example: {name}={LIMITS[name] * 2}.")
        found[name] = int(number)
    return found
