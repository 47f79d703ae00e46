"""The policies of end users and of the publisher, judged by IAM's evaluation: who may do what, request by request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from generator import changes, lint, policies
from generator.catalogue import Catalogue, Target
from generator.errors import FactoryError
from generator.launch_role import actions as iam_actions
from generator.launch_role import resources, synthesise
from generator.launch_role.model import Scope
from generator.launch_role.needs import needs
from generator.launch_role.policy import MANAGED_POLICY_LIMIT, size
from generator.load import load
from generator.local.iam import Caller, Policies, Request, evaluate
from generator.policies import Policy
from generator.role_report import resolved
from tests import catalogues
from tests.conftest import ROOT

ACCOUNT = "111122223333"
SPOKE = "222233334444"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundaries/Launch"
INNER = f"arn:aws:iam::{ACCOUNT}:policy/boundaries/Product"
KEPT = f"arn:aws:iam::{ACCOUNT}:role/KeptElsewhere"
TARGETS = f"""\
catalogue: acme
default: local
local: {{}}
prod: {{account: "{ACCOUNT}", regions: [eu-west-1, us-east-1], bucket: "acme-{{account}}-{{region}}",
        launch_boundary: "{BOUNDARY}", permissions_boundary: "{INNER}",
        studio_domains: {{eu-west-1: [d-abc]}}}}
open: {{account: "{ACCOUNT}", regions: [eu-west-1], bucket: "acme-{{account}}-{{region}}"}}
"""
PORTFOLIOS = """\
shelf: {name: Shelf, provider: Platform, access: [{role: analyst}], tag_options: {environment: [dev, prod]}}
lab: {name: Lab, provider: Platform, access: [{role: scientist}],
      tag_options: {environment: [dev, prod], cost: [research]}, governance: {personas: [data-scientist]}}
empty: {name: Empty, provider: Platform}
"""
STORE = catalogues.PRODUCT
FILES: dict[str, str | bytes] = {
    "products/targets.yaml": TARGETS,
    "products/portfolios.yaml": PORTFOLIOS,
    "products/red.yaml": STORE.replace("Store", "Red") + "tags: {team: red}\n",
    "products/kept.yaml": STORE.replace("Store", "Kept") + f"launch: {{arn: '{KEPT}'}}\n",
    "products/project.yaml": STORE.replace("Store", "Project").replace("[shelf]", "[lab]")
    + 'tags: {"sagemaker:studio-visibility": "true"}\n',
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(catalogues.make(tmp_path_factory.mktemp("policies"), FILES))


def judged(policy: Policy, target: Target, caller: Caller) -> Policies:
    """The policy as it is attached in the caller's account."""
    text = json.dumps(list(policy.documents)).replace("${AWS::Partition}", "aws")
    return Policies.of(identity=json.loads(text.replace("${AWS::AccountId}", caller.account)))


def users(catalogue: Catalogue, portfolio: str) -> Policy:
    (found,) = [
        each
        for each in policies.end_users(catalogue, catalogue.target("prod"))
        if each.name == f"catalog-user-acme-{portfolio}"
    ]
    return found


def person(account: str = ACCOUNT, **tags: str) -> Caller:
    return Caller.role(f"arn:aws:iam::{account}:role/analyst", "ana", tags=tags)


def product(name: str, **tags: str) -> Mapping[str, Any]:
    return {"aws:ResourceTag/catalog:product": name} | {f"aws:ResourceTag/{k}": v for k, v in tags.items()}


PRODUCT = f"arn:aws:catalog:eu-west-1:{ACCOUNT}:product/prod-abc"
STACK = "arn:aws:cloudformation:eu-west-1:{account}:stack/SC-{account}-pp-abc/1"
PROJECT = f"arn:aws:sagemaker:eu-west-1:{ACCOUNT}:project/p"
MINE, ROLES, ALL = ({f"servicecatalog:{level}Level": "self"} for level in ("user", "role", "account"))
THEIRS = {"aws:ResourceTag/catalog:portfolio": "acme/shelf"}
TAGS = {"aws:RequestTag/environment": "dev", "aws:RequestTag/cost": "research"}
NO, DENIED, YES = "implicit_deny", "explicit_deny", "allowed"

# portfolio, who, action, resource, context, answer
USERS: list[tuple[str, Caller, str, str, Mapping[str, Any], str]] = [
    ("shelf", person(), "servicecatalog:SearchProducts", "*", {}, YES),
    ("shelf", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/store"), YES),
    ("shelf", person(), "servicecatalog:ListLaunchPaths", PRODUCT, product("acme/store"), YES),
    ("shelf", person(SPOKE), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/store"), YES),
    ("shelf", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/project"), NO),
    ("shelf", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("beta/store"), NO),
    ("shelf", person(), "servicecatalog:ProvisionProduct", PRODUCT, {}, NO),
    (
        "shelf",
        person(),
        "servicecatalog:ProvisionProduct",
        PRODUCT.replace(ACCOUNT, SPOKE),
        product("acme/store"),
        NO,
    ),
    (
        "shelf",
        person(),
        "servicecatalog:ProvisionProduct",
        PRODUCT.replace("eu-west-1", "eu-west-3"),
        product("acme/store"),
        NO,
    ),
    (
        "shelf",
        person(team="red"),
        "servicecatalog:ProvisionProduct",
        PRODUCT,
        product("acme/red", team="red"),
        YES,
    ),
    (
        "shelf",
        person(team="blue"),
        "servicecatalog:ProvisionProduct",
        PRODUCT,
        product("acme/red", team="red"),
        NO,
    ),
    ("shelf", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/red", team="red"), NO),
    ("shelf", person(team=""), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/red"), NO),
    ("shelf", person(), "servicecatalog:CreateProvisionedProductPlan", "*", MINE, NO),
    ("shelf", person(), "servicecatalog:TerminateProvisionedProduct", "*", MINE, YES),
    ("shelf", person(), "servicecatalog:UpdateProvisionedProduct", "*", MINE, YES),
    ("shelf", person(), "servicecatalog:TerminateProvisionedProduct", "*", ROLES, NO),
    ("shelf", person(), "servicecatalog:TerminateProvisionedProduct", "*", ALL, NO),
    ("shelf", person(), "servicecatalog:ListRecordHistory", "*", MINE, YES),
    ("shelf", person(), "servicecatalog:ListRecordHistory", "*", {}, NO),
    ("shelf", person(), "cloudformation:DescribeStackEvents", STACK.format(account=ACCOUNT), THEIRS, YES),
    ("shelf", person(SPOKE), "cloudformation:DescribeStackEvents", STACK.format(account=SPOKE), THEIRS, YES),
    ("lab", person(), "cloudformation:DescribeStackEvents", STACK.format(account=ACCOUNT), THEIRS, NO),
    ("shelf", person(), "cloudformation:DescribeStackEvents", STACK.format(account=ACCOUNT), {}, NO),
    (
        "shelf",
        person(),
        "cloudformation:DescribeStacks",
        STACK.format(account=ACCOUNT).replace("SC-", "app-"),
        THEIRS,
        NO,
    ),
    ("shelf", person(), "cloudformation:DeleteStack", STACK.format(account=ACCOUNT), THEIRS, NO),
    ("shelf", person(), "cloudformation:UpdateStack", STACK.format(account=ACCOUNT), THEIRS, NO),
    ("shelf", person(), "servicecatalog:UpdateProduct", PRODUCT, product("acme/store"), NO),
    ("shelf", person(), "servicecatalog:ListPortfolios", "*", {}, NO),
    ("shelf", person(), "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/catalog-launch-acme-store", {}, NO),
    ("shelf", person(), "s3:GetObject", f"arn:aws:s3:::acme-{ACCOUNT}-eu-west-1/assets/x", {}, NO),
    ("shelf", person(), "sagemaker:CreateProject", PROJECT, TAGS, NO),
    ("lab", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/project"), YES),
    ("lab", person(), "servicecatalog:ProvisionProduct", PRODUCT, product("acme/store"), NO),
    ("lab", person(), "sagemaker:CreateProject", PROJECT, TAGS, YES),
    ("lab", person(), "sagemaker:CreateProject", PROJECT, {}, DENIED),
    (
        "lab",
        person(),
        "sagemaker:CreateProject",
        PROJECT,
        {**TAGS, "aws:RequestTag/environment": "live"},
        DENIED,
    ),
    ("lab", person(), "sagemaker:CreateProject", PROJECT, {"aws:RequestTag/environment": "dev"}, DENIED),
    ("lab", person(), "sagemaker:AddTags", PROJECT, {"sagemaker:TaggingAction": "CreateProject"}, YES),
    ("lab", person(), "sagemaker:AddTags", PROJECT, {}, NO),
    ("lab", person(), "sagemaker:DeleteProject", PROJECT, {}, YES),
    ("lab", person(), "sagemaker:CreateEndpoint", PROJECT.replace("project/", "endpoint/"), {}, NO),
]


@pytest.mark.parametrize("row", USERS, ids=lambda row: "-".join((row[0], row[2], row[5])))
def test_what_end_users_may(row: Any, catalogue: Catalogue) -> None:
    portfolio, caller, action, resource, context, answer = row
    applying = judged(users(catalogue, portfolio), catalogue.target("prod"), caller)
    # A product that the hub shares is not protected by a policy of its own: the caller's account decides alone.
    owner = caller.account if resource == PRODUCT else ""
    decision = evaluate(Request(caller, action, resource, context, resource_account=owner), applying)
    assert decision.effect == answer


ROLE = f"arn:aws:iam::{ACCOUNT}:role/catalog-launch-acme-store"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/catalog/catalog-launch-roles-acme-LaunchRoleStore0a1b2cPolicy1-XYZ"
VIA = {"aws:CalledVia": ("cloudformation.amazonaws.com",)}
BOUND = {**VIA, "iam:PermissionsBoundary": BOUNDARY}
ATTACH = {**BOUND, "iam:PolicyARN": POLICY}
PASS = {"iam:PassedToService": "servicecatalog.amazonaws.com"}
OWN_PORTFOLIO = {"aws:ResourceTag/catalog:portfolio": "acme/shelf"}
OTHER_PORTFOLIO = {"aws:ResourceTag/catalog:portfolio": "beta/shelf"}
PORTFOLIO = f"arn:aws:catalog:eu-west-1:{ACCOUNT}:portfolio/port-abc"
BUCKET = f"arn:aws:s3:::acme-{ACCOUNT}-eu-west-1"
ROLES_STACK = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/catalog-launch-roles-acme/1"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"

PUBLISHER: list[tuple[str, str, Mapping[str, Any], str]] = [
    ("iam:CreateRole", ROLE, BOUND, YES),
    ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": BOUNDARY}, NO),  # not by CloudFormation's hand
    ("iam:CreateRole", ROLE, VIA, NO),
    ("iam:CreateRole", ROLE, {**VIA, "iam:PermissionsBoundary": INNER}, NO),
    ("iam:CreateRole", ROLE.replace("acme", "beta"), BOUND, NO),
    ("iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", BOUND, NO),
    ("iam:AttachRolePolicy", ROLE, ATTACH, YES),
    ("iam:AttachRolePolicy", ROLE, {**ATTACH, "iam:PolicyARN": ADMIN}, NO),
    ("iam:AttachRolePolicy", ROLE, {**VIA, "iam:PolicyARN": POLICY}, NO),
    ("iam:AttachRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/Publisher", ATTACH, NO),
    ("iam:PutRolePolicy", ROLE, BOUND, NO),
    ("iam:UpdateAssumeRolePolicy", ROLE, BOUND, YES),
    ("iam:UpdateAssumeRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/OrganizationAccountAccessRole", BOUND, NO),
    ("iam:PutRolePermissionsBoundary", ROLE, BOUND, YES),
    ("iam:PutRolePermissionsBoundary", ROLE, {**VIA, "iam:PermissionsBoundary": ADMIN}, NO),
    ("iam:DeleteRolePermissionsBoundary", ROLE, BOUND, DENIED),
    ("iam:DeleteRole", ROLE, BOUND, NO),
    ("iam:CreatePolicy", POLICY, VIA, YES),
    ("iam:CreatePolicy", POLICY, {}, NO),
    ("iam:CreatePolicy", POLICY.replace("policy/catalog/", "policy/"), VIA, NO),
    ("iam:CreatePolicyVersion", POLICY, VIA, YES),
    ("iam:CreatePolicyVersion", BOUNDARY, VIA, DENIED),
    ("iam:SetDefaultPolicyVersion", INNER, VIA, DENIED),
    ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/catalog/catalog-publisher-acme", VIA, NO),
    ("iam:CreatePolicyVersion", f"arn:aws:iam::{ACCOUNT}:policy/catalog/catalog-user-acme-shelf", VIA, NO),
    ("iam:PassRole", ROLE, PASS, YES),
    ("iam:PassRole", KEPT, PASS, YES),
    ("iam:PassRole", ROLE, {"iam:PassedToService": "cloudformation.amazonaws.com"}, NO),
    ("iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", PASS, NO),
    ("iam:CreateUser", f"arn:aws:iam::{ACCOUNT}:user/x", VIA, NO),
    ("iam:CreateAccessKey", f"arn:aws:iam::{ACCOUNT}:user/x", VIA, NO),
    ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", {}, NO),
    ("servicecatalog:CreatePortfolio", PORTFOLIO, {"aws:RequestTag/catalog:portfolio": "acme/shelf"}, YES),
    ("servicecatalog:CreatePortfolio", PORTFOLIO, {"aws:RequestTag/catalog:portfolio": "beta/shelf"}, NO),
    ("servicecatalog:UpdatePortfolio", PORTFOLIO, OWN_PORTFOLIO, YES),
    ("servicecatalog:UpdatePortfolio", PORTFOLIO, OTHER_PORTFOLIO, NO),
    ("servicecatalog:CreatePortfolioShare", PORTFOLIO, OTHER_PORTFOLIO, NO),
    ("servicecatalog:AssociatePrincipalWithPortfolio", PORTFOLIO, {}, NO),
    ("servicecatalog:DescribePortfolio", PORTFOLIO, OTHER_PORTFOLIO, YES),  # only its tags tell whose it is
    ("servicecatalog:CreateProvisioningArtifact", PRODUCT, product("acme/store"), YES),
    ("servicecatalog:CreateProvisioningArtifact", PRODUCT, product("beta/store"), NO),
    ("servicecatalog:AssociateTagOptionWithResource", PRODUCT, product("acme/store"), YES),
    ("servicecatalog:AssociateTagOptionWithResource", PORTFOLIO, OWN_PORTFOLIO, YES),
    ("servicecatalog:AssociateTagOptionWithResource", PORTFOLIO, product("acme/store"), NO),
    ("servicecatalog:AssociateProductWithPortfolio", "*", {}, YES),
    ("servicecatalog:DeletePortfolio", PORTFOLIO, OWN_PORTFOLIO, NO),
    ("servicecatalog:DeleteProduct", PRODUCT, product("acme/store"), NO),
    ("servicecatalog:ProvisionProduct", PRODUCT, product("acme/store"), NO),
    ("cloudformation:CreateStack", ROLES_STACK, {}, YES),
    ("cloudformation:CreateStack", ROLES_STACK.replace("catalog-launch-roles-acme", "app"), {}, NO),
    ("cloudformation:DeleteStack", ROLES_STACK, {}, NO),
    ("s3:PutObject", f"{BUCKET}/templates/x", {}, YES),
    ("s3:PutObject", "arn:aws:s3:::other/templates/x", {}, NO),
    ("s3:DeleteBucket", BUCKET, {}, NO),
]


@pytest.mark.parametrize("row", PUBLISHER, ids=lambda row: f"{row[0]}-{row[3]}")
def test_what_the_publisher_may(row: tuple[str, str, Mapping[str, Any], str], catalogue: Catalogue) -> None:
    action, resource, context, answer = row
    target = catalogue.target("prod")
    caller = Caller.role(f"arn:aws:iam::{ACCOUNT}:role/Publisher", "ci")
    applying = judged(policies.publisher(catalogue, target), target, caller)
    assert evaluate(Request(caller, action, resource, context), applying).effect == answer


def example(action: str, pattern: str, region: str) -> list[tuple[str, Mapping[str, Any]]]:
    """Requests as the change makes them: on this catalogue's things, roles and policies by CloudFormation's hand."""
    known = iam_actions.action(action)
    assert known is not None, action
    if known.service == "servicecatalog":
        own = {"portfolio": PORTFOLIO, "product": PRODUCT}
        names = [kind.name.lower() for kind in known.arn_types if kind.name.lower() in own]
        place = "Request" if action.endswith((":CreatePortfolio", ":CreateProduct")) else "Resource"
        return [
            (
                own[name].replace("eu-west-1", region),
                {f"aws:{place}Tag/catalog:{name}": f"acme/{name}"},
            )
            for name in names
        ] or [("*", {})]
    values = {"partition": "aws", "account": ACCOUNT, "region": region, "bucket": f"acme-{ACCOUNT}-{region}"}
    values |= {"stack": "catalog-launch-roles-acme", "roles": "catalog-launch-acme-"}
    values |= {"personas": "catalog-personas-acme", "persona": "catalog-persona-acme-"}
    return [(pattern.format(**values).replace("*", "x"), {**ATTACH, **PASS})]


@pytest.mark.parametrize("kind", policies.kinds(), ids=lambda kind: kind.__name__)
def test_the_publisher_may_make_every_kind_of_change(
    kind: type[changes.Change], catalogue: Catalogue
) -> None:
    target = catalogue.target("prod")
    caller = Caller.role(f"arn:aws:iam::{ACCOUNT}:role/Publisher", "ci")
    applying = judged(policies.publisher(catalogue, target), target, caller)
    asked = 0
    for region in target.spec.regions:
        for action, pattern in (
            *kind.permissions,
            *changes.OBSERVE,
            *changes.OBSERVE_DOMAINS,
            *changes.RECORD,
        ):
            for resource, context in example(action, pattern, region):
                decision = evaluate(Request(caller, action, resource, context), applying)
                assert decision.allowed, (action, resource)
                asked += 1
    assert asked >= 36


def test_every_kind_of_change_is_known_and_says_what_it_needs() -> None:
    def below(kind: type[changes.Change]) -> set[type[changes.Change]]:
        return {kind, *(each for sub in kind.__subclasses__() for each in below(sub))}

    every = below(changes.Change)  # type: ignore[type-abstract]  # its subclasses are wanted, none is made
    concrete = {kind for kind in every if kind.operations}
    assert concrete == {kind for kind in policies.kinds() if kind.operations}
    assert len(concrete) >= 20
    assert all(kind.permissions for kind in concrete)


def test_the_stack_of_roles_takes_no_more_than_the_publisher_has() -> None:
    """What the registry's schemas say CloudFormation needs for the roles and policies that we deploy."""
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    role, _ = synthesise(template, Scope("acme", "x", ("us-east-1",), launch_boundary=BOUNDARY))
    retained = {"@DeletionPolicy=Retain", "@UpdateReplacePolicy=Retain"}
    needed = {
        need.action
        for each in resources(role).values()
        for need in needs(each["Type"], each["Properties"], retained)
        if need.handler != "delete"  # they are retained
    }
    assert len(needed) > 15
    assert needed <= {action for action, _ in changes.DeployLaunchRoles.permissions}


def test_without_a_launch_boundary_the_publisher_is_told_to_be_an_administrator(catalogue: Catalogue) -> None:
    note, governed = policies.publisher(catalogue, catalogue.target("open")).notes
    assert "sets no launch_boundary" in note
    assert "an administrator in effect" in note
    assert policies.publisher(catalogue, catalogue.target("prod")).notes == (governed,)
    assert "who publishes writes the policies of the personas" in governed


def test_a_boundary_that_the_publisher_could_rewrite_is_refused(tmp_path: Path) -> None:
    name = BOUNDARY.replace("boundaries/Launch", "catalog/catalog-launch-roles-acme-boundary")
    targets = TARGETS.replace(BOUNDARY, name)
    made = load(catalogues.make(tmp_path, {**FILES, "products/targets.yaml": targets}))
    with pytest.raises(
        FactoryError, match=r"targets.yaml:\d+:\d+: the boundary is named like the launch roles' own"
    ):
        policies.publisher(made, made.target("prod"))


def test_no_wildcard_action_no_negation_and_every_action_is_real(catalogue: Catalogue) -> None:
    target = catalogue.target("prod")
    found = [*policies.end_users(catalogue, target), policies.publisher(catalogue, target)]
    assert [policy.name for policy in found] == [
        "catalog-user-acme-shelf",
        "catalog-user-acme-lab",
        "catalog-publisher-acme",
    ]
    for policy in found:
        for document in policy.documents:
            assert size(document) <= MANAGED_POLICY_LIMIT
            for statement in document["Statement"]:
                assert (
                    {"Effect", "Action", "Resource"}
                    <= statement.keys()
                    <= {"Effect", "Action", "Resource", "Condition"}
                )
                names = (
                    statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                )
                assert all(str(iam_actions.action(name)) == name for name in names)


def test_a_full_portfolio_is_parted_over_policies_that_still_fit(tmp_path: Path) -> None:
    many: dict[str, str | bytes] = {
        f"products/a-product-with-quite-a-long-name-{number:03}.yaml": STORE for number in range(149)
    }
    made = load(catalogues.make(tmp_path, many))
    target = made.target("local")
    (policy,) = policies.end_users(made, target)
    assert 1 < len(policy.documents) <= 5
    assert all(size(document) <= MANAGED_POLICY_LIMIT for document in policy.documents)
    assert len(policies.as_files(policy)) == len(policy.documents)
    caller = Caller.role("arn:aws:iam::123456789012:role/analyst", "ana")
    applying = judged(policy, target, caller)
    arn = "arn:aws:catalog:us-east-1:123456789012:product/prod-abc"
    for name in ("store", *(Path(each).stem for each in many)):
        request = Request(caller, "servicecatalog:ProvisionProduct", arn, product(f"acme/{name}"))
        assert evaluate(request, applying).allowed, name


def test_the_cloudformation_form_lints_and_says_the_same(catalogue: Catalogue) -> None:
    target = catalogue.target("prod")
    found = [*policies.end_users(catalogue, target), policies.publisher(catalogue, target)]
    template = policies.as_template(found)
    job = lint.Job(json.dumps(template), "policies", "policies.json", tuple(target.spec.regions), ())
    (findings,) = lint.lint_many([job], processes=1)
    assert [each for each in findings if each.level == "error"] == []
    assert all(each["Properties"]["Path"] == "/catalog/" for each in template["Resources"].values())

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            if set(value) == {"Fn::Sub"}:
                return value["Fn::Sub"].replace("${!", "${")
            return {key: plain(child) for key, child in value.items()}
        return [plain(child) for child in value] if isinstance(value, list) else value

    written = [plain(each["Properties"]["PolicyDocument"]) for each in template["Resources"].values()]
    assert written == [document for policy in found for document in policy.documents]


def test_the_repositorys_own_policies_are_resolved_for_a_target() -> None:
    made = load(ROOT)
    target = made.target("local")
    for policy in [*policies.end_users(made, target), policies.publisher(made, target)]:
        text = json.dumps(resolved(list(policy.documents), target))
        assert "${AWS" not in text
        assert "acme" in text
