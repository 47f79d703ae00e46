"""Every error that the model gives to an operation: provoked over the wire, or the reason why it cannot occur here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws, open_state

from .conftest import REGION, SPOKE, Catalog
from .test_contract import MODEL, OPERATIONS, PROTOCOLS, sample, send

NOT_FOUND, INVALID = "ResourceNotFoundException", "InvalidParametersException"
LIMIT, DUPLICATE, IN_USE = "LimitExceededException", "DuplicateResourceException", "ResourceInUseException"
STATE, UNSUPPORTED = "InvalidStateException", "OperationNotSupportedException"
NOT_MIGRATED = "TagOptionNotMigratedException"

ADMINISTRATOR = f"arn:aws:iam::{ACCOUNT}:user/administrator"
ANOTHER = f"arn:aws:iam::{ACCOUNT}:role/another"
TEMPLATE = "Resources: {Topic: {Type: AWS::SNS::Topic}}\n"
RESERVED = [{"Key": "aws:a", "Value": "b"}]
ROLE = json.dumps({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/none"})
TOPICS = json.dumps({"NotificationArns": [f"arn:aws:sns:{REGION}:{ACCOUNT}:t"]})
NODE = {"Type": "ORGANIZATIONAL_UNIT", "Value": "{ou}"}

# Why an error cannot occur, by operation and error.
IDS = "its parameters are ids and values that the model describes: a wrong one is a ValidationException or not found"
UNMIGRATED = "accounts whose TagOptions are not resources yet: there are none any more, and none here"
ELSEWHERE = "what is wrong with one association is told in the answer, beside those that were made"
NO_NUMBER = "AWS gives no number of portfolios that an account may import"
IMMEDIATE = "it is done at once, so that no state is in between"
UNTOLD = "AWS does not say when"
REASONS: Mapping[tuple[str, str], str] = {
    **{
        (name, error.name): UNMIGRATED
        for name in OPERATIONS
        for error in MODEL.operation_model(name).error_shapes
        if error.name == NOT_MIGRATED
    },
    **{
        (name, INVALID): IDS
        for name in (
            "AcceptPortfolioShare", "AssociateBudgetWithResource", "AssociateServiceActionWithProvisioningArtifact",
            "DeleteConstraint", "DeletePortfolio", "DeleteProduct", "DeleteProvisionedProductPlan",
            "DeleteProvisioningArtifact", "DeleteServiceAction", "DescribePortfolioShareStatus", "DescribeProductView",
            "DisassociatePrincipalFromPortfolio", "DisassociateProductFromPortfolio",
            "DisassociateServiceActionFromProvisioningArtifact", "ListProvisioningArtifacts", "UpdateTagOption",
        )
    },
    ("AcceptPortfolioShare", LIMIT): NO_NUMBER,
    ("BatchAssociateServiceActionWithProvisioningArtifact", INVALID): ELSEWHERE,
    ("BatchDisassociateServiceActionFromProvisioningArtifact", INVALID): ELSEWHERE,
    ("EnableAWSOrganizationsAccess", STATE): IMMEDIATE,
    ("DisableAWSOrganizationsAccess", STATE): IMMEDIATE,
    ("UpdateProvisionedProductProperties", STATE): IMMEDIATE,
    ("DescribePortfolioShareStatus", UNSUPPORTED): UNTOLD,
    ("ListAcceptedPortfolioShares", UNSUPPORTED): UNTOLD,
}  # fmt: skip


@dataclass(frozen=True)
class Provoked:
    """A request that ends in an error. In `params`, {names} are ids of the world; `limits` lowers limits for it."""

    operation: str
    error: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    account: str = ACCOUNT
    limits: str = ""

    def __str__(self) -> str:
        return f"{self.operation}-{self.error}"


def _sampled() -> Iterator[Provoked]:
    """What any request for something that is not there, or with a strange page token, ends in."""
    for name in OPERATIONS:
        operation = MODEL.operation_model(name)
        errors = {error.name for error in operation.error_shapes}
        shape = operation.input_shape
        if shape is None:
            continue
        listed = "PageToken" in shape.members
        if NOT_FOUND in errors and (name, NOT_FOUND) not in SPECIAL:
            yield Provoked(name, NOT_FOUND, sample(shape))
        if listed and INVALID in errors and (name, INVALID) not in SPECIAL:
            yield Provoked(name, INVALID, {**PAGED.get(name, {}), "PageToken": "x"})


# What a list is about, where it needs to be about something.
PAGED: Mapping[str, Mapping[str, Any]] = {
    "DescribePortfolioShares": {"PortfolioId": "{portfolio}", "Type": "ACCOUNT"},
    "DescribeProvisionedProductPlan": {"PlanId": "{plan}"},
    "ListBudgetsForResource": {"ResourceId": "{portfolio}"},
    "ListConstraintsForPortfolio": {"PortfolioId": "{portfolio}"},
    "ListLaunchPaths": {"ProductId": "{product}"},
    "ListOrganizationPortfolioAccess": {"PortfolioId": "{portfolio}", "OrganizationNodeType": "ORGANIZATION"},
    "ListPortfolioAccess": {"PortfolioId": "{portfolio}"},
    "ListPortfoliosForProduct": {"ProductId": "{product}"},
    "ListPrincipalsForPortfolio": {"PortfolioId": "{portfolio}"},
    "ListProvisioningArtifactsForServiceAction": {"ServiceActionId": "{action}"},
    "ListResourcesForTagOption": {"TagOptionId": "{option}"},
    "ListServiceActionsForProvisioningArtifact": {
        "ProductId": "{product}",
        "ProvisioningArtifactId": "{version}",
    },
}

VERSION = {"Name": "2.0.0", "Info": {"LoadTemplateFromURL": "{template}"}, "Type": "CLOUD_FORMATION_TEMPLATE"}
PRODUCT = {"Name": "p", "Owner": "o", "ProductType": "CLOUD_FORMATION_TEMPLATE", "IdempotencyToken": "t"}
IN = {"PortfolioId": "{portfolio}", "ProductId": "{product}", "IdempotencyToken": "t"}
LAUNCH = {"ProductId": "{product}", "ProvisioningArtifactId": "{version}", "ProvisionToken": "t"}
PLAN = {
    "ProductId": "{product}",
    "ProvisioningArtifactId": "{version}",
    "PlanType": "CLOUDFORMATION",
    "IdempotencyToken": "t",
}
TAKEN = {"ProductId": "{product}", "ProvisioningArtifactId": "{version}", "IdempotencyToken": "t"}
SHARED = {"PortfolioId": "{portfolio}", "OrganizationNode": NODE}
ALONE = {"PortfolioId": "{theirs}", "OrganizationNode": {"Type": "ORGANIZATION", "Value": "o-abcdefghij"}}
ACTION = {"Name": "a", "DefinitionType": "SSM_AUTOMATION", "IdempotencyToken": "t"}
RUN = {"ServiceActionId": "{action}", "ExecuteToken": "t"}
TOLD = {"WorkflowToken": "t", "RecordId": "{record}", "Status": "SUCCEEDED", "IdempotencyToken": "t"}
LINK = {"ServiceActionId": "{action}", "ProductId": "{product}", "ProvisioningArtifactId": "{version}"}

TABLE: tuple[Provoked, ...] = (
    Provoked("AssociateBudgetWithResource", DUPLICATE, {"BudgetName": "b", "ResourceId": "{portfolio}"}),
    Provoked("AssociateBudgetWithResource", LIMIT, {"BudgetName": "c", "ResourceId": "{portfolio}"}),
    Provoked("AssociatePrincipalWithPortfolio", INVALID, {"PortfolioId": "{portfolio}", "PrincipalARN": "x", "PrincipalType": "IAM"}),
    Provoked("AssociatePrincipalWithPortfolio", LIMIT, {"PortfolioId": "{portfolio}", "PrincipalARN": ANOTHER, "PrincipalType": "IAM"}, limits="principals_per_portfolio=1"),
    Provoked("AssociateProductWithPortfolio", INVALID, {"PortfolioId": "{theirs}", "ProductId": "{product}"}, SPOKE),
    Provoked("AssociateProductWithPortfolio", LIMIT, {"PortfolioId": "{portfolio}", "ProductId": "{loose}"}, limits="products_per_portfolio=1"),
    Provoked("AssociateServiceActionWithProvisioningArtifact", DUPLICATE, LINK),
    Provoked("AssociateServiceActionWithProvisioningArtifact", LIMIT, LINK | {"ServiceActionId": "{other_action}"}, limits="service_actions_per_version=1"),
    Provoked("AssociateTagOptionWithResource", DUPLICATE, {"ResourceId": "{portfolio}", "TagOptionId": "{option}"}),
    Provoked("AssociateTagOptionWithResource", STATE, {"ResourceId": "{portfolio}", "TagOptionId": "{inactive_option}"}),
    Provoked("AssociateTagOptionWithResource", LIMIT, {"ResourceId": "{portfolio}", "TagOptionId": "{other_option}"}, limits="tag_options_per_resource=1"),
    Provoked("AssociateTagOptionWithResource", INVALID, {"ResourceId": "{terraform}", "TagOptionId": "{option}"}),
    Provoked("CopyProduct", INVALID, {"SourceProductArn": "{product_arn}", "TargetProductId": "{product}", "TargetProductName": "x", "IdempotencyToken": "t"}),
    Provoked("CreateConstraint", INVALID, IN | {"Type": "NOTIFICATION", "Parameters": "{}"}),
    Provoked("CreateConstraint", DUPLICATE, IN | {"Type": "LAUNCH", "Parameters": ROLE}),
    Provoked("CreateConstraint", LIMIT, IN | {"Type": "NOTIFICATION", "Parameters": TOPICS}, limits="constraints=1"),
    Provoked("CreatePortfolio", INVALID, {"DisplayName": "a", "ProviderName": "b", "Tags": RESERVED, "IdempotencyToken": "t"}),
    Provoked("CreatePortfolio", LIMIT, {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "t"}, limits="portfolios=1"),
    Provoked("CreatePortfolioShare", INVALID, {"PortfolioId": "{portfolio}"}),
    Provoked("CreatePortfolioShare", LIMIT, {"PortfolioId": "{portfolio}", "AccountId": "333344445555"}, limits="accounts_per_share=1"),
    Provoked("CreatePortfolioShare", UNSUPPORTED, ALONE, SPOKE),
    Provoked("CreatePortfolioShare", STATE, SHARED),
    Provoked("CreateProduct", INVALID, PRODUCT),
    Provoked("CreateProduct", LIMIT, PRODUCT | {"ProvisioningArtifactParameters": VERSION}, limits="products=1"),
    Provoked("CreateProvisionedProductPlan", INVALID, PLAN | {"PlanName": "planned", "ProvisionedProductName": "other"}),
    Provoked("CreateProvisionedProductPlan", STATE, PLAN | {"PlanName": "again", "ProvisionedProductName": "planned"}),
    Provoked("CreateProvisioningArtifact", INVALID, {"ProductId": "{product}", "Parameters": VERSION | {"Name": "a b"}, "IdempotencyToken": "t"}),
    Provoked("CreateProvisioningArtifact", LIMIT, {"ProductId": "{product}", "Parameters": VERSION, "IdempotencyToken": "t"}, limits="versions=1"),
    Provoked("CreateServiceAction", INVALID, ACTION | {"Definition": {"Name": "AWS-RestartEC2Instance"}}),
    Provoked("CreateServiceAction", LIMIT, ACTION | {"Definition": {"Name": "d", "Version": "1"}}, limits="service_actions=1"),
    Provoked("CreateTagOption", DUPLICATE, {"Key": "k", "Value": "v"}),
    Provoked("CreateTagOption", LIMIT, {"Key": "k", "Value": "more"}, limits="values_per_tag_option=1"),
    Provoked("DeletePortfolio", IN_USE, {"Id": "{portfolio}"}),
    Provoked("DeletePortfolioShare", INVALID, {"PortfolioId": "{portfolio}"}),
    Provoked("DeletePortfolioShare", UNSUPPORTED, ALONE, SPOKE),
    Provoked("DeletePortfolioShare", STATE, SHARED),
    Provoked("DeleteProduct", IN_USE, {"Id": "{product}"}),
    Provoked("DeleteProvisioningArtifact", IN_USE, {"ProductId": "{loose}", "ProvisioningArtifactId": "{only_version}"}),
    Provoked("DeleteServiceAction", IN_USE, {"Id": "{action}"}),
    Provoked("DeleteTagOption", IN_USE, {"Id": "{option}"}),
    Provoked("DescribeProduct", NOT_FOUND, {"Id": "prod-none"}),
    Provoked("DescribeProduct", INVALID, {"Id": "a", "Name": "b"}),
    Provoked("DescribeProductAsAdmin", NOT_FOUND, {"Id": "prod-none"}),
    Provoked("DescribeProductAsAdmin", INVALID),
    Provoked("DescribeProvisionedProduct", NOT_FOUND, {"Name": "none"}),
    Provoked("DescribeProvisionedProduct", INVALID),
    Provoked("DescribeProvisioningArtifact", NOT_FOUND, {"ProvisioningArtifactId": "pa-none"}),
    Provoked("DescribeProvisioningArtifact", INVALID, {"ProvisioningArtifactName": "1.0.0"}),
    Provoked("DescribeProvisioningParameters", NOT_FOUND, {"ProductId": "prod-none", "ProvisioningArtifactId": "pa-none"}),
    Provoked("DescribeProvisioningParameters", INVALID, {"ProductId": "{product}"}),
    Provoked("DescribeServiceActionExecutionParameters", INVALID, {"ProvisionedProductId": "{launched}", "ServiceActionId": "{action}"}),
    Provoked("DisableAWSOrganizationsAccess", NOT_FOUND, {}, SPOKE),
    Provoked("DisableAWSOrganizationsAccess", UNSUPPORTED, {}, "{member}"),
    Provoked("DisassociateProductFromPortfolio", IN_USE, {"PortfolioId": "{portfolio}", "ProductId": "{product}"}),
    Provoked("EnableAWSOrganizationsAccess", NOT_FOUND, {}, SPOKE),
    Provoked("EnableAWSOrganizationsAccess", UNSUPPORTED, {}, "{member}"),
    Provoked("ExecuteProvisionedProductPlan", STATE, {"PlanId": "{failed_plan}", "IdempotencyToken": "t"}),
    Provoked("ExecuteProvisionedProductPlan", INVALID, {"PlanId": "{outdated_plan}", "IdempotencyToken": "t"}),
    Provoked("ExecuteProvisionedProductServiceAction", INVALID, RUN | {"ProvisionedProductId": "{launched}"}),
    Provoked("ExecuteProvisionedProductServiceAction", STATE, RUN | {"ProvisionedProductId": "{broken}"}),
    Provoked("GetAWSOrganizationsAccessStatus", NOT_FOUND, {}, SPOKE),
    Provoked("GetAWSOrganizationsAccessStatus", UNSUPPORTED, {}, "{member}"),
    Provoked("GetProvisionedProductOutputs", NOT_FOUND, {"ProvisionedProductName": "none"}),
    Provoked("GetProvisionedProductOutputs", INVALID, {"ProvisionedProductName": "it", "OutputKeys": ["None"]}),
    Provoked("ImportAsProvisionedProduct", INVALID, TAKEN | {"ProvisionedProductName": "x", "PhysicalId": "none"}),
    Provoked("ImportAsProvisionedProduct", DUPLICATE, TAKEN | {"ProvisionedProductName": "it", "PhysicalId": "{stack}"}),
    Provoked("ImportAsProvisionedProduct", STATE, TAKEN | {"ProvisionedProductName": "x", "PhysicalId": "{failed_stack}"}),
    Provoked("ListOrganizationPortfolioAccess", UNSUPPORTED, {"PortfolioId": "{theirs}", "OrganizationNodeType": "ORGANIZATION"}, SPOKE),
    Provoked("ListProvisionedProductPlans", NOT_FOUND, {"ProvisionProductId": "pp-none"}),
    Provoked("ListStackInstancesForProvisionedProduct", INVALID, {"ProvisionedProductId": "{launched}"}),
    Provoked("NotifyProvisionProductEngineWorkflowResult", INVALID, TOLD),
    Provoked("NotifyTerminateProvisionedProductEngineWorkflowResult", INVALID, TOLD),
    Provoked("NotifyUpdateProvisionedProductEngineWorkflowResult", INVALID, TOLD),
    Provoked("ProvisionProduct", NOT_FOUND, LAUNCH | {"ProvisionedProductName": "x", "ProvisioningArtifactId": "pa-none"}),
    Provoked("ProvisionProduct", INVALID, LAUNCH | {"ProvisionedProductName": "x", "ProvisioningArtifactId": "{deprecated}"}),
    Provoked("ProvisionProduct", DUPLICATE, LAUNCH | {"ProvisionedProductName": "it"}),
    Provoked("SearchProductsAsAdmin", NOT_FOUND, {"PortfolioId": "port-none"}),
    Provoked("UpdateConstraint", INVALID, {"Id": "{constraint}", "Parameters": "{}"}),
    Provoked("UpdatePortfolio", INVALID, {"Id": "{portfolio}", "AddTags": RESERVED}),
    Provoked("UpdatePortfolio", LIMIT, {"Id": "{portfolio}", "AddTags": [{"Key": "a", "Value": "b"}]}, limits="tags=0"),
    Provoked("UpdatePortfolioShare", INVALID, {"PortfolioId": "{portfolio}", "AccountId": SPOKE, "SharePrincipals": True}),
    Provoked("UpdatePortfolioShare", UNSUPPORTED, ALONE, SPOKE),
    Provoked("UpdatePortfolioShare", STATE, SHARED),
    Provoked("UpdateProduct", INVALID, {"Id": "{product}", "SupportUrl": "ftp://x"}),
    Provoked("UpdateProvisionedProduct", NOT_FOUND, {"ProvisionedProductName": "none", "UpdateToken": "t"}),
    Provoked("UpdateProvisionedProduct", INVALID, {"UpdateToken": "t"}),
    Provoked("UpdateProvisionedProductProperties", INVALID, {"ProvisionedProductId": "{launched}", "ProvisionedProductProperties": {"OWNER": "x"}, "IdempotencyToken": "t"}),
    Provoked("UpdateProvisioningArtifact", INVALID, {"ProductId": "{product}", "ProvisioningArtifactId": "{version}", "Name": "a b"}),
    Provoked("UpdateServiceAction", INVALID, {"Id": "{action}", "Definition": {"Name": "d"}}),
    Provoked("UpdateTagOption", DUPLICATE, {"Id": "{option}", "Value": "v"}),
)  # fmt: skip
SPECIAL = {(row.operation, row.error) for row in TABLE} | set(REASONS)
PROVOKED = (*TABLE, *_sampled())


@dataclass(frozen=True)
class World:
    """One of everything, made once for the whole table."""

    local: LocalAws
    names: Mapping[str, str]

    def filled(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self.filled(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each) for each in value]
        known = isinstance(value, str) and value.startswith("{") and value[1:-1] in self.names
        return self.names[value[1:-1]] if known else value


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    local = open_state(tmp_path_factory.mktemp("errors") / "state")
    yield World(local, made(Catalog(local)))
    local.close()


def made(hub: Catalog) -> dict[str, str]:
    sc, names = hub.sc, {"template": hub.template(TEMPLATE, "one.yaml")}
    names["portfolio"], names["theirs"] = hub.portfolio(), Catalog(hub.local, SPOKE).portfolio()
    names["product"] = launchable(hub, names["portfolio"])
    names["product_arn"] = f"arn:aws:catalog:{REGION}:{ACCOUNT}:product/{names['product']}"
    names["version"] = hub.artifact(names["product"])
    names["loose"] = hub.product("Loose")
    names["only_version"] = hub.artifact(names["loose"])
    archive = {"Name": "1.0.0", "Info": {"LoadTemplateFromURL": names["template"]}, "Type": "EXTERNAL"}
    terraform = sc.create_product(
        Name="Terraform", Owner="o", ProductType="TERRAFORM_OPEN_SOURCE",
        ProvisioningArtifactParameters=archive | {"Type": "TERRAFORM_OPEN_SOURCE"},
    )  # fmt: skip
    names["terraform"] = terraform["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    sc.associate_budget_with_resource(BudgetName="b", ResourceId=names["portfolio"])
    for name, value, active in (
        ("option", "v", True),
        ("other_option", "w", True),
        ("inactive_option", "x", False),
    ):
        names[name] = sc.create_tag_option(Key="k", Value=value)["TagOptionDetail"]["Id"]
        sc.update_tag_option(Id=names[name], Active=active)
    sc.associate_tag_option_with_resource(ResourceId=names["portfolio"], TagOptionId=names["option"])
    for name in ("action", "other_action"):
        action = sc.create_service_action(
            Name=name, DefinitionType="SSM_AUTOMATION", Definition={"Name": "d", "Version": "1"}
        )
        names[name] = action["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    sc.associate_service_action_with_provisioning_artifact(
        ServiceActionId=names["action"], ProductId=names["product"], ProvisioningArtifactId=names["version"]
    )
    launched(hub, names)
    shared(hub, names)
    return names


def launchable(hub: Catalog, portfolio: str) -> str:
    sc = hub.sc
    product = sc.create_product(
        Name="Topic", Owner="o", ProductType="CLOUD_FORMATION_TEMPLATE",
        ProvisioningArtifactParameters={
            "Name": "1.0.0", "Info": {"LoadTemplateFromURL": hub.template(TEMPLATE, "topic.yaml")}, "Type": "CLOUD_FORMATION_TEMPLATE",
        },
    )["ProductViewDetail"]["ProductViewSummary"]["ProductId"]  # fmt: skip
    sc.associate_product_with_portfolio(PortfolioId=portfolio, ProductId=product)
    sc.associate_principal_with_portfolio(
        PortfolioId=portfolio, PrincipalARN=ADMINISTRATOR, PrincipalType="IAM"
    )
    return str(product)


def launched(hub: Catalog, names: dict[str, str]) -> None:
    """A launch, plans in each state, a stack to be imported and one that failed."""
    sc, product, cloudformation = hub.sc, names["product"], hub.client("cloudformation")
    form = {"ProductId": product, "ProvisioningArtifactId": names["version"]}
    tags = [{"Key": "k", "Value": "v"}]
    record = sc.provision_product(**form, ProvisionedProductName="it", Tags=tags)["RecordDetail"]
    names["launched"], names["record"] = record["ProvisionedProductId"], record["RecordId"]
    names["stack"] = cloudformation.create_stack(StackName="mine", TemplateBody=TEMPLATE)["StackId"]
    wrong = "Resources: {Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: 'a b'}}}"
    names["failed_stack"] = cloudformation.create_stack(StackName="failed", TemplateBody=wrong)["StackId"]

    def plan(name: str, version: str) -> str:
        made = sc.create_provisioned_product_plan(
            PlanName=name, PlanType="CLOUDFORMATION", ProvisionedProductName=name, ProductId=product,
            ProvisioningArtifactId=version, Tags=tags,
        )  # fmt: skip
        return str(made["PlanId"])

    names["plan"] = plan("planned", names["version"])
    later = sc.create_provisioning_artifact(
        ProductId=product,
        Parameters=hub.version("2.0.0") | {"Info": {"LoadTemplateFromURL": names["template"]}},
    )
    names["deprecated"] = later["ProvisioningArtifactDetail"]["Id"]
    names["outdated_plan"] = plan("outdated", names["deprecated"])
    sc.update_provisioning_artifact(
        ProductId=product, ProvisioningArtifactId=names["deprecated"], Guidance="DEPRECATED"
    )
    constraint = sc.create_constraint(
        PortfolioId=names["portfolio"], ProductId=product, Type="LAUNCH", Parameters=ROLE
    )
    names["constraint"] = constraint["ConstraintDetail"]["ConstraintId"]
    names["failed_plan"] = plan("failed", names["version"])
    broken = sc.provision_product(**form, ProvisionedProductName="broken", Tags=tags)["RecordDetail"]
    names["broken"] = broken["ProvisionedProductId"]


def shared(hub: Catalog, names: dict[str, str]) -> None:
    """Shared with another account, and with a unit of an organisation that is not done with it yet."""
    sc, organizations = hub.sc, hub.client("organizations")
    sc.create_portfolio_share(PortfolioId=names["portfolio"], AccountId=SPOKE)
    Catalog(hub.local, SPOKE).sc.accept_portfolio_share(PortfolioId=names["portfolio"])
    organizations.create_organization(FeatureSet="ALL")
    root = organizations.list_roots()["Roots"][0]["Id"]
    names["ou"] = organizations.create_organizational_unit(ParentId=root, Name="o")["OrganizationalUnit"][
        "Id"
    ]
    names["member"] = organizations.create_account(AccountName="m", Email="m@example.com")[
        "CreateAccountStatus"
    ]["AccountId"]
    sc.enable_aws_organizations_access()
    node = {"Type": "ORGANIZATIONAL_UNIT", "Value": names["ou"]}
    asked = {"PortfolioId": names["portfolio"], "OrganizationNode": node}
    status, _ = send(hub.local, "json", "CreatePortfolioShare", asked, weather="settle=100")
    assert status == 200


def test_every_error_of_the_model_is_provoked_or_has_its_reason() -> None:
    modelled = {
        (name, error.name) for name in OPERATIONS for error in MODEL.operation_model(name).error_shapes
    }
    provoked = {(row.operation, row.error) for row in PROVOKED}
    assert provoked | set(REASONS) == modelled
    assert provoked & set(REASONS) == set()
    assert len(provoked) == len(PROVOKED)


@pytest.mark.parametrize("row", PROVOKED, ids=str)
def test_the_error_is_raised(world: World, row: Provoked, monkeypatch: pytest.MonkeyPatch) -> None:
    if row.limits:
        monkeypatch.setenv("CATALOG_LIMITS", row.limits)
    params, account = world.filled(row.params), world.filled(row.account)
    protocols = PROTOCOLS if row in TABLE else PROTOCOLS[len(row.operation) % 2 :][:1]
    for protocol in protocols:
        status, answer = send(world.local, protocol, row.operation, params, account=account)
        assert (status, answer.get("Error", {}).get("Code")) == (400, row.error), answer
        assert answer["Error"]["Message"]
        assert answer["ResponseMetadata"]["RequestId"]
