"""A launch role has nothing to spare: without any one of its actions, or any one resource, what it launches fails.

What fails names the action that is missing, or one of those on the resource that is.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from generator.local import LocalAws

from .conftest import Person, next_version
from .grants import Role, first_failure, needless, spare
from .test_products import PRODUCTS

SAMPLE = [
    ("analyst-notebook", "sagemaker:CreateNotebookInstance"),
    ("analyst-notebook", "kms:CreateGrant"),
    ("custom-model-endpoint", "codecommit:GetRepository"),
    ("custom-model-endpoint", "s3:GetObject"),
    ("demand-forecast-endpoint", "iam:PassRole"),
    ("demand-forecast-endpoint", "sagemaker:DeleteModel"),
    ("churn-endpoint", "kms:CreateGrant"),
    ("churn-endpoint", "application-autoscaling:RegisterScalableTarget"),
    ("mlops-build-train", "cloudformation:CreateStack"),
]


def mutate(product: str, actions: list[str], aws: LocalAws, person: Person) -> list[str]:
    """The actions whose absence went unnoticed, or was told under another name."""
    role = Role(aws, f"catalog-launch-acme-{product}")
    second = next_version(aws, person.product)
    unnoticed = []
    for number, action in enumerate(actions or role.actions):
        person.word = f"team-{number}"
        role.without(action)
        said = first_failure(person, second)
        if f"is not authorized to perform: {action} on resource" not in said:
            unnoticed.append(action)
        role.without()
        if person.sc.scan_provisioned_products()["ProvisionedProducts"]:
            person.terminate("it")
    return unnoticed


@pytest.mark.parametrize(("product", "action"), SAMPLE)
def test_without_one_grant_the_launch_fails_and_names_it(
    product: str, action: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    assert mutate(product, [action], aws, at(product)) == []


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_no_grant_is_to_spare(product: str, aws: LocalAws, at: Callable[[str], Person]) -> None:
    unnoticed = [action for action in mutate(product, [], aws, at(product)) if not spare(product, action)]
    assert not unnoticed, " ".join(unnoticed)


RESOURCES = [
    ("analyst-notebook", r".*:notebook-instance/.*"),
    ("churn-endpoint", r".*:endpoint-config/.*"),
    ("demand-forecast-endpoint", r".*:role/.*"),
    ("custom-model-endpoint", r".*/assets/.*"),
]


def mutate_patterns(product: str, wanted: str, aws: LocalAws, person: Person) -> list[str]:
    """The resources whose absence went unnoticed, each with the actions on it."""
    role = Role(aws, f"catalog-launch-acme-{product}")
    second = next_version(aws, person.product)
    chosen = [each for each in role.patterns if re.fullmatch(wanted, each.resource)]
    assert chosen, f"no resource is {wanted}"
    unnoticed = []
    for number, pattern in enumerate(chosen):
        person.word = f"team-{number}"
        role.without_pattern(pattern)
        said = first_failure(person, second)
        named = any(
            f"is not authorized to perform: {action} on resource" in said for action in pattern.actions
        )
        if not named and not needless(product, pattern):
            unnoticed.append(f"{pattern.resource}: {' '.join(pattern.actions)}")
        role.without()
        if person.sc.scan_provisioned_products()["ProvisionedProducts"]:
            person.terminate("it")
    return unnoticed


@pytest.mark.parametrize(("product", "wanted"), RESOURCES)
def test_without_one_resource_the_launch_fails_and_names_it(
    product: str, wanted: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    assert mutate_patterns(product, wanted, aws, at(product)) == []


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_no_resource_is_to_spare(product: str, aws: LocalAws, at: Callable[[str], Person]) -> None:
    assert mutate_patterns(product, ".*", aws, at(product)) == []
