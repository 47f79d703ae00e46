"""Portfolios shared with organisational units: their accounts read the assets, and nobody else's do."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from generator import local
from generator.aws.bucket import bucket_statements
from generator.local.iam import Policies, Request, evaluate
from generator.local.iam.caller import Caller
from tests import catalogues
from tests.publish.conftest import Catalogue

Make = Callable[..., Catalogue]
ROOT, UNIT = "o-a1b2c3d4e5/r-ab12", "ou-ab12-11111111"
BLUEPRINT = '''\
"""A function from a package, for tests of assets."""

from troposphere import GetAtt, Template, awslambda, iam

from generator.blueprint import BlueprintParams, Context, LambdaPackage


class Params(BlueprintParams):
    """Nothing to choose."""


def assets(params: Params) -> tuple[LambdaPackage, ...]:
    return (LambdaPackage("hello"),)


def build(params: Params, context: Context) -> Template:
    template = Template()
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    template.add_resource(iam.Role("Use", AssumeRolePolicyDocument=trust))
    code = awslambda.Code(S3Bucket=context.bucket(), S3Key=context.lambda_key("hello"))
    function = awslambda.Function(
        "Hello", Code=code, Handler="index.handle", Runtime="python3.13", Role=GetAtt("Use", "Arn")
    )
    template.add_resource(function)
    return template
'''
FILES = {
    "blueprints/hello.py": BLUEPRINT,
    "blueprints/lambdas/hello/index.py": "def handle(event, context):\n    return 1\n",
    "products/hello.yaml": catalogues.PRODUCT.replace("raw-template", "hello").replace(
        "options:\n  template: store.yaml\n", ""
    ),
}


def shared(catalogue: Make, unit: str, target: str) -> Catalogue:
    share = f"  share: [{{ou: {unit}}}]\n  access:"
    return catalogue(
        {
            **FILES,
            "products/portfolios.yaml": catalogues.PORTFOLIOS.replace("  access:", share),
            "products/targets.yaml": catalogues.TARGETS.replace("local: {}", f"local: {{{target}}}"),
        }
    )


def test_the_target_has_to_say_where_the_unit_lies(catalogue: Make) -> None:
    ran = shared(catalogue, UNIT, "").run("plan")
    assert ran.code == 1
    assert ran.err.startswith(
        f"products/portfolios.yaml:5:11: its products bring assets, which {UNIT} can read only if target 'local'"
    )
    assert "Set organization: o-…/r-…" in ran.err


def test_a_unit_reads_the_assets_and_a_second_plan_is_empty(catalogue: Make) -> None:
    made = catalogue(name="shared")
    with closing(local.open_state(made.state)) as aws:
        session: Any = aws.session("us-east-1")
        organizations = session.client("organizations")
        found = organizations.create_organization(FeatureSet="ALL")["Organization"]["Id"]
        root = organizations.list_roots()["Roots"][0]["Id"]
        unit = organizations.create_organizational_unit(ParentId=root, Name="teams")["OrganizationalUnit"][
            "Id"
        ]
        session.client("servicecatalog").enable_aws_organizations_access()
    catalogues.write(made.root, dict(FILES))
    made.edit("products/portfolios.yaml", "  access:", f"  share: [{{ou: {unit}}}]\n  access:")
    made.edit("products/targets.yaml", "local: {}", f"local: {{organization: {found}/{root}}}")
    ran = made.run("publish", "--yes")
    assert ran.code == 0, ran.err
    assert f"assets readable by {found}/{root}/{unit}" in ran.out
    assert json.loads(made.run("plan", "--format", "json").out)["changes"] == []


@pytest.mark.parametrize(
    ("organisation", "paths", "allowed"),
    [
        ("o-a1b2c3d4e5", [f"{ROOT}/{UNIT}/"], True),
        ("o-a1b2c3d4e5", [f"{ROOT}/ou-ab12-22222222/{UNIT}/ou-ab12-33333333/"], True),
        ("o-a1b2c3d4e5", [f"{ROOT}/ou-ab12-22222222/"], False),
        ("o-a1b2c3d4e5", [f"{ROOT}/"], False),
        ("o-other00000", [f"o-other00000/r-ab12/{UNIT}/"], False),
    ],
)
def test_only_accounts_below_the_unit_are_let_in(organisation: str, paths: list[str], allowed: bool) -> None:
    statements = bucket_statements("aws", "b", (f"{ROOT}/{UNIT}",))
    context = {
        "aws:PrincipalOrgID": organisation,
        "aws:PrincipalOrgPaths": paths,
        "aws:SecureTransport": "true",
    }
    everything = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    policies = Policies.of(
        identity=[{"Version": "2012-10-17", "Statement": [everything]}],
        resource={"Version": "2012-10-17", "Statement": statements},
    )
    caller = Caller.user("arn:aws:iam::222233334444:user/ann")
    request = Request(caller, "s3:GetObject", "arn:aws:s3:::b/assets/x/y.zip", context, "123456789012")
    assert evaluate(request, policies).allowed is allowed


def test_a_policy_with_units_is_not_public_to_s3() -> None:
    """Its documentation: a condition counts only with a fixed value, of this key among others."""
    units = bucket_statements("aws", "b", (f"{ROOT}/{UNIT}",))[-1]
    assert units["Condition"]["StringEquals"] == {"aws:PrincipalOrgID": ["o-a1b2c3d4e5"]}
