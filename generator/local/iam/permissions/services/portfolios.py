"""What Service Catalog's own resources need, reviewed by hand. Owns facts only.

Portfolios and products are asked about under the prefix `catalog` of their ARNs; associations and tag options have no
resource level at all.
"""

from __future__ import annotations

from generator.local.iam.permissions.review import Call, Place, Reviewed, authorization, passes

_PAGE = authorization("awsservicecatalog")
_ARN = "arn:{partition}:catalog:{region}:{account}:"
_ROLE = "https://docs.aws.amazon.com/servicecatalog/latest/adminguide/constraints-launch.html"
_TEMPLATE = "https://docs.aws.amazon.com/servicecatalog/latest/adminguide/catalogs_products.html"
_PORTFOLIO, _PRODUCT = _ARN + "portfolio/{PortfolioId}", _ARN + "product/{ProductId}"


def _template(url: str, place: Place) -> str:
    """The object behind https://<bucket>.s3[.<region>].amazonaws.com/<key>."""
    host, _, key = url.partition("://")[2].partition("/")
    return f"arn:{place.partition}:s3:::{host.partition('.s3')[0]}/{key}"


PORTFOLIO = Reviewed(
    "AWS::ServiceCatalog::Portfolio",
    _ARN + "portfolio/{name}",
    _PAGE,
    (
        Call("servicecatalog:CreatePortfolio", "c", tagging="sends"),
        Call("servicecatalog:DescribePortfolio", "rd"),
        Call("servicecatalog:UpdatePortfolio", "u"),
        Call("servicecatalog:DeletePortfolio", "d"),
    ),
)

_VERSIONS = "ProvisioningArtifactParameters"
PRODUCT = Reviewed(
    "AWS::ServiceCatalog::CloudFormationProduct",
    _ARN + "product/{name}",
    _PAGE,
    (
        Call("servicecatalog:CreateProduct", "c", tagging="sends"),
        Call(
            "s3:GetObject",
            "cu",
            "{each}",
            each=f"{_VERSIONS}[].Info.LoadTemplateFromURL",
            to=_template,
            changed=(_VERSIONS,),
            source=_TEMPLATE,
        ),
        Call("cloudformation:ValidateTemplate", "cu", "*", changed=(_VERSIONS,), source=_TEMPLATE),
        Call("servicecatalog:DescribeProductAsAdmin", "crd"),
        Call("servicecatalog:ListProvisioningArtifacts", "r"),
        Call("servicecatalog:DescribeProvisioningArtifact", "cru"),
        Call("servicecatalog:UpdateProduct", "u"),
        Call("servicecatalog:CreateProvisioningArtifact", "u", changed=(_VERSIONS,)),
        Call("servicecatalog:UpdateProvisioningArtifact", "u", changed=(_VERSIONS,)),
        Call("servicecatalog:DeleteProvisioningArtifact", "u", changed=(_VERSIONS,)),
        Call("servicecatalog:DeleteProduct", "d"),
    ),
)

PRODUCT_ASSOCIATION = Reviewed(
    "AWS::ServiceCatalog::PortfolioProductAssociation",
    _PORTFOLIO,
    _PAGE,
    (
        Call("servicecatalog:AssociateProductWithPortfolio", "c", "*"),
        Call("servicecatalog:ListPortfoliosForProduct", "cr", _PRODUCT),
        Call("servicecatalog:DisassociateProductFromPortfolio", "d", "*"),
    ),
    tags="",
)

PRINCIPAL_ASSOCIATION = Reviewed(
    "AWS::ServiceCatalog::PortfolioPrincipalAssociation",
    _PORTFOLIO,
    _PAGE,
    (
        Call("servicecatalog:AssociatePrincipalWithPortfolio", "c"),
        Call("servicecatalog:ListPrincipalsForPortfolio", "cr"),
        Call("servicecatalog:DisassociatePrincipalFromPortfolio", "d"),
    ),
    tags="",
)

SHARE = Reviewed(
    "AWS::ServiceCatalog::PortfolioShare",
    _PORTFOLIO,
    _PAGE,
    (
        Call("servicecatalog:CreatePortfolioShare", "c"),
        Call("servicecatalog:DescribePortfolioShares", "cr"),
        Call("servicecatalog:UpdatePortfolioShare", "u"),
        Call("servicecatalog:DeletePortfolioShare", "d"),
    ),
    tags="",
)


def _constraint(kind: str, *, role: bool = False, updated: bool = True) -> Reviewed:
    calls = (
        Call("servicecatalog:CreateConstraint", "c", _PRODUCT),
        *(
            (passes("RoleArn", "servicecatalog.amazonaws.com", "cu", changed=("RoleArn",), source=_ROLE),)
            if role
            else ()
        ),
        Call("servicecatalog:DescribeConstraint", "r", "*"),
        *((Call("servicecatalog:UpdateConstraint", "u", "*"),) if updated else ()),
        Call("servicecatalog:DeleteConstraint", "d", "*"),
    )
    return Reviewed(f"AWS::ServiceCatalog::{kind}Constraint", _PRODUCT, _PAGE, calls, tags="")


TAG_OPTION = Reviewed(
    "AWS::ServiceCatalog::TagOption",
    "*",
    _PAGE,
    (
        Call("servicecatalog:CreateTagOption", "c", "*"),
        Call("servicecatalog:DescribeTagOption", "r", "*"),
        Call("servicecatalog:UpdateTagOption", "u", "*"),
        Call("servicecatalog:DeleteTagOption", "d", "*"),
    ),
    tags="",
)


def _tag_option_call(action: str, at: str, kind: str, prefix: str) -> Call:
    """The resource is a portfolio or a product, which its id tells."""
    return Call(
        f"servicecatalog:{action}TagOption{'With' if action == 'Associate' else 'From'}Resource",
        at,
        f"{_ARN}{kind}/{{each}}",
        each="ResourceId",
        only=prefix,
    )


TAG_OPTION_ASSOCIATION = Reviewed(
    "AWS::ServiceCatalog::TagOptionAssociation",
    "*",
    _PAGE,
    (
        *(
            _tag_option_call(action, at, kind, prefix)
            for kind, prefix in (("portfolio", "port-"), ("product", "prod-"))
            for action, at in (("Associate", "c"), ("Disassociate", "d"))
        ),
        Call("servicecatalog:ListResourcesForTagOption", "r", "*"),
    ),
    tags="",
)

PROVISIONED = Reviewed(
    "AWS::ServiceCatalog::CloudFormationProvisionedProduct",
    _PRODUCT,
    _PAGE,
    (
        Call("servicecatalog:ProvisionProduct", "c", tagging="sends"),
        Call("servicecatalog:DescribeRecord", "cu", "*"),
        Call("servicecatalog:DescribeProvisionedProduct", "rd", "*"),
        Call("servicecatalog:GetProvisionedProductOutputs", "r", "*"),
        Call("servicecatalog:UpdateProvisionedProduct", "u", "*"),
        Call("servicecatalog:TerminateProvisionedProduct", "d", "*"),
    ),
)

TYPES = (
    PORTFOLIO,
    PRODUCT,
    PRODUCT_ASSOCIATION,
    PRINCIPAL_ASSOCIATION,
    SHARE,
    _constraint("LaunchRole", role=True),
    _constraint("LaunchNotification"),
    _constraint("LaunchTemplate"),
    _constraint("ResourceUpdate"),
    _constraint("StackSet"),
    TAG_OPTION,
    TAG_OPTION_ASSOCIATION,
    PROVISIONED,
)
