"""The local AWS as people start it, for the commands of seeded repositories."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from tests.seeds.seedlings import ROOT

ACCOUNT, REGION = "123456789012", "us-east-1"


@pytest.fixture(scope="module")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """`catalog local serve --run-code` on a state of its own; the environment of who uses it."""
    state = tmp_path_factory.mktemp("local-aws") / "state"
    command = [
        sys.executable,
        "-m",
        "generator",
        "-C",
        str(ROOT),
        "local",
        "serve",
        "--run-code",
        "--port",
        "0",
    ]
    with subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "CATALOG_STATE": str(state)}, stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout
        url = re.search(r"http://\S+", serving.stdout.readline())
        assert url
        try:
            yield {
                "AWS_ACCESS_KEY_ID": ACCOUNT,
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ENDPOINT_URL": url[0],
                "AWS_REGION": REGION,
            }
        finally:
            serving.terminate()
