"""build.py: the same code is the same archive, and a release has what the template asks for."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber
from cfnlint import ManualArgs
from cfnlint.api import lint_file
from cfnlint.decode.cfn_yaml import load
from conftest import ENVIRONMENT, ROOT

import build
from settings import SERVICE, SETTINGS, STAGES, BadSettings, Environment, of_stage

Stubbed = tuple[Any, Stubber]


def test_cfn_lint_is_content() -> None:
    found = lint_file(ROOT / "template.yaml", config=ManualArgs(regions=["us-east-1", "eu-west-1", "ap-southeast-2"]))
    assert [str(match) for match in found] == []


def test_a_release(s3: Stubbed, tmp_path: Path) -> None:
    archive = build.packed()
    assert archive == build.packed()
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        assert "service/handler.py" in packed.namelist()
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    keys = []
    for _ in range(2):
        s3[1].add_response("put_object", {}, {"Bucket": "artifacts", "Key": KEY, "Body": archive})
        keys.append(build.build(Environment.read(ENVIRONMENT), s3[0], tmp_path / "release"))
    assert keys == [KEY, KEY]
    asked = set(load(str(ROOT / "template.yaml"))["Parameters"])
    for stage in STAGES:
        found = json.loads((tmp_path / "release" / f"{stage}.json").read_text())
        assert set(found["Parameters"]) == asked
        assert found["Parameters"]["CodeKey"] == KEY
        assert found["Tags"] == {"service": SERVICE, "stage": stage}


KEY = f"lambda/{SERVICE}/{build.sha256(build.packed()).hexdigest()[:16]}.zip"


def test_everything_missing_is_named_at_once(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("AWS_REGION")
    environment.setenv("ARTIFACT_BUCKET", "No")
    assert build.main() == 1
    said = capsys.readouterr().err
    assert "AWS_REGION is not set" in said
    assert "ARTIFACT_BUCKET=No does not match" in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"Colour": "blue"}, "Colour is no setting"),
        ({"MemorySize": 64}, "MemorySize=64 does not match"),
        ({"LogRetentionDays": 2}, "LogRetentionDays=2 does not match"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, change: dict[str, object], said: str) -> None:
    found = json.loads((ROOT / "stages" / f"{STAGES[0]}.json").read_text())
    (tmp_path / f"{STAGES[0]}.json").write_text(json.dumps(found | change))
    with pytest.raises(BadSettings, match=said):
        of_stage(STAGES[0], tmp_path)
    (tmp_path / f"{STAGES[0]}.json").write_text("{}")
    with pytest.raises(BadSettings, match=f"{next(iter(SETTINGS))} is missing"):
        of_stage(STAGES[0], tmp_path)
