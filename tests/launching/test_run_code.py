"""--run-code on the command line: what is launched runs its functions, and is updated and terminated by them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from generator.cli import main
from generator.local import ACCOUNT, open_state
from tests import catalogues
from tests.conftest import ROOT
from tests.local.running import function, log_text, role

from .conftest import REGION
from .shop import USER, Shop, finished, reasons

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


LAUNCHER = """
import json, sys, time
from pathlib import Path
from generator.local import open_state
aws = open_state(Path(sys.argv[1]), run_code=True)
sc = aws.session_as(sys.argv[2], "us-east-1").client("servicecatalog")
print(sc.provision_product(**json.loads(sys.argv[3]))["RecordDetail"]["RecordId"], flush=True)
time.sleep(60)
"""


def test_a_launch_whose_process_was_killed_has_failed_and_is_terminated(shop: Shop, tmp_path: Path) -> None:
    slow = json.loads(json.dumps(TEMPLATE).replace("import boto3", "import time, boto3"))
    code = slow["Resources"]["Function"]["Properties"]["Code"]
    code["ZipFile"] = code["ZipFile"].replace(
        "def handler(event, context):",
        "def handler(event, context):\n    time.sleep(30 if event['RequestType'] == 'Create' else 0)",
    )
    slow["Resources"]["Function"]["Properties"]["Timeout"] = 60
    shop.add("3.0.0", json.dumps(slow))
    shop.constrain("LAUNCH", {"RoleArn": shop.role("iam:*", "lambda:*", "logs:*")})
    asked = shop.ask(ProvisioningParameters=[{"Key": "Name", "Value": "you"}])
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(tmp_path / "state"), USER, json.dumps(asked)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None
    record = launcher.stdout.readline().strip()
    assert shop.sc.describe_record(Id=record)["RecordDetail"]["Status"] == "IN_PROGRESS"
    with pytest.raises(ClientError, match="under change"):
        shop.sc.terminate_provisioned_product(ProvisionedProductName="it")
    launcher.kill()
    launcher.wait()
    launcher.stdout.close()
    found = shop.sc.describe_record(Id=record)["RecordDetail"]
    assert found["Status"] == "FAILED"
    assert "ended before it was done" in found["RecordErrors"][0]["Description"]
    (left,) = shop.sc.search_provisioned_products()["ProvisionedProducts"]
    assert left["Status"] == "ERROR"
    assert shop.hub.client("lambda").list_functions()["Functions"] != []
    ended = finished(shop.sc, shop.sc.terminate_provisioned_product(ProvisionedProductName="it"))
    assert reasons(ended) == ""
    assert shop.sc.search_provisioned_products()["ProvisionedProducts"] == []
    assert shop.hub.client("lambda").list_functions()["Functions"] == []
