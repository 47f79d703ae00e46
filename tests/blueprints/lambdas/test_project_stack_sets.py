"""Deleting the StackSets of stages, by the real client, against a CloudFormation whose operations take their time."""

from __future__ import annotations

import importlib

import boto3
import pytest

from .formation import CloudFormation, StackSet
from .loopback import REGION, Loopback, listening

PREFIX = "sagemaker-Churn-p-a1b2c3d4e5f6-deploy-"
ONE, OTHER = "222233334444", "555566667777"


def delete(aws: Loopback, package: str, sets: dict[str, StackSet], *, refused: str = "") -> None:
    """Run the function's own code against these StackSets."""
    code, answering = (
        importlib.import_module(f"{package}.{name}") for name in ("stack_sets", "custom_resource")
    )
    handler = type("Handler", (CloudFormation,), {"sets": sets, "refused": refused})
    with listening(handler) as url:
        client = boto3.client("cloudformation", endpoint_url=url, region_name=REGION)
        code.delete_stack_sets(client, PREFIX, answering.Deadline(900))


def test_all_stack_sets_of_the_project_go_with_their_stacks_and_no_others(
    aws: Loopback, package: str
) -> None:
    listed, of_units = StackSet([OTHER, ONE]), StackSet([ONE], unit="ou-ab12-cdef3456")
    sets = {
        f"{PREFIX}staging": listed,
        f"{PREFIX}production": of_units,
        f"{PREFIX}empty": StackSet([]),
        "sagemaker-Churn-p-000000000000-deploy-staging": StackSet([ONE]),
    }
    delete(aws, package, sets)
    assert set(sets) == {"sagemaker-Churn-p-000000000000-deploy-staging"}
    assert [listed.asked[f"Accounts.member.{number}"] for number in (1, 2)] == [[ONE], [OTHER]]
    assert of_units.asked["DeploymentTargets.OrganizationalUnitIds.member.1"] == ["ou-ab12-cdef3456"]
    assert not any(name.startswith("Accounts") for name in of_units.asked)
    assert {each["RetainStacks"][0] for each in (listed.asked, of_units.asked)} == {"false"}


def test_an_operation_under_way_is_waited_for(aws: Loopback, package: str) -> None:
    sets = {f"{PREFIX}staging": StackSet([ONE], busy=2)}
    delete(aws, package, sets)
    assert sets == {}


def test_stacks_that_stay_are_told_with_their_accounts(aws: Loopback, package: str) -> None:
    sets = {f"{PREFIX}staging": StackSet([ONE], ends_as="FAILED")}
    with pytest.raises(Exception, match=rf"deploy-staging could not be deleted: {ONE} it is held\."):
        delete(aws, package, sets)
    assert set(sets) == {f"{PREFIX}staging"}


@pytest.mark.parametrize("action", ["ListStackSets", "DeleteStackInstances", "DeleteStackSet"])
def test_what_cloudformation_refuses_is_raised(aws: Loopback, package: str, action: str) -> None:
    with pytest.raises(Exception, match=f"no {action}"):
        delete(aws, package, {f"{PREFIX}staging": StackSet([ONE])}, refused=action)


def test_the_accounts_of_stack_sets_are_those_with_a_stack(aws: Loopback, package: str) -> None:
    code = importlib.import_module(f"{package}.stack_sets")
    sets = {"production": StackSet([OTHER, ONE], failed=(OTHER,)), "empty": StackSet([])}
    with listening(type("Handler", (CloudFormation,), {"sets": sets, "refused": ""})) as url:
        client = boto3.client("cloudformation", endpoint_url=url, region_name=REGION)
        assert code.accounts_of(client, ["production", "empty", "gone"]) == {ONE}
    with listening(
        type("Handler", (CloudFormation,), {"sets": sets, "refused": "ListStackInstances"})
    ) as url:
        client = boto3.client("cloudformation", endpoint_url=url, region_name=REGION)
        with pytest.raises(Exception, match="no ListStackInstances"):
            code.accounts_of(client, ["production"])
