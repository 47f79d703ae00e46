"""What a request to Service Catalog asks of IAM, by the service authorization reference.

Portfolios and products are asked about by ARN, under the prefix `catalog`, with their tags; provisioned products have no
resource level, and are told by `servicecatalog:userLevel`, `roleLevel` and `accountLevel`. All else is asked on `*`.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsservicecatalog.html
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from generator.local.authorization.question import Question, tag_keys, tags_on
from generator.local.iam.conditions import Value
from generator.local.service import Call
from generator.local.transaction import Tx

# The parameters that name what an operation is about, in the order in which they are looked for.
_PORTFOLIO = ("PortfolioId", "Id")
_PRODUCT = ("ProductId", "Id")
_ON_PORTFOLIOS = frozenset(
    [
        "AcceptPortfolioShare", "AssociatePrincipalWithPortfolio", "CreatePortfolio", "CreatePortfolioShare",
        "DeletePortfolio", "DeletePortfolioShare", "DescribePortfolio", "DescribePortfolioShares",
        "DisassociatePrincipalFromPortfolio", "ListPortfolioAccess", "ListPrincipalsForPortfolio",
        "RejectPortfolioShare", "UpdatePortfolio", "UpdatePortfolioShare",
    ]
)  # fmt: skip
_ON_PRODUCTS = frozenset(
    [
        "AssociateServiceActionWithProvisioningArtifact", "CreateConstraint", "CreateProduct",
        "CreateProvisioningArtifact", "DeleteProduct", "DeleteProvisioningArtifact", "DescribeProduct",
        "DescribeProductAsAdmin", "DescribeProvisioningArtifact", "DescribeProvisioningParameters",
        "DisassociateServiceActionFromProvisioningArtifact", "ImportAsProvisionedProduct", "ListLaunchPaths",
        "ListPortfoliosForProduct", "ListProvisioningArtifacts", "ListServiceActionsForProvisioningArtifact",
        "ProvisionProduct", "UpdateProduct", "UpdateProvisioningArtifact",
    ]
)  # fmt: skip
# Of a portfolio or a product, which the id tells.
_ON_EITHER = frozenset({"AssociateTagOptionWithResource", "DisassociateTagOptionFromResource"})
# Lists whose AccessLevelFilter says how far the caller wants to see.
_LISTS = frozenset(
    {
        "ListProvisionedProductPlans",
        "ListRecordHistory",
        "ScanProvisionedProducts",
        "SearchProvisionedProducts",
    }
)
_LEVELLED = _LISTS | frozenset(
    [
        "CreateProvisionedProductPlan", "DeleteProvisionedProductPlan", "DescribeProvisionedProduct",
        "DescribeProvisionedProductPlan", "DescribeRecord", "DescribeServiceActionExecutionParameters",
        "ExecuteProvisionedProductPlan", "ExecuteProvisionedProductServiceAction",
        "ListServiceActionsForProvisioningArtifact", "ListStackInstancesForProvisionedProduct",
        "TerminateProvisionedProduct", "UpdateProvisionedProduct",
    ]
)  # fmt: skip
_LEVELS = {"Account": ("account",), "Role": ("account", "role"), "User": ("account", "role", "user")}
# Whose a request about one provisioned product is: by parameter, the table and the column that it is in.
_OWNED = (
    ("ProvisionedProductId", "sc_provisioned", "id"),
    ("ProvisionedProductName", "sc_provisioned", "name"),
    ("PlanId", "sc_plan", "id"),
)


def questions(call: Call) -> Iterator[Question]:
    """The permissions of one request."""
    action = f"servicecatalog:{call.operation}"
    context: dict[str, Value] = {}
    if call.operation in ("CreatePortfolio", "UpdatePortfolio", "CreateProduct", "UpdateProduct"):
        sent = [*call.params.get("Tags", []), *call.params.get("AddTags", [])]
        context |= tag_keys({tag["Key"]: tag["Value"] for tag in sent})
    if call.operation in _LEVELLED:
        context |= {f"servicecatalog:{level}Level": "self" for level in _levels(call)}
    kind, ident = _about(call)
    if not kind:
        yield Question(action, "*", context)
        return
    owner = call.tx.value(f"SELECT account FROM sc_{kind} WHERE id=?", ident)  # noqa: S608 - our own names
    resource = f"arn:{call.partition}:catalog:{call.region}:{owner or call.account}:{kind}/{ident or '*'}"
    # A shared portfolio or product is the hub's by its ARN, and yet the caller's own account alone is asked.
    yield Question(action, resource, context | tags_on(_tags(call.tx, ident)), call.account)


def _about(call: Call) -> tuple[str, str]:
    """Whether a request is about a portfolio or a product, and its id; what is to be made has none."""
    if call.operation in _ON_EITHER:
        ident = call.params["ResourceId"]
        return ("portfolio" if ident.startswith("port-") else "product"), ident
    if call.operation in _ON_PORTFOLIOS:
        return "portfolio", _named(call, _PORTFOLIO)
    if call.operation in _ON_PRODUCTS:
        return "product", _named(call, _PRODUCT) or _by_name(call)
    return "", ""


def _named(call: Call, parameters: tuple[str, ...]) -> str:
    return next((str(call.params[name]) for name in parameters if call.params.get(name)), "")


def _by_name(call: Call) -> str:
    """The product of a name, where that is one; which of several is meant the operation itself will ask."""
    name = call.params.get("ProductName") or call.params.get("Name")
    if name is None or call.operation in ("CreateProduct", "UpdateProduct"):
        return ""
    found = call.tx.all("SELECT id FROM sc_product WHERE name=? AND region=?", name, call.region)
    return str(found[0]["id"]) if len(found) == 1 else ""


def _tags(tx: Tx, ident: str) -> Mapping[str, str]:
    return {
        row["key"]: row["value"] for row in tx.all("SELECT key, value FROM sc_tag WHERE resource=?", ident)
    }


def _levels(call: Call) -> tuple[str, ...]:
    """How near the caller is to what a request is about."""
    if call.operation in _LISTS:
        return _LEVELS[call.params.get("AccessLevelFilter", {}).get("Key", "User")]
    row = _owned(call)
    if row is None or row["session"] == call.identity.arn:  # what is not there yet will be the caller's
        return _LEVELS["User"]
    return _LEVELS["Role" if row["owner"] == call.identity.principal else "Account"]


def _owned(call: Call) -> Mapping[str, str] | None:
    places = [(call.params.get(name), table, column) for name, table, column in _OWNED]
    if call.operation == "DescribeRecord":
        places = [(call.params["Id"], "sc_record", "id")]
    elif call.operation == "DescribeProvisionedProduct":
        places = [(call.params.get(name), "sc_provisioned", name.lower()) for name in ("Id", "Name")]
    for value, table, column in places:
        if value:
            row = call.tx.one(
                f"SELECT owner, session FROM {table} WHERE {column}=? AND account=? AND region=?",  # noqa: S608 - our own names
                value,
                call.account,
                call.region,
            )
            return None if row is None else dict(row)
    return None
