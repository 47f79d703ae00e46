from __future__ import annotations

import pytest

from tests.lint.rules.judge import faults, one


@pytest.mark.parametrize(
    ("kind", "successor"),
    [
        ("AWS::Elasticsearch::Domain", "AWS::OpenSearchService::Domain"),
        ("AWS::CodeStarConnections::Connection", "AWS::CodeConnections::Connection"),
    ],
)
def test_a_type_with_a_successor_is_told_of_it(kind: str, successor: str) -> None:
    assert successor in faults("superseded_types", one(kind, {}))["Resources/It/Type"]
    assert faults("superseded_types", one(successor, {})) == {}
