"""Each product of the catalogue launches, updates and terminates under its synthesised launch role, and leaves nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws
from generator.local.iam.permissions import reviewed
from generator.local.stacks.account import parsed
from tests.conftest import ROOT

from .conftest import REGION, Person, Shelf
from .evolution import next_version
from .shop import reasons

PRODUCTS = sorted(
    path.stem for path in (ROOT / "products").glob("*.yaml") if path.stem not in ("portfolios", "targets")
)
# What may stay behind, by service: how to list it. (The local CodeCommit cannot list; the stack's events speak for it.)
LISTS: dict[str, Callable[[Any], list[str]]] = {
    "iam": lambda c: [r["RoleName"] for r in c.list_roles()["Roles"]],
    "s3": lambda c: [b["Name"] for b in c.list_buckets()["Buckets"]],
    "kms": lambda c: [
        k["KeyId"]
        for k in c.list_keys()["Keys"]
        if c.describe_key(KeyId=k["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    ],
    "lambda": lambda c: [f["FunctionName"] for f in c.list_functions()["Functions"]],
    "logs": lambda c: [g["logGroupName"] for g in c.describe_log_groups()["logGroups"]],
    "sns": lambda c: [t["TopicArn"] for t in c.list_topics()["Topics"]],
    "sqs": lambda c: c.list_queues().get("QueueUrls", []),
    "events": lambda c: [r["Name"] for r in c.list_rules()["Rules"]],
    "ec2": lambda c: [g["GroupId"] for g in c.describe_security_groups()["SecurityGroups"]],
    "ecr": lambda c: [r["repositoryName"] for r in c.describe_repositories()["repositories"]],
    "codebuild": lambda c: c.list_projects()["projects"],
    "codepipeline": lambda c: [p["name"] for p in c.list_pipelines()["pipelines"]],
    "secretsmanager": lambda c: [s["Name"] for s in c.list_secrets()["SecretList"]],
    "ssm": lambda c: [p["Name"] for p in c.describe_parameters()["Parameters"]],
    "cloudwatch": lambda c: [a["AlarmName"] for a in c.describe_alarms()["MetricAlarms"]],
    "sagemaker": lambda c: [
        *(m["ModelName"] for m in c.list_models()["Models"]),
        *(e["EndpointConfigName"] for e in c.list_endpoint_configs()["EndpointConfigs"]),
        *(e["EndpointName"] for e in c.list_endpoints()["Endpoints"]),
        *(n["NotebookInstanceName"] for n in c.list_notebook_instances()["NotebookInstances"]),
        *(g["ModelPackageGroupName"] for g in c.list_model_package_groups()["ModelPackageGroupSummaryList"]),
    ],
}


def things(aws: LocalAws) -> set[str]:
    session: Any = aws.session(REGION)
    return {
        f"{service} {name}" for service, listing in LISTS.items() for name in listing(session.client(service))
    }


@pytest.mark.parametrize("product", PRODUCTS)
def test_it_launches_updates_and_terminates_under_its_role(
    product: str, shelf: Shelf, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    person = at(product)
    admin: Any = aws.session(REGION).client("cloudformation")
    person.form(person.newest())  # makes what the form is filled in with
    before = things(aws)
    first = person.newest()
    second = next_version(aws, person.product)
    before |= {"s3 next-versions"}

    launched = person.launch("it", **person.form(first))
    assert reasons(launched) == ""
    assert launched["RecordDetail"]["LaunchRoleArn"].endswith(f"role/catalog-launch-acme-{product}")
    stack = next(
        o["OutputValue"] for o in launched["RecordOutputs"] if o["OutputKey"] == "CloudformationStackARN"
    )
    assert stack.split("/")[1].startswith(f"SC-{ACCOUNT}-pp-")
    found = admin.describe_stacks(StackName=stack)["Stacks"][0]
    tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
    assert {key for key in tags if key.startswith("aws:servicecatalog:")} == {
        f"aws:servicecatalog:{name}"
        for name in (
            "portfolioArn",
            "productArn",
            "provisioningPrincipalArn",
            "provisioningArtifactIdentifier",
            "provisionedProductArn",
        )
    }
    assert tags["catalog:product"] == f"acme/{product}"
    resources = admin.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    assert [each["ResourceType"] for each in resources if not reviewed(each["ResourceType"])] == []

    updated = person.update("it", second)
    assert reasons(updated) == ""
    assert "AddedByTheNextVersion" in {output["OutputKey"] for output in updated["RecordOutputs"]}
    assert updated["RecordDetail"]["ProvisioningArtifactId"] == second

    ended = person.terminate("it")
    assert reasons(ended) == ""
    left = admin.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    text = admin.get_template(StackName=stack)["TemplateBody"]
    template = parsed(text) if isinstance(text, str) else text
    retained = {
        name
        for name, resource in template["Resources"].items()
        if str(resource.get("DeletionPolicy", "")).startswith("Retain")
    }
    kept = {each["LogicalResourceId"] for each in left if each["ResourceStatus"] != "DELETE_COMPLETE"}
    assert kept <= retained
    names = {each["PhysicalResourceId"] for each in left if each["LogicalResourceId"] in kept}
    extra = [thing.partition(" ")[2] for thing in things(aws) - before]
    assert [thing for thing in extra if not any(thing in name for name in names)] == []
