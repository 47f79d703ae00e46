"""A person's policy: its documents within IAM's sizes, as JSON files and as CloudFormation. It decides nothing of who may what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from generator.catalogue import Catalogue, Target
from generator.launch_role import Grant, LaunchRole, documents, substituted
from generator.launch_role.model import Condition
from generator.launch_role.policy import MANAGED_POLICY_LIMIT, size

PATH = "/catalog/"
PARTITION, ACCOUNT = "${AWS::Partition}", "${AWS::AccountId}"


@dataclass(frozen=True)
class Policy:
    """One persona's policy, in as many documents as IAM's size asks for; pseudo parameters still in them."""

    name: str
    description: str
    documents: tuple[Mapping[str, Any], ...]
    notes: tuple[str, ...] = ()


def equals(key: str, *values: str) -> Condition:
    return ("StringEquals", key, values)


def of_grants(
    name: str,
    description: str,
    catalogue: Catalogue,
    target: Target,
    grants: Iterable[Grant],
    denials: Iterable[Mapping[str, Any]],
    notes: Iterable[str],
) -> Policy:
    # Sized and grouped as a launch role's policies are; no role of this name is ever made.
    sized = LaunchRole(name, catalogue.name, "", frozenset(grants), tuple(target.spec.regions))
    found: list[Mapping[str, Any]] = [*documents(sized)]
    denied = list(denials)
    if denied:
        last = {**found[-1], "Statement": [*found[-1]["Statement"], *denied]}
        fits = size(last) <= MANAGED_POLICY_LIMIT
        found[-1 if fits else len(found) :] = [last if fits else {**last, "Statement": denied}]
    return Policy(name, description, tuple(found), tuple(notes))


def as_files(policy: Policy) -> dict[str, Mapping[str, Any]]:
    """The documents by the names of the managed policies that they make; the first keeps its name when others come."""
    return {
        policy.name if number == 1 else f"{policy.name}-{number}": each
        for number, each in enumerate(policy.documents, start=1)
    }


def as_template(found: Iterable[Policy]) -> dict[str, Any]:
    """Managed policies as CloudFormation, attached to nobody: `Outputs` has their ARNs."""
    resources: dict[str, Any] = {}
    outputs: dict[str, Any] = {}
    for policy in found:
        for name, document in as_files(policy).items():
            logical_id = "".join(word.capitalize() for word in name.split("-"))
            resources[logical_id] = {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "ManagedPolicyName": name,
                    "Path": PATH,
                    "Description": policy.description,
                    "PolicyDocument": substituted(document),
                },
            }
            outputs[logical_id] = {"Description": policy.description, "Value": {"Ref": logical_id}}
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "IAM policies of a Service Catalog catalogue",
        "Resources": resources,
        "Outputs": outputs,
    }
