"""AWS Service Catalog: portfolios, products, versions and what governs them, as rows of the local AWS's state.

Each module owns a few operations; importing it registers them. What no module offers is answered with an error that
says so.
"""

from generator.local.servicecatalog import (
    artifacts,
    browse,
    budgets,
    constraints,
    copies,
    engines,
    imports,
    launch_paths,
    plans,
    portfolios,
    principals,
    products,
    provisioned,
    provisioning,
    records,
    search,
    service_actions,
    shares,
    tag_options,
)
from generator.local.servicecatalog.catalog import SERVICE

__all__ = [
    "SERVICE",
    "artifacts",
    "browse",
    "budgets",
    "constraints",
    "copies",
    "engines",
    "imports",
    "launch_paths",
    "plans",
    "portfolios",
    "principals",
    "products",
    "provisioned",
    "provisioning",
    "records",
    "search",
    "service_actions",
    "shares",
    "tag_options",
]
