from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, faults, one


def group(**rule: Any) -> dict[str, Any]:
    return one(
        "AWS::EC2::SecurityGroup", {"SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, **rule}]}
    )


@pytest.mark.parametrize(
    ("name", "network"),
    [("CidrIp", "0.0.0.0/0"), ("CidrIpv6", "::/0"), ("CidrIp", {"Fn::If": ["C", "0.0.0.0/0", "10.0.0.0/8"]})],
)
def test_the_whole_internet_is_refused(name: str, network: Any) -> None:
    (path,) = faults("open_ingress", group(**{name: network}))
    assert path.startswith(f"{IT}/SecurityGroupIngress/0/{name}")


def test_a_rule_as_a_resource_is_read_too() -> None:
    assert list(faults("open_ingress", one("AWS::EC2::SecurityGroupIngress", {"CidrIp": "0.0.0.0/0"}))) == [
        f"{IT}/CidrIp"
    ]


def test_a_parameter_must_not_default_to_it() -> None:
    template = group(CidrIp={"Ref": "Network"})
    template["Parameters"] = {"Network": {"Type": "String", "Default": "0.0.0.0/0"}}
    assert list(faults("open_ingress", template)) == ["Parameters/Network/Default"]
    template["Parameters"] = {"Network": {"Type": "String"}}
    assert faults("open_ingress", template) == {}


def test_known_networks_groups_and_egress_pass() -> None:
    assert faults("open_ingress", group(CidrIp="10.0.0.0/16")) == {}
    assert faults("open_ingress", group(SourceSecurityGroupId={"Ref": "Other"})) == {}
    egress = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}]
    assert faults("open_ingress", one("AWS::EC2::SecurityGroup", {"SecurityGroupEgress": egress})) == {}
