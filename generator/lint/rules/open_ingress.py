"""E9010: security groups that let the whole internet in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.lint.house import Fault, HouseRule, Subject
from generator.lint.intrinsics import Placed, at, call, items, parameters, resources

OPEN = ("0.0.0.0/0", "::/0")


class OpenIngress(HouseRule):
    id = "E9010"
    shortdesc = "Ingress from anywhere"
    description = "A security group of a product admits known networks only; a parameter must not default to anywhere either."
    source_url = "https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html"
    tags = ["ec2"]

    def faults(self, subject: Subject) -> Iterator[Fault]:
        for resource in resources(
            subject.template, "AWS::EC2::SecurityGroup", "AWS::EC2::SecurityGroupIngress"
        ):
            whole = Placed(resource.path, resource.properties)
            inline = resource.type == "AWS::EC2::SecurityGroup"
            for rule in (
                [one for found in at(whole, "SecurityGroupIngress") for one in items(found)]
                if inline
                else [whole]
            ):
                for name in ("CidrIp", "CidrIpv6"):
                    for placed in at(rule, name):
                        yield from self._network(subject.template, placed)

    def _network(self, template: Mapping[str, Any], placed: Placed) -> Iterator[Fault]:
        called = call(placed.value)
        if called and called[0] == "Ref":
            declared = parameters(template).get(str(called[1]), {})
            if declared.get("Default") in OPEN:
                yield Fault(
                    ("Parameters", str(called[1]), "Default"),
                    f"The default lets anyone in through {'/'.join(map(str, placed.path))}. Give no default.",
                )
        elif placed.value in OPEN:
            yield Fault(
                placed.path, f"{placed.value} lets anyone in. Name a network or a source security group."
            )
