"""kill -9 at any moment of publishing, launching, updating and terminating: nothing half done, and all goes on."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from generator.local import ACCOUNT, LocalAws, open_state, steps
from tests.publish.conftest import Catalogue

from .conftest import REGION

Make = Callable[..., Catalogue]
USER = f"arn:aws:iam::{ACCOUNT}:role/analyst"
# Somebody who launches, updates and terminates without end, and tells what was acknowledged.
LIFE = """
import sys
from pathlib import Path
from generator.local import open_state
sc = open_state(Path(sys.argv[1])).session_as(sys.argv[2], "us-east-1").client("servicecatalog")
found = {each["Name"]: each["ProductId"] for each in sc.search_products()["ProductViewSummaries"]}
product = found["Queue"]
def done(answer):
    print(answer["RecordDetail"]["RecordId"], flush=True)
print("ready", flush=True)
for number in range(1000):
    name = f"{sys.argv[3]}-{number}"
    version = sc.describe_product(Id=product)["ProvisioningArtifacts"][number % 2 - 1]["Id"]
    asked = {"ProductId": product, "ProvisioningArtifactId": version}
    done(sc.provision_product(ProvisionedProductName=name, Tags=[{"Key": "environment", "Value": "dev"}], **asked))
    newest = sc.describe_product(Id=product)["ProvisioningArtifacts"][-1]["Id"]
    done(sc.update_provisioned_product(ProvisionedProductName=name, ProductId=product, ProvisioningArtifactId=newest))
    if number % 2:
        done(sc.terminate_provisioned_product(ProvisionedProductName=name))
"""


def killed_life(made: Catalogue, round_: int, after: int, seconds: float, **environment: str) -> list[str]:
    """The records that were acknowledged before the kill, which comes some time after so many of them."""
    process = subprocess.Popen(
        [sys.executable, "-c", LIFE, str(made.state), USER, f"r{round_}"],
        env=made.environment(**environment),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    first = [process.stdout.readline() for _ in range(after)]
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=30)
    # A line cut short was never received whole, and so never acknowledged.
    told = [*first, *rest.splitlines(keepends=True)]
    return [line.strip() for line in told if line.endswith("\n")]


def killed_publish(made: Catalogue, number: int, seconds: float) -> None:
    """A new version of the product, published by a process that does not get to its end."""
    made.edit("products/queue.yaml", f"version: 1.{number - 1}.0", f"version: 1.{number}.0")
    made.edit("products/queue.yaml", f"seconds: {59 + number}", f"seconds: {60 + number}")
    process = subprocess.Popen(
        made.command("publish", "--yes"),
        env=made.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.wait(30)


def converges(made: Catalogue) -> None:
    again = made.run("publish", "--yes")
    assert again.code == 0, again.err
    assert json.loads(made.run("plan", "--format", "json").out)["changes"] == []


def rows(local: LocalAws, sql: str) -> list[dict[str, Any]]:
    with local.state.read() as tx:
        return [dict(row) for row in tx.all(sql)]


def check_sound(folder: Path, promised: list[str]) -> None:
    """The state opens; nothing is under way; provisioned products, stacks and what is in them agree."""
    with contextlib.closing(open_state(folder)) as local:
        session: Any = local.session(REGION)
        # The first call finds what a dead process left.
        stacks = session.client("cloudformation").get_paginator("describe_stacks").paginate()
        live = {stack["StackId"]: stack["StackStatus"] for page in stacks for stack in page["Stacks"]}
        launched = {ident: status for ident, status in live.items() if ":stack/SC-" in ident}
        records = {each["id"]: each["status"] for each in rows(local, "SELECT id, status FROM sc_record")}
        assert set(records.values()) <= {"SUCCEEDED", "FAILED"}
        # Only a process that died in between, as it may with code that runs, makes an operation fail here.
        failed = rows(local, "SELECT errors_json FROM sc_record WHERE status='FAILED'")
        assert [each for each in failed if steps.DIED not in each["errors_json"]] == []
        assert [ident for ident in promised if ident not in records] == []
        provisioned = rows(local, "SELECT status, stack FROM sc_provisioned")
        assert {each["status"] for each in provisioned} <= {"AVAILABLE", "TAINTED", "ERROR"}
        assert {each["stack"] for each in provisioned if each["stack"]} == set(launched)
        assert all(
            launched[p["stack"]].endswith("_COMPLETE") for p in provisioned if p["status"] == "AVAILABLE"
        )
        queues = session.client("sqs").get_paginator("list_queues").paginate()
        there = [url for page in queues for url in page.get("QueueUrls", [])]
        made = rows(
            local,
            "SELECT physical_id FROM cfn_resource JOIN cfn_stack ON cfn_stack.id = stack"
            " WHERE live = 1 AND physical_id LIKE 'http%'",
        )
        assert sorted(there) == sorted(each["physical_id"] for each in made)
        with local.state.read() as tx:
            assert tx.value("PRAGMA integrity_check") == "ok"


def everything_ends(folder: Path) -> None:
    """What was launched is terminated by the account's administrator, and leaves nothing."""
    with contextlib.closing(open_state(folder)) as local:
        session: Any = local.session(REGION)
        sc = session.client("servicecatalog")
        for each in rows(local, "SELECT id FROM sc_provisioned"):
            sc.terminate_provisioned_product(ProvisionedProductId=each["id"])
        assert rows(local, "SELECT id FROM sc_provisioned") == []
        assert session.client("sqs").list_queues().get("QueueUrls", []) == []


@pytest.mark.parametrize(
    "kills", [3, pytest.param(200, marks=pytest.mark.proof)], ids=["sample", "two hundred kills"]
)
def test_a_kill_leaves_nothing_half_done(
    catalogue: Make, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    monkeypatch.setenv("CATALOG_LIMITS", "versions=1000")
    made, chance, promised, published = catalogue(), random.Random(8), list[str](), 0
    converges(made)
    for round_ in range(kills):
        if round_ % 4 == 2:
            published += 1
            killed_publish(made, published, chance.uniform(0.3, 3))
            converges(made)
        else:
            # With code that runs, operations go on in a thread of their own, and are committed in steps.
            code = {"CATALOG_RUN_CODE": "1"} if round_ % 4 == 1 else {}
            promised += killed_life(made, round_, (round_ + 1) % 5, chance.uniform(0, 0.5), **code)
        check_sound(made.state, promised)
    assert promised
    everything_ends(made.state)
    converges(made)
