"""Grants as policy documents: exact, within IAM's sizes, and read back whole."""

from __future__ import annotations

from dataclasses import replace
from json import dumps

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generator.errors import FactoryError
from generator.launch_role import Grant, LaunchRole, documents
from generator.launch_role.policy import MANAGED_POLICY_LIMIT, grants_of, size, statements

ROLE = LaunchRole("catalog-launch-acme-sample", "acme", "sample", frozenset(), ("eu-west-1",))

names = st.sampled_from(["s3:GetObject", "s3:PutObject", "sqs:CreateQueue", "iam:PassRole", "kms:CreateKey"])
arns = st.sampled_from(
    ["*", "arn:${AWS::Partition}:s3:::a", "arn:${AWS::Partition}:sqs:*:${AWS::AccountId}:SC-*-q-*", "b"]
)
condition = st.tuples(
    st.sampled_from(["StringEquals", "StringLike"]),
    st.sampled_from(["aws:RequestedRegion", "iam:PassedToService"]),
    st.lists(st.sampled_from(["x", "y", "${AWS::AccountId}"]), min_size=1, unique=True).map(tuple),
)
# One value list for each operator and key: a statement has one block for both.
conditions = st.lists(condition, max_size=3, unique_by=lambda c: c[:2]).map(
    lambda found: tuple(sorted(found))
)
grants = st.frozensets(st.builds(Grant, names, arns, conditions), max_size=25)


@given(grants)
def test_statements_are_exactly_the_grants(found: frozenset[Grant]) -> None:
    assert grants_of(statements(found)) == found


@given(grants.flatmap(lambda found: st.permutations(sorted(found))))
def test_the_order_of_grants_does_not_matter(shuffled: list[Grant]) -> None:
    assert dumps(statements(shuffled)) == dumps(statements(sorted(shuffled)))


@given(grants)
def test_documents_hold_all_grants_and_no_wildcard_action(found: frozenset[Grant]) -> None:
    made = documents(replace(ROLE, grants=found))
    assert grants_of(statement for document in made for statement in document["Statement"]) == found
    text = dumps(made)
    assert "NotAction" not in text
    assert "NotResource" not in text


def many(count: int, length: int = 60) -> frozenset[Grant]:
    return frozenset(Grant("s3:GetObject", f"arn:aws:s3:::{'b' * length}{n:05}") for n in range(count))


@pytest.mark.parametrize("count", [1, 70, 71, 72, 73, 200, 600])
def test_no_policy_is_over_the_limit(count: int) -> None:
    made = documents(replace(ROLE, grants=many(count)))
    assert all(size(document) <= MANAGED_POLICY_LIMIT for document in made)
    assert grants_of(statement for document in made for statement in document["Statement"]) == many(count)


def test_no_more_policies_than_are_needed() -> None:
    made = documents(replace(ROLE, grants=many(140)))
    assert len(made) == -(-sum(size(document) for document in made) // MANAGED_POLICY_LIMIT)


def test_what_cannot_fit_says_by_how_much() -> None:
    with pytest.raises(
        FactoryError,
        match=r"needs \d+ managed policies of 6,144 characters and may have 10: [\d,]+ characters too",
    ):
        documents(replace(ROLE, grants=many(900)))
    with pytest.raises(FactoryError, match="characters too long"):
        documents(replace(ROLE, grants=frozenset({Grant("s3:GetObject", "b" * 7000)})))


def test_a_raised_quota_holds_more() -> None:
    assert len(documents(replace(ROLE, grants=many(900)), most=20)) > 10


def test_sizes_count_the_longest_that_a_pseudo_parameter_becomes() -> None:
    assert size("${AWS::AccountId} ${AWS::Partition}") == len('"123456789012aws-us-gov"')
