"""A launch role has nothing to spare: without any one of its actions, or any one resource, what it launches fails.

A life asks for the same until it is denied something. So one life under the whole role tells for each grant whether a
life without it would fail: whether something that was asked for is denied then. That is the sweep over all grants; some
grants are really taken away, in the proof each of them, and then what fails names the action that is missing, or one of
those on the resource that is. What has a reason to be spare is taken away all at once: a life without any of it goes
well, but for what it names, which is then needed after all.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from generator.local import LocalAws

from .conftest import Person
from .evolution import next_versions
from .grants import Asked, Pattern, Role, first_failure, needless, spare
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


class Lives:
    """Lives of one product under a role that lacks something, each told from the ones before by its word."""

    def __init__(self, product: str, aws: LocalAws, person: Person) -> None:
        self.product, self.person = product, person
        self.role = Role(aws, f"catalog-launch-acme-{product}")
        self._versions = next_versions(aws, person.product)
        self._number = 0

    def failure(self) -> str:
        """What the first failure of a whole life says; the role is whole and nothing is left afterwards."""
        self.person.word = f"team-{self._number}"
        self._number += 1
        said = first_failure(self.person, self._versions)
        self.role.without()
        if self.person.sc.scan_provisioned_products()["ProvisionedProducts"]:
            self.person.terminate("it")
        return said

    def unnoticed(self, actions: list[str]) -> list[str]:
        """The actions whose absence, one at a time, went unnoticed or was told under another name."""
        found = []
        for action in actions:
            self.role.without(action)
            if not denied(action, self.failure()):
                found.append(action)
        return found

    def goes_well_without(self, actions: list[str]) -> bool:
        """Whether a life lacks nothing but what it names of these, all of them taken away."""
        while actions:
            self.role.without(*actions)
            said = self.failure()
            if not said:
                return True
            left = [each for each in actions if not denied(each, said)]
            if left == actions:
                return False
            actions = left
        return True

    def unnoticed_patterns(self, patterns: list[Pattern]) -> list[str]:
        """The resources whose absence went unnoticed and has no reason to, each with the actions on it."""
        found = []
        for pattern in patterns:
            self.role.without(pattern)
            said = self.failure()
            if not any(denied(action, said) for action in pattern.actions):
                found.append(f"{pattern.resource}: {' '.join(pattern.actions)}")
        return found


def denied(action: str, said: str) -> bool:
    return f"is not authorized to perform: {action} on resource" in said


SWEPT = (
    "analyst-notebook",
    "custom-model-endpoint",
    "churn-endpoint",
    "mlops-build-train",
    "mlops-multi-account",
)


@pytest.mark.parametrize(
    "product",
    [each if each in SWEPT else pytest.param(each, marks=pytest.mark.proof) for each in PRODUCTS],
)
def test_every_grant_is_asked_for(product: str, aws: LocalAws, at: Callable[[str], Person]) -> None:
    lives = Lives(product, aws, at(product))
    asked = Asked(lives.role)
    with asked.listening():
        assert lives.failure() == ""
    actions = {action for action in lives.role.actions if not asked.missed(action)}
    patterns = {pattern for pattern in lives.role.patterns if not asked.missed(pattern)}
    unexplained = [action for action in sorted(actions) if not spare(product, action)]
    unexplained += [str(pattern) for pattern in patterns if not needless(product, pattern)]
    assert not unexplained, "\n".join(unexplained)


@pytest.mark.parametrize(("product", "action"), SAMPLE)
def test_without_one_grant_the_launch_fails_and_names_it(
    product: str, action: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    assert Lives(product, aws, at(product)).unnoticed([action]) == []


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_life_fails_without_any_one_action(
    product: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    lives = Lives(product, aws, at(product))
    with_reason = [action for action in lives.role.actions if spare(product, action)]
    assert lives.goes_well_without(with_reason)
    unnoticed = lives.unnoticed([action for action in lives.role.actions if action not in with_reason])
    assert not unnoticed, " ".join(unnoticed)


RESOURCES = [
    ("analyst-notebook", r".*:notebook-instance/.*"),
    ("churn-endpoint", r".*:endpoint-config/.*"),
    ("demand-forecast-endpoint", r".*:role/.*"),
    ("custom-model-endpoint", r".*/assets/.*"),
]


@pytest.mark.parametrize(("product", "wanted"), RESOURCES)
def test_without_one_resource_the_launch_fails_and_names_it(
    product: str, wanted: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    lives = Lives(product, aws, at(product))
    chosen = [each for each in lives.role.patterns if re.fullmatch(wanted, each.resource)]
    assert chosen, f"no resource is {wanted}"
    assert lives.unnoticed_patterns(chosen) == []


@pytest.mark.proof
@pytest.mark.parametrize("product", PRODUCTS)
def test_a_life_fails_without_any_one_resource(
    product: str, aws: LocalAws, at: Callable[[str], Person]
) -> None:
    lives = Lives(product, aws, at(product))
    patterns = [each for each in lives.role.patterns if not needless(product, each)]
    unnoticed = lives.unnoticed_patterns(patterns)
    assert not unnoticed, "\n".join(unnoticed)
