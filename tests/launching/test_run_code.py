"""--run-code on the command line: what is launched runs its functions, and is updated and terminated by them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from generator.cli import main
from generator.local import ACCOUNT, open_state
from tests import catalogues
from tests.local.running import function, log_text, role

from .conftest import REGION

SOURCE = """
import boto3, cfnresponse

def handler(event, context):
    who = boto3.client("sts").get_caller_identity()["Account"]
    print(event["RequestType"], "of", who)
    asked = event["ResourceProperties"]
    cfnresponse.send(event, context, cfnresponse.SUCCESS, {"Greeting": f"hello {asked['Name']}"}, "greeting")
"""
TEMPLATE = {
    "Parameters": {"Name": {"Type": "String", "Description": "Who is greeted."}},
    "Resources": {
        "Role": role(),
        "Function": function(SOURCE, FunctionName="greeter"),
        "Greeting": {
            "Type": "Custom::Greeting",
            "Properties": {"ServiceToken": {"Fn::GetAtt": ["Function", "Arn"]}, "Name": {"Ref": "Name"}},
        },
    },
    "Outputs": {"Text": {"Value": {"Fn::GetAtt": ["Greeting", "Greeting"]}, "Description": "The greeting."}},
}


def test_launch_update_and_terminate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATALOG_STATE", str(tmp_path / "state"))
    product = catalogues.PRODUCT.replace("Store", "Greeter").replace("store.yaml", "greeter.json")
    files: dict[str, str | bytes] = {
        "products/greeter.yaml": product,
        "products/templates/greeter.json": json.dumps(TEMPLATE),
    }
    root = catalogues.make(tmp_path / "catalogue", files)

    def run(*words: str) -> str:
        capsys.readouterr()
        code = main(["-C", str(root), *words])
        out, err = capsys.readouterr()
        assert code == 0, err
        return out

    run("publish", "greeter", "--yes")
    said = run(
        "launch", "greeter", "--run-code", "--name", "one", "--param", "Name=you", "--tag", "environment=dev"
    )
    assert "Text: hello you" in said
    assert "Text: hello all" in run("update", "one", "--run-code", "--param", "Name=all")
    run("terminate", "one", "--run-code")
    aws: Any = open_state(tmp_path / "state").session(REGION)
    text = log_text(aws.client("logs"), "/aws/lambda/greeter")
    assert [line for line in text.splitlines() if " of " in line] == [
        f"{verb} of {ACCOUNT}" for verb in ("Create", "Update", "Delete")
    ]
    # Without the flag the same is simulated, and says so.
    assert "Text: simulated-" in run(
        "launch", "greeter", "--name", "two", "--param", "Name=you", "--tag", "environment=dev"
    )
