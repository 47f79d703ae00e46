from __future__ import annotations

import json

import pytest

from generator.lint import schemas
from generator.lint.rules.retired_types import RETIRED, retired
from tests.lint.rules.judge import faults, one


@pytest.mark.parametrize(
    ("kind", "ended", "instead"),
    [
        ("AWS::SageMaker::DeviceFleet", "2024-04-26", "GreengrassV2"),
        ("AWS::QLDB::Ledger", "2025-07-31", "Aurora PostgreSQL"),
        ("AWS::OpsWorks::Stack", "2024-05-26", "SSM"),
        ("AWS::CodeStar::GitHubRepository", "2024-07-31", "CodeConnections"),
        ("AWS::WAFRegional::WebACL", "2025-09-30", "WAFv2"),
    ],
)
def test_a_type_of_an_ended_service_is_refused_with_what_replaces_it(
    kind: str, ended: str, instead: str
) -> None:
    (message,) = faults("retired_types", one(kind, {})).values()
    assert ended in message
    assert instead in message
    assert "https://" in message


@pytest.mark.parametrize(
    "kind",
    ["AWS::SageMaker::Model", "AWS::GreengrassV2::Deployment", "AWS::WAFv2::WebACL", "AWS::KinesisAnalyticsV2::Application",
     "AWS::RDS::DBInstance", "AWS::CodeStarConnections::Connection", "Custom::Seed", "AWS::Lex::Bot"],
)  # fmt: skip
def test_a_living_type_passes(kind: str) -> None:
    assert faults("retired_types", one(kind, {})) == {}


def test_the_fault_stands_at_the_type() -> None:
    assert list(faults("retired_types", one("AWS::SageMaker::Device", {}))) == ["Resources/It/Type"]


def test_every_service_that_the_schemas_call_shut_down_is_known() -> None:
    """cfn-lint's own rule on these is off, because this one says more: so it has to know at least as much."""
    shut = [
        name
        for name in schemas.types()
        if schemas.schema(name).get("lifecycle", {}).get("status") == "shutdown"
    ]
    assert len(shut) > 10
    assert [name for name in shut if retired(name) is None] == []


def test_every_entry_has_a_date_a_successor_and_a_source() -> None:
    for known in RETIRED.values():
        assert len(known.ended.split("-")) == 3
        assert known.instead
        assert known.source.startswith("https://")
    assert json.dumps(sorted(RETIRED)).count("AWS::") == len(RETIRED)
