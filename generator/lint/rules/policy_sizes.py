"""E9012: policies that get larger than AWS takes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import PLACEHOLDER, Path, Resource, call, resources
from generator.lint.lengths import Measure
from generator.lint.names import longest_names

GUIDE = "https://docs.aws.amazon.com"
IAM = f"{GUIDE}/IAM/latest/UserGuide/reference_iam-quotas.html"
# A role's limit is on all of its inline policies together.
ROLE = "AWS::IAM::Role"
INLINE = 10_240
DOCUMENTS = {
    "AWS::IAM::ManagedPolicy": ("PolicyDocument", 6_144, IAM),
    "AWS::S3::BucketPolicy": (
        "PolicyDocument",
        20_480,
        f"{GUIDE}/AmazonS3/latest/userguide/bucket-policies.html",
    ),
    "AWS::KMS::Key": ("KeyPolicy", 32_768, f"{GUIDE}/kms/latest/developerguide/resource-limits.html"),
}
# What an ARN is that only the deployment knows; of other types it counts as nothing.
ARNS = {
    "AWS::IAM::Role": "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${%s}",
    "AWS::KMS::Key": "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/" + "x" * 36,
    "AWS::S3::Bucket": "arn:${AWS::Partition}:s3:::${%s}",
}


class PolicySizes(HouseRule):
    id = "E9012"
    shortdesc = "Policy over its limit"
    description = (
        "Counts the characters of inline policies of roles, managed policies, bucket policies and key policies without white "
        "space, with every parameter at its longest and one value for each list."
    )
    source_url = IAM
    tags = ["resources", "iam"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        names = longest_names(subject.template, subject.regions)
        arns = {
            one.name: ARNS[one.type].replace("%s", one.name) for one in resources(subject.template, *ARNS)
        }
        ruler = Ruler(Measure(subject.template, subject.regions, names), arns)
        for resource in resources(subject.template):
            for path, size, limit, source in _measured(resource, ruler):
                if size > limit:
                    yield Fault(
                        path,
                        f"The policy can reach {size:,} characters and the limit is {limit:,}. Name fewer things one by one: "
                        f"say statements that differ in their resources alone once, or use a prefix ({source}).",
                    )


def _measured(resource: Resource, ruler: Ruler) -> Iterator[tuple[Path, int, int, str]]:
    if resource.type == ROLE:
        policies = resource.properties.get("Policies")
        if isinstance(policies, list):
            documents = [one.get("PolicyDocument") for one in policies if isinstance(one, Mapping)]
            yield (*resource.path, "Policies"), sum(map(ruler.size, documents)), INLINE, IAM
    elif resource.type in DOCUMENTS:
        name, limit, source = DOCUMENTS[resource.type]
        if name in resource.properties:
            yield (*resource.path, name), ruler.size(resource.properties[name]), limit, source


@dataclass(frozen=True)
class Ruler:
    """Sizes of documents as JSON, each expression at its longest."""

    measure: Measure
    arns: Mapping[str, str]

    def size(self, value: Any) -> int:
        called = call(value)
        if called and called[0] == "Fn::If" and isinstance(called[1], list):
            return max(map(self.size, called[1][1:]), default=0)
        if called and called[0] == "Fn::Split" and isinstance(called[1], list) and called[1]:
            return self.size(called[1][-1])
        if called and called[0] == "Ref" and called[1] == "AWS::NoValue":
            return 0
        if called or not isinstance(value, dict | list):
            return len(json.dumps(self.measure.longest(self._known(value)).text, ensure_ascii=False))
        if isinstance(value, list):
            return 1 + sum(self.size(one) + 1 for one in value)  # brackets and commas
        return 1 + sum(len(json.dumps(key)) + 1 + self.size(one) + 1 for key, one in value.items())

    def _known(self, value: Any) -> Any:
        """The expression with ARNs of the template's own resources spelled out."""
        called = call(value)
        if called is None:
            return value
        name, argument = called
        parts = argument if isinstance(argument, list) else [argument]
        if name == "Fn::GetAtt" and all(isinstance(part, str) for part in parts):
            title, _, attribute = ".".join(parts).partition(".")
            return {"Fn::Sub": self.arns[title]} if attribute == "Arn" and title in self.arns else value
        if name == "Fn::Sub" and parts and isinstance(parts[0], str):
            text, *rest = parts
            spelled = PLACEHOLDER.sub(lambda found: self._arn(found.group(1), found.group()), text)
            return {name: [spelled, *rest]}
        return value

    def _arn(self, name: str, written: str) -> str:
        title, _, attribute = name.partition(".")
        return self.arns.get(title, written) if attribute == "Arn" else written
