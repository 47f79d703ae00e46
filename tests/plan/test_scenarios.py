"""The planner, scenario by scenario: what the YAML was when it was published, what it is now, what would change.

A scenario is a file: `reason`, `before` and `after` (texts of files over the smallest catalogue; null removes one),
`selected` (ids named on the command line), and either `changes` or `refused`. Nothing here needs an AWS.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator import bundle, desired, version
from generator.errors import FactoryError
from generator.load import load
from generator.model import State
from generator.plan import Plan, check_limits, diff
from generator.template_diff.comparison import compare
from tests import catalogues

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.yaml"))
NOTHING = State("us-east-1", "catalog-123456789012-us-east-1", False, {}, {}, {})


def _catalogue(folder: Path, files: dict[str, str | None]) -> Path:
    root = catalogues.make(folder, {name: text for name, text in files.items() if text is not None})
    for name, text in files.items():
        if text is None:
            (root / name).unlink()
    return root


def _built(root: Path, selected: list[str]) -> tuple[State, dict[str, bundle.Bundle]]:
    catalogue = load(root)
    target = catalogue.target(None)
    bundles = bundle.build(catalogue, catalogue.select(selected).values(), target)
    state = desired.state(catalogue, bundles, target, target.home_region)
    return state, {each.id: each for each in bundles}


def _published(scenario: dict[str, Any], folder: Path) -> tuple[State, dict[str, bundle.Bundle]]:
    if scenario.get("before") is None:
        return NOTHING, {}
    return _built(_catalogue(folder, scenario["before"]), [])


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path) -> None:
    scenario = yaml.safe_load(path.read_text())
    observed, before = _published(scenario, tmp_path / "before")
    selected = scenario.get("selected", [])
    wanted, bundles = _built(_catalogue(tmp_path / "after", scenario.get("after", {})), selected)
    compared = {
        name: compare(base, before[name].draft.template, bundles[name].draft.template)
        for name in bundles.keys() & before.keys()
        if (base := version.base(observed.products[name].artifacts))
    }

    def plan() -> list[str]:
        changes, _ = diff(wanted, observed, bundles, compared=compared, stacks=[], selected=bool(selected))
        check_limits(Plan("acme", "local", "1", tuple(changes), (), (), len(observed.products), 0))
        return [f"{change.sign} {change.about}" for change in changes]

    if "refused" in scenario:
        with pytest.raises(FactoryError) as refused:
            plan()
        assert scenario["refused"] in str(refused.value)
    else:
        assert plan() == scenario["changes"], scenario["reason"]


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_nothing_changes_from_a_state_to_itself(path: Path, tmp_path: Path) -> None:
    """diff(x, x) is empty, for every state that a scenario knows."""
    scenario = yaml.safe_load(path.read_text())
    wanted, bundles = _built(_catalogue(tmp_path, scenario.get("after", {})), [])
    observed = replace(wanted, bucket_exists=True)
    changes, unchanged = diff(wanted, observed, bundles, compared={}, stacks=[], selected=False)
    assert changes == []
    assert [each.product for each in unchanged] == sorted(wanted.products)


def test_every_scenario_says_why() -> None:
    assert len(SCENARIOS) >= 20
    for path in SCENARIOS:
        scenario = yaml.safe_load(path.read_text())
        assert scenario["reason"].strip(), path.name
        assert ("changes" in scenario) != ("refused" in scenario), path.name
