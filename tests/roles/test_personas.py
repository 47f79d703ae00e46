"""The personas' policies, judged by IAM's evaluation: who launches, who approves, who is told no, request by request."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from generator import lint, policies
from generator.catalogue import Catalogue
from generator.errors import FactoryError
from generator.launch_role import actions as iam_actions
from generator.launch_role.policy import MANAGED_POLICY_LIMIT, size
from generator.load import load
from generator.local.iam import Caller, Policies, Request, evaluate
from generator.policies import Policy, governance
from tests import catalogues

ACCOUNT = "111122223333"
TARGETS = f"""\
catalogue: acme
default: local
local: {{}}
prod: {{account: "{ACCOUNT}", regions: [eu-west-1, us-east-1], bucket: "acme-{{account}}-{{region}}"}}
"""
PORTFOLIOS = """\
lab:
  name: Lab
  provider: Platform
  access:
    - {role: scientist, persona: data-scientist}
    - {pattern: "arn:aws:iam:::role/aws-reserved/*Mlops*", persona: mlops-engineer}
    - {role: visitor}
  tag_options: {environment: [dev, prod]}
  governance:
    personas: [administrator, mlops-engineer, data-scientist]
    required_tags: [environment, cost-center]
red: {name: Red, provider: Platform, governance: {personas: [data-scientist], team: red}}
plain: {name: Plain, provider: Platform}
"""
PROJECT = catalogues.PRODUCT.replace("[shelf]", "[lab]")
FILES: dict[str, str | bytes] = {
    "products/targets.yaml": TARGETS,
    "products/portfolios.yaml": PORTFOLIOS,
    "products/store.yaml": catalogues.PRODUCT.replace("[shelf]", "[plain]"),
    "products/open.yaml": PROJECT + "delivery: [service-catalog, sagemaker-s3]\n",
    "products/churn.yaml": PROJECT + "delivery: [sagemaker-s3]\ntags: {team: churn}\n",
    "products/reds.yaml": PROJECT.replace("[lab]", "[red]") + "tags: {team: red}\n",
}


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    return load(catalogues.make(tmp_path_factory.mktemp("personas"), FILES))


def found(catalogue: Catalogue, name: str) -> Policy:
    (policy,) = [
        each for each in policies.personas(catalogue, catalogue.target("prod")) if each.name.endswith(name)
    ]
    return policy


def judged(policy: Policy) -> Policies:
    text = json.dumps(list(policy.documents)).replace("${AWS::Partition}", "aws")
    return Policies.of(identity=json.loads(text.replace("${AWS::AccountId}", ACCOUNT)))


def person(**tags: str) -> Caller:
    return Caller.role(f"arn:aws:iam::{ACCOUNT}:role/someone", "ana", tags=tags)


def arn(service: str, resource: str, region: str = "eu-west-1") -> str:
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


ADMIN, ENGINEER, SCIENTIST, RED = (
    "lab-administrator",
    "lab-mlops-engineer",
    "lab-data-scientist",
    "red-data-scientist",
)
EVERYBODY = (ADMIN, ENGINEER, SCIENTIST)
NO, DENIED, YES = "implicit_deny", "explicit_deny", "allowed"
NEW = arn("sagemaker", "project/shop")
TAGGED = {"aws:RequestTag/environment": "dev", "aws:RequestTag/cost-center": "4711"}
PACKAGE = arn("sagemaker", "model-package/sagemaker-shop-p-1/3")
APPROVED = {"sagemaker:ModelApprovalStatus": "Approved"}
REJECTED = {"sagemaker:ModelApprovalStatus": "Rejected"}
PRODUCT = arn("catalog", "product/prod-abc")
STACK = arn("cloudformation", "stack/SP-shop-p-1/1")
BUCKET = f"acme-{ACCOUNT}-eu-west-1"
URL = f"https://{BUCKET}.s3.eu-west-1.amazonaws.com/sagemaker-projects/{{}}-1.0.0.yaml"
TO_CLOUDFORMATION = {"iam:PassedToService": "cloudformation.amazonaws.com"}
ROLE = f"arn:aws:iam::{ACCOUNT}:role/catalog-launch-acme-{{}}-sp"
OBJECT = f"arn:aws:s3:::{BUCKET}/sagemaker-projects/{{}}-1.0.0.yaml"
PIPELINE = arn("codepipeline", "sagemaker-shop-p-1-deploy")
STAGE = arn("cloudformation", "stack/sagemaker-shop-p-1-deploy-staging/1")
MINE, ALL = {"servicecatalog:userLevel": "self"}, {"servicecatalog:accountLevel": "self"}


def template(name: str) -> dict[str, str]:
    return {"cloudformation:TemplateUrl": URL.format(name)}


Row = tuple[tuple[str, ...], Caller, str, str, Mapping[str, Any], str]
ROWS: list[Row] = [
    # projects carry the tags that the portfolio asks for
    (EVERYBODY, person(), "sagemaker:CreateProject", NEW, TAGGED, YES),
    (EVERYBODY, person(), "sagemaker:CreateProject", NEW, {}, DENIED),
    (EVERYBODY, person(), "sagemaker:CreateProject", NEW, {"aws:RequestTag/environment": "dev"}, DENIED),
    (EVERYBODY, person(), "sagemaker:CreateProject", NEW, {"aws:RequestTag/cost-center": "4711"}, DENIED),
    (EVERYBODY, person(), "sagemaker:CreateProject", NEW, {**TAGGED, "aws:RequestTag/environment": "live"}, DENIED),
    # models are approved by engineers
    ((ENGINEER,), person(), "sagemaker:UpdateModelPackage", PACKAGE, APPROVED, YES),
    ((ENGINEER,), person(), "sagemaker:UpdateModelPackage", PACKAGE, REJECTED, YES),
    ((ENGINEER,), person(), "sagemaker:UpdateModelPackage", PACKAGE.replace("sagemaker-", "other-"), APPROVED, NO),
    ((SCIENTIST, ADMIN), person(), "sagemaker:UpdateModelPackage", PACKAGE, APPROVED, DENIED),
    ((SCIENTIST, ADMIN), person(), "sagemaker:UpdateModelPackage", PACKAGE, REJECTED, DENIED),
    ((SCIENTIST, ADMIN), person(), "sagemaker:CreateModelPackage", PACKAGE, APPROVED, DENIED),
    ((SCIENTIST,), person(), "sagemaker:UpdateModelPackage", PACKAGE, {}, YES),
    ((ADMIN,), person(), "sagemaker:UpdateModelPackage", PACKAGE, {}, NO),
    ((ENGINEER,), person(), "codepipeline:PutApprovalResult", f"{PIPELINE}/Production/Approve", {}, YES),
    ((SCIENTIST, ADMIN), person(), "codepipeline:PutApprovalResult", f"{PIPELINE}/Production/Approve", {}, NO),
    ((ENGINEER,), person(), "codepipeline:RetryStageExecution", f"{PIPELINE}/Production", {}, YES),
    ((ENGINEER,), person(), "codepipeline:PutApprovalResult", arn("codepipeline", "payroll/P/A"), {}, NO),
    # work, on what projects made
    ((ENGINEER, SCIENTIST), person(), "sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/sagemaker-shop"), {}, YES),
    ((ENGINEER, SCIENTIST), person(), "sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/payroll"), {}, NO),
    ((ADMIN,), person(), "sagemaker:StartPipelineExecution", arn("sagemaker", "pipeline/sagemaker-shop"), {}, NO),
    ((ENGINEER, SCIENTIST), person(), "codecommit:GitPush", arn("codecommit", "sagemaker-shop-p-1-model-build"), {}, YES),
    ((ENGINEER,), person(), "codecommit:GitPush", arn("codecommit", "sagemaker-shop-p-1-model-deploy"), {}, YES),
    ((SCIENTIST, ADMIN), person(), "codecommit:GitPush", arn("codecommit", "sagemaker-shop-p-1-model-deploy"), {}, NO),
    (EVERYBODY, person(), "codecommit:GitPush", arn("codecommit", "sagemaker-shop"), {}, NO),
    ((ENGINEER, SCIENTIST), person(), "codecommit:GitPull", arn("codecommit", "sagemaker-shop-p-1-model-deploy"), {}, YES),
    ((ENGINEER, SCIENTIST), person(), "codecommit:DeleteRepository", arn("codecommit", "sagemaker-shop-p-1-model-build"), {}, NO),
    # a stage that is stuck or left over, and no other stack of the project
    ((ENGINEER,), person(), "cloudformation:ContinueUpdateRollback", STAGE, {}, YES),
    ((ENGINEER,), person(), "cloudformation:DeleteStack", STAGE, {}, YES),
    ((ENGINEER,), person(), "cloudformation:DeleteStack", arn("cloudformation", "stack/sagemaker-shop/1"), {}, NO),
    ((SCIENTIST, ADMIN), person(), "cloudformation:DeleteStack", STAGE, {}, NO),
    (EVERYBODY, person(), "sagemaker:DescribeModelPackage", PACKAGE, {}, YES),
    (EVERYBODY, person(), "codepipeline:GetPipelineState", PIPELINE, {}, YES),
    (EVERYBODY, person(), "sagemaker:CreateEndpoint", arn("sagemaker", "endpoint/sagemaker-shop"), {}, NO),
    (EVERYBODY, person(), "sagemaker:DeleteEndpoint", arn("sagemaker", "endpoint/sagemaker-shop"), {}, NO),
    (EVERYBODY, person(), "iam:CreateRole", f"arn:aws:iam::{ACCOUNT}:role/sagemaker-x", {}, NO),
    (EVERYBODY, person(), "sagemaker:CreateTrainingJob", arn("sagemaker", "training-job/x"), {}, NO),
    # whose provisioned products
    (EVERYBODY, person(), "servicecatalog:TerminateProvisionedProduct", "*", MINE, YES),
    ((ENGINEER, SCIENTIST), person(), "servicecatalog:TerminateProvisionedProduct", "*", ALL, NO),
    ((ADMIN,), person(), "servicecatalog:TerminateProvisionedProduct", "*", ALL, YES),
    ((ADMIN,), person(), "servicecatalog:DeletePortfolio", arn("catalog", "portfolio/port-1"), {}, NO),
    ((ADMIN,), person(), "sagemaker:AddTags", arn("sagemaker", "domain/d-1"),
     {"aws:TagKeys": ("sagemaker:projectS3TemplatesLocation",)}, YES),
    ((ADMIN,), person(), "sagemaker:AddTags", arn("sagemaker", "domain/d-1"), {"aws:TagKeys": ("owner",)}, NO),
    ((ADMIN,), person(), "sagemaker:AddTags", arn("sagemaker", "domain/d-1"), {}, NO),
    # a portfolio of one team: only products with its tag, whoever asks
    ((RED,), person(), "servicecatalog:ProvisionProduct", PRODUCT,
     {"aws:ResourceTag/catalog:product": "acme/reds", "aws:ResourceTag/team": "red"}, YES),
    ((RED,), person(team="blue"), "servicecatalog:ProvisionProduct", PRODUCT,
     {"aws:ResourceTag/catalog:product": "acme/reds", "aws:ResourceTag/team": "blue"}, NO),
    ((RED,), person(), "servicecatalog:ProvisionProduct", PRODUCT, {"aws:ResourceTag/catalog:product": "acme/reds"}, NO),
    ((RED,), person(), "sagemaker:CreateProject", NEW, TAGGED, NO),  # it offers no project
    # project templates in S3: our templates, under our roles, for the team
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK, template("open"), YES),
    (EVERYBODY, person(), "cloudformation:UpdateStack", STACK, template("open"), YES),
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK, template("store"), NO),
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK,
     {"cloudformation:TemplateUrl": "https://elsewhere.s3.eu-west-1.amazonaws.com/sagemaker-projects/open-1.0.0.yaml"}, NO),
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK, {}, NO),  # a template body of one's own
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK.replace("SP-", "app-"), template("open"), NO),
    (EVERYBODY, person(team="churn"), "cloudformation:CreateStack", STACK, template("churn"), YES),
    (EVERYBODY, person(team="red"), "cloudformation:CreateStack", STACK, template("churn"), NO),
    (EVERYBODY, person(), "cloudformation:CreateStack", STACK, template("churn"), NO),
    (EVERYBODY, person(), "cloudformation:DeleteStack", STACK, {}, YES),
    (EVERYBODY, person(), "cloudformation:CreateChangeSet", STACK, template("open"), NO),
    (EVERYBODY, person(), "cloudformation:SetStackPolicy", STACK, {}, NO),
    (EVERYBODY, person(), "iam:PassRole", ROLE.format("open"), TO_CLOUDFORMATION, YES),
    (EVERYBODY, person(), "iam:PassRole", ROLE.format("open"), {"iam:PassedToService": "lambda.amazonaws.com"}, NO),
    (EVERYBODY, person(), "iam:PassRole", ROLE.format("open").removesuffix("-sp"), TO_CLOUDFORMATION, NO),
    (EVERYBODY, person(), "s3:GetObject", OBJECT.format("open"), {}, YES),
    (EVERYBODY, person(), "s3:GetObjectTagging", OBJECT.format("open"), {}, YES),
    (EVERYBODY, person(), "s3:PutObject", OBJECT.format("open"), {}, NO),
    (EVERYBODY, person(), "s3:PutObjectTagging", OBJECT.format("open"), {}, NO),
    (EVERYBODY, person(), "s3:GetObject", f"arn:aws:s3:::{BUCKET}/releases/1.json", {}, NO),
    (EVERYBODY, person(), "s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {"s3:prefix": "sagemaker-projects/"}, YES),
    (EVERYBODY, person(), "s3:ListBucket", f"arn:aws:s3:::{BUCKET}", {"s3:prefix": ""}, NO),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join((row[2], row[5])))
def test_what_personas_may(row: Row, catalogue: Catalogue) -> None:
    personas, caller, action, resource, context, answer = row
    for persona in personas:
        decision = evaluate(Request(caller, action, resource, context), judged(found(catalogue, persona)))
        assert decision.effect == answer, persona


def grants_of(policy: Policy) -> Iterator[tuple[str, str]]:
    for document in policy.documents:
        for statement in document["Statement"]:
            for action in _list(statement["Action"]):
                if statement["Effect"] == "Allow":
                    yield from ((action, resource) for resource in _list(statement["Resource"]))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_every_grant_is_an_action_on_what_it_takes(catalogue: Catalogue) -> None:
    """By IAM's action table: no action that does not exist, none on a resource it does not know, `*` only where it must."""
    asked = 0
    for policy in policies.personas(catalogue, catalogue.target("prod")):
        for action, resource in grants_of(policy):
            known = iam_actions.action(action)
            assert known is not None, action
            required = [kind for kind in known.arn_types if kind.required]
            if resource == "*":
                assert not required or known.writes is False, action
            else:
                concrete = resource.replace("${AWS::Partition}", "aws").replace("*", "x")
                assert any(fnmatchcase(concrete, shape(kind.arn)) for kind in known.arn_types), (
                    action,
                    resource,
                )
            asked += 1
    assert asked > 300


def shape(arn: str) -> str:
    """An ARN of the table with its variables as wildcards."""
    return re.sub(r"\$\{[^}]*\}", "*", arn)


def test_no_policy_is_over_its_size_and_none_allows_everything(catalogue: Catalogue) -> None:
    made = policies.personas(catalogue, catalogue.target("prod"))
    assert [each.name.removeprefix("catalog-persona-acme-") for each in made] == [*EVERYBODY, RED]
    for policy in made:
        assert 1 <= len(policy.documents) <= 3
        for document in policy.documents:
            assert size(document) <= MANAGED_POLICY_LIMIT
        assert not [action for action, _ in grants_of(policy) if "*" in action]


def test_the_stack_of_policies_lints_clean(catalogue: Catalogue) -> None:
    template = policies.as_template(policies.personas(catalogue, catalogue.target("prod")))
    findings = lint.lint(
        template,
        text=json.dumps(template),
        product="personas",
        blueprint="personas.json",
        regions=("eu-west-1",),
    )
    assert [finding for finding in findings if finding.level == "error"] == []


def test_a_document_that_is_needed_no_more_loses_its_rights_and_stays() -> None:
    """Who attached it keeps neither what the persona lost nor a name that is in the way of a longer policy later."""

    def document(action: str) -> dict[str, Any]:
        return {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}],
        }

    def stack(**named: tuple[str, ...]) -> str:
        made = [Policy(name, "x", tuple(map(document, actions))) for name, actions in named.items()]
        return governance.template("acme", made)

    def documents(text: str) -> dict[str, str]:
        return {
            each["Properties"]["ManagedPolicyName"]: each["Properties"]["PolicyDocument"]["Statement"][0][
                "Action"
            ]
            for each in json.loads(text)["Resources"].values()
        }

    long, short = stack(a=("s3:A", "s3:B"), b=("s3:C",)), stack(a=("s3:D",))
    kept = governance.grown(short, long)
    assert documents(kept) == {"a": "s3:D", "a-2": "none:null", "b": "s3:C"}
    assert json.loads(kept)["Outputs"].keys() == json.loads(long)["Outputs"].keys()
    assert governance.grown(short, kept) == kept, "a second plan is empty"
    assert governance.grown(long, kept) == governance.grown(long, "") == long
    assert governance.grown("", long) == ""
    (statement,) = json.loads(kept)["Resources"]["A2"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert iam_actions.action("none:null") is None, "no service may ever have it"


def test_for_whom_a_policy_is(catalogue: Catalogue) -> None:
    notes = [note for each in policies.personas(catalogue, catalogue.target("prod")) for note in each.notes]
    assert notes == [
        "catalog-persona-acme-lab-mlops-engineer is for the permission set of arn:aws:iam:::role/aws-reserved/*Mlops*",
        "catalog-persona-acme-lab-data-scientist is for the role scientist",
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (
            "products/portfolios.yaml",
            "personas: [administrator, mlops-engineer, data-scientist]",
            "personas: [administrator]",
            "access names the persona 'data-scientist', which governance.personas does not have",
        ),
        (
            "products/portfolios.yaml",
            "personas: [administrator,",
            "personas: [administrators,",
            "Did you mean 'administrator'?",
        ),
        (
            "products/reds.yaml",
            "tags: {team: red}",
            "tags: {team: blue}",
            "products/reds.yaml:9:8: the portfolio 'red' is the team red's (products/portfolios.yaml:12:",
        ),
    ],
)
def test_mistakes(tmp_path: Path, file: str, old: str, new: str, told: str) -> None:
    text = str(FILES[file])
    assert old in text
    with pytest.raises(FactoryError) as refused:
        load(catalogues.make(tmp_path, {**FILES, file: text.replace(old, new)}))
    assert told in str(refused.value)
