"""Against AWS's own launch role policy for SageMaker projects, action by action: each difference has its reason.

AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy was written by AWS for its project templates, from none of the
data that ours is made from.
"""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from generator.launch_role import LaunchRole, compare, synthesise
from tests.launch_role.reading import FIXTURES, SCOPE, load
from tests.launch_role.test_products import roles

NAME = "AmazonSageMakerAdmin-ServiceCatalogProductsServiceRolePolicy"

# Ours has more: AWS's templates have fixed use roles, no such resources, or leave it to chance.
MORE = {
    r"iam:(?!PassRole|CreateServiceLinked).*": "our projects make their own use roles; AWS's use roles shared by the account",
    r"iam:CreateServiceLinkedRole": "the first scalable target in an account makes Application Auto Scaling's role",
    r"application-autoscaling:.*": "AWS's policy has no scaling; the endpoint product scales",
    r"(cloudwatch|sns):.*": "AWS's policy has no alarms, dashboards or topics",
    r"cloudformation:.*ChangeSets?": "provisioned product plans and transforms go by change sets",
    r"cloudformation:SetStackPolicy": "the guide for launch constraints asks for it",
    r".*:(Tag|Untag)Resource": "TagOptions and AutoTags may be changed, or be new, on an update",
    r"sagemaker:DeleteTags": "TagOptions and AutoTags may be changed on an update",
    r".*:List(Tags|TagsForResource)": "the read handlers ask for tags",
    r"(codebuild:BatchGetProjects|events:ListTargetsByRule)": "the read handlers ask for the state",
    r"(codecommit:GetRepositoryTriggers|sagemaker:GetModelPackageGroupPolicy)": "the read handlers ask, whether it is set or not",
    r"cloudformation:\w*Stack(Set\w*|Instances?)": "stages in other accounts are stack sets",
    r"codecommit:UpdateRepository(Name|Description)": "an update may rename and describe anew",
    r"ecr:\w*(LifecyclePolicy|RepositoryPolicy|Repositories|ImageScanningConfiguration|ImageTagMutability)": (
        "the repository of one's own container is scanned, tidied and immutable; AWS's is bare"
    ),
    r"ec2:Describe(NetworkInterfaces|SecurityGroups|Subnets|Vpcs)": "functions and models in a VPC; AWS's have none",
    r"(kms:\w+|logs:(A|Disa)ssociateKmsKey)": "our projects have a key of their own; AWS's use the services' keys",
    r"lambda:\w*EventSourceMapping": "functions that read queues",
    r"lambda:GetPolicy": "the read handler of a permission; AWS's policy adds permissions and never reads them",
    r"lambda:UpdateFunction(Code|Configuration)": "a new version of a product updates its functions",
    r"logs:DeleteRetentionPolicy": "a new version may take the retention away",
    r"s3:(Get|List).*": "the read handlers ask for the settings in use",
    r"s3:Put(BucketOwnershipControls|BucketVersioning|LifecycleConfiguration)": "our buckets are versioned, owned and tidied",
    r"sagemaker:.*ModelPackageGroup(Policy)?": "AWS's projects make the group in their pipeline code; ours in the template",
    r"secretsmanager:\w+": "the token of a git host lies in a secret",
    r"sqs:\w+": "events that could not be handled are kept in queues",
    r"ssm:\w+": "a parameter tells Jenkins's jobs what to build",
    r"sagemaker:UpdateEndpoint": "a new version updates the endpoint in place",
}
# Ours has less, although the service is used.
LESS = {
    r"codepipeline:StartPipelineExecution": "only with RestartExecutionOnUpdate",
    r"events:(En|Dis)ableRule": "the handler sets the state by PutRule",
    r"lambda:GetFunctionConfiguration": "the handler reads by GetFunction",
    r"logs:.*LogStreams?": "no AWS::Logs::LogStream in the template",
    r"s3:Put(BucketAcl|BucketCORS|BucketLogging|BucketNotification)": "the bucket has none of these properties",
    r"s3:PutObjectTagging": "a template makes no objects",
    r"sagemaker:.*(CodeRepository|Image|Workteam)": "no such resource in the template",
}


@pytest.fixture(scope="module")
def theirs() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws_managed_policies_data)[NAME]["Document"]
    return found


def names(policy: dict[str, Any]) -> set[str]:
    actions = [statement["Action"] for statement in policy["Statement"]]
    return {name for one in actions for name in ([one] if isinstance(one, str) else one)}


def role_of(fixture: str) -> LaunchRole:
    return synthesise(load(FIXTURES / "products" / f"{fixture}.json")["template"], SCOPE)[0]


@pytest.fixture(scope="module")
def ours() -> set[str]:
    """What the roles of the whole family do: the projects, and the endpoints that their models are deployed to."""
    family = [
        role for name, role in roles().items() if name.startswith("mlops-") or name.endswith("endpoint")
    ]
    assert len(family) > 15
    return {grant.action for role in family for grant in role.grants}


def test_each_action_that_ours_has_more_is_explained(theirs: dict[str, Any], ours: set[str]) -> None:
    unexplained = [
        n for n in sorted(ours - names(theirs)) if not any(re.fullmatch(pattern, n) for pattern in MORE)
    ]
    assert unexplained == []


def test_each_action_that_ours_has_less_is_explained(theirs: dict[str, Any], ours: set[str]) -> None:
    services = {name.partition(":")[0] for name in ours}
    less = [name for name in names(theirs) - ours if name.partition(":")[0] in services]
    assert [name for name in sorted(less) if not any(re.fullmatch(pattern, name) for pattern in LESS)] == []


def test_no_explanation_is_left_over(theirs: dict[str, Any], ours: set[str]) -> None:
    more, less = ours - names(theirs), names(theirs) - ours
    assert [pattern for pattern in MORE if not any(re.fullmatch(pattern, name) for name in more)] == []
    assert [pattern for pattern in LESS if not any(re.fullmatch(pattern, name) for name in less)] == []


def test_connections_are_passed_as_aws_passes_them(theirs: dict[str, Any]) -> None:
    for grant in role_of("project").grants:
        if not grant.action.endswith(":PassConnection"):
            continue
        (key,) = [(key, values) for _, key, values in grant.conditions if key.endswith("PassedToService")]
        statement = next(found for found in theirs["Statement"] if found["Action"] == grant.action)
        assert statement["Condition"]["StringEquals"] == {key[0]: key[1][0]}
        assert any(_matches(pattern, grant.resource) for pattern in statement["Resource"])


def _matches(pattern: str, arn: str) -> bool:
    return fnmatchcase(arn.replace("${AWS::Partition}", "aws").replace("${AWS::AccountId}", "1"), pattern)


def test_theirs_is_wider_wherever_both_allow(theirs: dict[str, Any]) -> None:
    too_much, _ = compare(role_of("project"), [theirs])
    shared = names(theirs) & {grant.action for grant in role_of("project").grants if grant.resource != "*"}
    wider = {found.action for found in too_much}
    assert {name for name in shared if name.startswith(("code", "events:", "lambda:"))} <= wider
    assert {found.severity for found in too_much if found.action == "iam:PassRole"} == {"high"}
