"""kill -9 while two processes write: what was acknowledged is there, and the state opens and goes on."""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from generator.local import open_state
from generator.local.servicecatalog.templates import SERVICE_ACCOUNT

from .conftest import Catalog
from .test_state import REPOSITORY

WRITER = """
import sys
from pathlib import Path
from generator.local import open_state
from generator.local.servicecatalog.templates import SERVICE_ACCOUNT
session = open_state(Path(sys.argv[1])).session("us-east-1")
sc, s3 = session.client("servicecatalog"), session.client("s3")
url = "https://artifacts-123456789012-us-east-1.s3.us-east-1.amazonaws.com/template.yaml"
number = 0
while True:
    number += 1
    name = f"{sys.argv[2]}-{number}"
    option = sc.create_tag_option(Key=f"key-{name}", Value="v")["TagOptionDetail"]["Id"]
    print("option", option, flush=True)
    s3.put_object(Bucket="artifacts-123456789012-us-east-1", Key=name, Body=name.encode() * 600)
    print("object", name, flush=True)
    info = {"Name": name, "Info": {"LoadTemplateFromURL": url}}
    version = sc.create_provisioning_artifact(ProductId=sys.argv[3], Parameters=info)
    print("version", version["ProvisioningArtifactDetail"]["Id"], flush=True)
"""


def acknowledged(folder: Path, product: str, seconds: float, round_: int) -> list[tuple[str, str]]:
    """What two writers had printed when both were killed."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), f"r{round_}w{n}", product],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]
    first = [str(writer.stdout and writer.stdout.readline()) for writer in writers]  # both are at work
    time.sleep(seconds)
    for writer in writers:
        writer.send_signal(signal.SIGKILL)
    lines = [line for line in first if line]
    for writer in writers:
        rest, _ = writer.communicate(timeout=30)
        # A line cut short was never received whole, and so never acknowledged.
        lines += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    found = [tuple(line.split()) for line in lines]
    return [(kind, name) for kind, name in found]


@pytest.mark.parametrize(
    "rounds", [3, pytest.param(100, marks=pytest.mark.proof)], ids=["sample", "a hundred rounds"]
)
def test_killed_writers_lose_nothing_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rounds: int
) -> None:
    monkeypatch.setenv("CATALOG_LIMITS", "versions=100000")
    folder, chance = tmp_path / "state", random.Random(4)
    with contextlib.closing(open_state(folder)) as local:
        hub = Catalog(local)
        product = hub.product()
    promised: list[tuple[str, str]] = []
    for round_ in range(rounds):
        promised += acknowledged(folder, product, chance.uniform(0, 0.6), round_)
        with contextlib.closing(open_state(folder)) as local:
            hub = Catalog(local)
            listed = hub.sc.list_provisioning_artifacts(ProductId=product)["ProvisioningArtifactDetails"]
            versions = {version["Id"]: version for version in listed}
            s3, bucket = hub.client("s3"), "artifacts-123456789012-us-east-1"
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
            objects = {item["Key"] for page in pages for item in page["Contents"]}
            options = {
                option["Id"]
                for page in hub.sc.get_paginator("list_tag_options").paginate()
                for option in page["TagOptionDetails"]
            }
            have = {"version": set(versions), "object": objects, "option": options}
            assert [(kind, name) for kind, name in promised if name not in have[kind]] == []
            # A version and the copy of its template are one: neither is there without the other.
            owner = Catalog(local, SERVICE_ACCOUNT).client("s3")
            copies = owner.get_paginator("list_objects_v2").paginate(
                Bucket="servicecatalog-templates-us-east-1"
            )
            keys = {item["Key"].rpartition("/")[2] for page in copies for item in page.get("Contents", [])}
    assert promised
    with contextlib.closing(open_state(folder)) as local, local.state.read() as tx:
        stored = {row["id"] for row in tx.all("SELECT id FROM sc_artifact")}
        assert tx.value("PRAGMA integrity_check") == "ok"
    assert keys == stored
