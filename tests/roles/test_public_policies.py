"""Against launch policies that others wrote by hand for the same resources, action by action: each difference has its reason.

`public_policies.json` holds the action lists of AWS's public Service Catalog reference architecture, with the file and
commit that each was read from, and a template of ours with the resource types and properties of the product it launches.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from generator.launch_role import LaunchRole, actions, compare, scoped_writes, synthesise
from tests.launch_role.reading import SCOPE

PUBLIC: dict[str, dict[str, Any]] = json.loads((Path(__file__).parent / "public_policies.json").read_text())

_COMMON = {
    r"cloudformation:.*": "the labs attach a common policy for the stack, which is not in the file",
    r"s3:GetObject": "the template's copy is read by its tag; the labs' common policy again",
}
_TAGS = "TagOptions and AutoTags come to every stack, so that taggable resources are tagged and read back"

# What ours has more, by policy.
MORE: dict[str, dict[str, str]] = {
    "s3": {
        **_COMMON,
        r"s3:(ListTagsForResource|TagResource|UntagResource|(Get|Put)BucketTagging)": _TAGS,
        r"s3:ListBucket": "the read handler finds out whether the bucket is there by HeadBucket",
    },
    "sagemaker": {
        **_COMMON,
        r"sagemaker:ListTags": _TAGS,
        r"sagemaker:(Start|Update)NotebookInstance": "an update stops, changes and starts the instance; theirs can only replace it",
        r"ec2:.*": "the instance's network interface is made with the launch role's rights",
        r"kms:(CreateGrant|Decrypt|DescribeKey)": "the volume's key is given, and is used by a grant",
    },
    "sqs": {
        **_COMMON,
        r"sqs:(ListQueueTags|TagQueue|UntagQueue)": _TAGS,
        r"sqs:SetQueueAttributes": "an update in place; theirs fails on any change of an attribute",
    },
    "sns": {
        **_COMMON,
        r"sns:(ListTagsForResource|TagResource|UntagResource)": _TAGS,
        r"sns:(GetDataProtectionPolicy|ListSubscriptionsByTopic)": "the read handler asks for both in any case",
        r"sns:(Get|Set)TopicAttributes": "the topic's policy and its key are attributes; theirs cannot set the policy of its product",
    },
    "dynamodb": {
        **_COMMON,
        r"dynamodb:ListTagsOfResource": _TAGS,
        r"dynamodb:Describe.*": "the read handler asks for backups, insights and time to live",
        r"dynamodb:UpdateTable": "an update of the throughput; theirs fails on it",
        r"kms:.*": "the table is encrypted with a key of KMS, which DynamoDB uses by a grant",
    },
    "stack": {
        r"cloudformation:.*ChangeSets?": "plans and transforms go by change sets; of theirs only `List*` covers one",
        r"cloudformation:(Tag|Untag)Resource": "the stack gets AutoTags and TagOptions",
        r"s3:.*": "theirs attaches AmazonS3FullAccess for the bucket and for the template's copy",
    },
}
# What ours has less.
LESS: dict[str, dict[str, str]] = {
    "s3": {
        r"s3:(Get|Put)AccountPublicAccessBlock": "that is the whole account's setting, not the bucket's",
        r"s3:(Get|Put)(AnalyticsConfiguration|BucketLogging|BucketNotification|InventoryConfiguration|LifecycleConfiguration)": (
            "the product's bucket has none of these properties"
        ),
        r"s3:ListBucketVersions": "no handler lists versions; a bucket that is not empty is not deleted",
    },
    "sagemaker": {
        r"sagemaker:.*Endpoint(Config)?s?": "the product makes no endpoint",
        r"sagemaker:.*LifecycleConfigs?": "the product makes no lifecycle configuration",
        r"sagemaker:CreatePresignedNotebookInstanceUrl": "opening the notebook is the user's right, not the launch's",
        r"sagemaker:ListNotebookInstances": "the list handler; a stack knows its instance",
    },
    "sqs": {r"sqs:ListQueues": "the list handler; a stack knows its queue"},
    "sns": {
        r"sns:ListTopics": "the list handler; a stack knows its topic",
        r"sns:(Add|Remove)Permission": "the handler sets the policy as a whole, by SetTopicAttributes",
    },
    "dynamodb": {r"dynamodb:ListTables": "the list handler; a stack knows its table"},
    "stack": {
        r"cloudformation:(DescribeStackResources?|GetTemplate|List(?!ChangeSets).*)": (
            "the console reads these as the user; Service Catalog's guide for launch constraints does not ask for them"
        ),
        r"iam:.*": "the product makes no role and passes none",
        r"servicecatalog:.*": "service actions are run by the user, or by a role of their own",
    },
}


def names(policy: str) -> set[str]:
    """Their actions, wildcards expanded, in the spelling of IAM."""
    found: set[str] = set()
    for name in PUBLIC[policy]["actions"]:
        known = actions.action(name)
        found |= {str(known)} if known else set(actions.expand(name))
    return found


def role_of(policy: str) -> LaunchRole:
    return synthesise(PUBLIC[policy]["template"], SCOPE)[0]


def ours(policy: str) -> set[str]:
    return {grant.action for grant in role_of(policy).grants}


def unexplained(found: set[str], reasons: dict[str, str]) -> list[str]:
    return [name for name in sorted(found) if not any(re.fullmatch(pattern, name) for pattern in reasons)]


def test_every_list_has_its_source_at_a_commit() -> None:
    assert PUBLIC.keys() == MORE.keys() == LESS.keys()
    source = r"https://github\.com/aws-samples/aws-service-catalog-reference-architectures/blob/[0-9a-f]{40}/\S+\.yml"
    for policy in PUBLIC.values():
        assert re.fullmatch(source, policy["source"])
        assert policy["actions"] == sorted(set(policy["actions"]))


@pytest.mark.parametrize("policy", PUBLIC)
def test_each_action_that_ours_has_more_is_explained(policy: str) -> None:
    assert unexplained(ours(policy) - names(policy), MORE[policy]) == []


@pytest.mark.parametrize("policy", PUBLIC)
def test_each_action_that_ours_has_less_is_explained(policy: str) -> None:
    assert unexplained(names(policy) - ours(policy), LESS[policy]) == []


@pytest.mark.parametrize("policy", PUBLIC)
def test_no_explanation_is_left_over(policy: str) -> None:
    more, less = ours(policy) - names(policy), names(policy) - ours(policy)
    for reasons, found in ((MORE[policy], more), (LESS[policy], less)):
        assert [
            pattern for pattern in reasons if not any(re.fullmatch(pattern, name) for name in found)
        ] == []


@pytest.mark.parametrize("policy", PUBLIC)
def test_theirs_is_on_everything_and_ours_on_what_the_product_makes(policy: str) -> None:
    role = role_of(policy)
    document = {"Statement": {"Effect": "Allow", "Action": PUBLIC[policy]["actions"], "Resource": "*"}}
    too_much, lacking = compare(role, [document])
    scoped = {grant.action for grant in role.grants if grant.resource != "*"}
    unlimited = {grant.action for grant in role.grants if grant.resource == "*"}
    assert (names(policy) & scoped) - unlimited <= {each.action for each in too_much}
    assert {each.action for each in lacking} == ours(policy) - names(policy)
    assert scoped_writes(role).share >= 0.85


def test_passing_any_role_is_what_weighs_most() -> None:
    document = {"Statement": {"Effect": "Allow", "Action": PUBLIC["sagemaker"]["actions"], "Resource": "*"}}
    too_much, _ = compare(role_of("sagemaker"), [document])
    assert {each.action for each in too_much if each.severity == "high"} == {"iam:PassRole"}
