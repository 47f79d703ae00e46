"""A portfolio shared with another account: accepted there, its launch role made there, its products launched there."""

from __future__ import annotations

import json
from typing import Any

from generator import output
from generator.local import ACCOUNT, LocalAws

from .conftest import REGION, Person, Shelf
from .shop import finished, reasons

SPOKE = "222233334444"
PRODUCT = "custom-model-endpoint"  # seeds a repository from the hub's bucket


def deploy(aws: LocalAws, template: bytes) -> str:
    """The launch role's template as a stack of the spoke; its status."""
    session: Any = aws.session(REGION, account=SPOKE)
    s3, cloudformation = session.client("s3"), session.client("cloudformation")
    s3.create_bucket(Bucket="spoke-roles")
    s3.put_object(Bucket="spoke-roles", Key="role.json", Body=template)
    stack = cloudformation.create_stack(
        StackName="launch-roles",
        TemplateURL=f"https://spoke-roles.s3.{REGION}.amazonaws.com/role.json",
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )["StackId"]
    return str(cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])


def at_spoke(aws: LocalAws, shelf: Shelf) -> Person:
    """Somebody of the spoke to whom it has opened the portfolio."""
    hub: Any = aws.session(REGION).client("servicecatalog")
    spoke: Any = aws.session(REGION, account=SPOKE).client("servicecatalog")
    shared = [
        p["Id"] for p in hub.list_portfolios()["PortfolioDetails"] if p["DisplayName"] == "Machine learning"
    ]
    spoke.accept_portfolio_share(PortfolioId=shared[0])
    role = f"arn:aws:iam::{SPOKE}:role/scientist"
    spoke.associate_principal_with_portfolio(PortfolioId=shared[0], PrincipalARN=role, PrincipalType="IAM")
    sc: Any = aws.session_as(role, REGION).client("servicecatalog")
    name = shelf.catalogue.products[PRODUCT].spec.name
    found = sc.search_products()["ProductViewSummaries"]
    return Person(aws, next(each["ProductId"] for each in found if each["Name"] == name), sc)


def test_a_spoke_launches_under_its_own_role(shelf: Shelf, aws: LocalAws) -> None:
    person = at_spoke(aws, shelf)
    missing = person.launch("it")
    assert f"There is no such role in account {SPOKE}" in reasons(missing)
    person.terminate("it")

    role = output.files_of(shelf.bundles[PRODUCT])["launch-role.json"]
    assert deploy(aws, role) == "CREATE_COMPLETE"
    launched = person.launch("it")
    assert reasons(launched) == ""
    assert (
        launched["RecordDetail"]["LaunchRoleArn"]
        == f"arn:aws:iam::{SPOKE}:role/catalog-launch-acme-{PRODUCT}"
    )
    outputs = {o["OutputKey"]: o["OutputValue"] for o in launched["RecordOutputs"]}
    assert f":{SPOKE}:stack/SC-{SPOKE}-pp-" in outputs["CloudformationStackARN"]
    hub: Any = aws.session(REGION).client("servicecatalog")
    everybody = {"Key": "Account", "Value": "self"}
    assert hub.scan_provisioned_products(AccessLevelFilter=everybody)["ProvisionedProducts"] == []
    assert reasons(person.terminate("it")) == ""


def test_the_hubs_bucket_must_let_the_spoke_read(shelf: Shelf, aws: LocalAws) -> None:
    person = at_spoke(aws, shelf)
    role = output.files_of(shelf.bundles[PRODUCT])["launch-role.json"]
    deploy(aws, role)
    s3: Any = aws.session(REGION).client("s3")
    bucket = next(b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"].startswith("catalog-"))
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    policy["Statement"] = [each for each in policy["Statement"] if each["Effect"] == "Deny"]
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    said = reasons(person.launch("it"))
    assert "is not authorized to perform: s3:GetObject" in said
    assert f"Let account {SPOKE} read in the policy of bucket {bucket}" in said


def test_a_role_of_the_hub_makes_the_stack_in_the_hub(shelf: Shelf, aws: LocalAws) -> None:
    """What AWS does with a RoleArn in a shared portfolio, and why LocalRoleName is there."""
    person = at_spoke(aws, shelf)
    hub: Any = aws.session(REGION).client("servicecatalog")
    iam: Any = aws.session(REGION).client("iam")
    name = f"catalog-launch-acme-{PRODUCT}"
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    del trust["Statement"][0]["Condition"]  # else it serves launches of its own account alone
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))
    portfolio = hub.list_portfolios_for_product(ProductId=person.product)["PortfolioDetails"][0]["Id"]
    constraints = hub.list_constraints_for_portfolio(PortfolioId=portfolio, ProductId=person.product)
    ident = next(c["ConstraintId"] for c in constraints["ConstraintDetails"] if c["Type"] == "LAUNCH")
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    hub.update_constraint(Id=ident, Parameters=json.dumps({"RoleArn": arn}))
    answer = person.sc.provision_product(ProvisionedProductName="it", **person.form(person.newest()))
    record = finished(person.sc, answer)
    # Its permissions are scoped to stacks of its own account's launches, so that nothing comes of it.
    assert f":{ACCOUNT}:stack/SC-{SPOKE}-pp-" in reasons(record)
