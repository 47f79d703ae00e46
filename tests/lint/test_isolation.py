"""What lies on the user's machine changes nothing; each plant is proved to change what plain cfn-lint says."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from generator.lint import schemas
from tests.lint import samples

ROOT = Path(__file__).parents[2]
OURS = (
    "import sys; from generator.lint import lint; from generator.lint.formats import as_text; from tests.lint import samples;"
    "sys.stdout.write(as_text(lint({}, text=samples.FAULTY, product='p', blueprint='b', regions=['us-east-1'])))"
)
SETTINGS = "ignore_checks: [E3002]\ninclude_checks: [I]\nregions: [eu-west-1]\n"
RULE = """
from cfnlint.rules import CloudFormationLintRule, RuleMatch
class Planted(CloudFormationLintRule):
    id = "E9999"
    shortdesc = description = "Planted"
    def match(self, cfn):
        return [RuleMatch(["Resources"], "Planted")]
"""


def in_home(home: Path, cwd: Path) -> None:
    (home / ".cfnlintrc").write_text(SETTINGS)


def in_the_working_folder(home: Path, cwd: Path) -> None:
    (cwd / ".cfnlintrc.yaml").write_text(SETTINGS)


def rules_and_patches(home: Path, cwd: Path) -> None:
    (cwd / "rules").mkdir()
    (cwd / "rules" / "planted.py").write_text(RULE)
    (cwd / "patch.json").write_text(json.dumps({"ExcludeResourceTypes": ["AWS::EC2::*"]}))
    (cwd / ".cfnlintrc").write_text("append_rules: [rules]\noverride_spec: patch.json\n")


def newer_schemas(home: Path, cwd: Path) -> None:
    cached = home / ".cache" / "aws" / "cfn-lint" / "schemas"
    (cached / "resources").mkdir(parents=True)
    (cached / "providers").mkdir()
    (cached / "version.json").write_text('{"schema_date": "2999-01-01T00:00:00Z"}')
    providers = schemas.folder() / "providers"
    for name in ("us-east-1.json", "sam.json"):
        shutil.copy(providers / name, cached / "providers" / name)
    types = json.loads((providers / "us-east-1.json").read_text("utf-8"))
    del types["AWS::EC2::Volume"]
    (cached / "providers" / "us-east-1.json").write_text(json.dumps(types))
    for path in (schemas.folder() / "resources").iterdir():
        (cached / "resources" / path.name).symlink_to(path)


def run(command: list[str], home: Path, cwd: Path) -> str:
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "AWS_REGION": "eu-west-1",
    }
    finished = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in finished.stderr
    return finished.stdout


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.yaml"
    path.write_text(samples.FAULTY)
    return path


def plain(template: Path, home: Path, cwd: Path) -> str:
    """What cfn-lint's own command says."""
    command = str(Path(sys.executable).parent / "cfn-lint")
    return run([command, "--format", "parseable", "--", str(template)], home, cwd)


@pytest.fixture(scope="module")
def before(template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    empty = tmp_path_factory.mktemp("empty")
    return plain(template, empty, empty)


PLANTS = (in_home, in_the_working_folder, rules_and_patches, newer_schemas)


@pytest.mark.parametrize("plant", PLANTS)
def test_a_plant_changes_what_plain_cfn_lint_says(
    plant: Callable[[Path, Path], None], template: Path, before: str, tmp_path: Path
) -> None:
    """Else the next test would prove nothing."""
    plant(tmp_path, tmp_path)
    assert plain(template, tmp_path, tmp_path) != before


def test_all_of_them_change_nothing_here(tmp_path: Path) -> None:
    home, cwd = tmp_path / "planted-home", tmp_path / "planted-work"
    home.mkdir()
    cwd.mkdir()
    for plant in PLANTS:
        plant(home, cwd)
    found = run([sys.executable, "-c", OURS], home, cwd)
    assert [rule in found for _, rule in samples.FAULTS] == [True] * len(samples.FAULTS)
    assert found.endswith("\n3 errors, 1 warning in 1 product\n")


def test_schemas_patched_before_are_read_again(tmp_path: Path) -> None:
    patched = (
        "from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as manager;"
        "manager.get_resource_schema('us-east-1', 'AWS::EC2::Volume').schema['properties'].clear();"
        "manager._removed_types.append('AWS::SageMaker::ModelPackageGroup');"
    )
    found = run([sys.executable, "-c", patched + OURS], tmp_path, tmp_path)
    assert found.endswith("\n3 errors, 1 warning in 1 product\n")
