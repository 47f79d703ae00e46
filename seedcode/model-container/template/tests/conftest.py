"""A small model, and the real server in a process of its own on a free port of the loopback."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import xgboost

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: str

    @property
    def json(self) -> object:
        return json.loads(self.body)


@dataclass(frozen=True)
class Server:
    url: str

    def call(self, path: str, body: bytes | None = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "")  # else urllib would claim a form
        request = urllib.request.Request(self.url + path, data=body, headers=named)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            response = opener.open(request, timeout=10)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            return Answer(response.status, response.headers.get_content_type(), response.read().decode())


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of y = 2a - b, trained here in a moment."""
    random = np.random.default_rng(7)
    features = random.uniform(0, 10, size=(400, 2))
    target = 2 * features[:, 0] - features[:, 1]
    booster = xgboost.train(
        {"max_depth": 4, "objective": "reg:squarederror", "seed": 7, "nthread": 1},
        xgboost.DMatrix(features, target),
        num_boost_round=60,
    )
    folder = tmp_path_factory.mktemp("model")
    booster.save_model(folder / "model.ubj")
    return folder


def start(model_folder: Path, port: int) -> subprocess.Popen[str]:
    """Run ./serve as SageMaker does, with this interpreter first on the PATH."""
    environment = os.environ | {
        "BIND_ADDRESS": "127.0.0.1",
        "MODEL_DIR": str(model_folder),
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": str(ROOT),
        "SAGEMAKER_BIND_TO_PORT": str(port),
        "WORKERS": "1",
    }
    return subprocess.Popen(
        [ROOT / "serve"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def server(model_folder: Path) -> Iterator[Server]:
    port = free_port()
    process = start(model_folder, port)
    server = Server(f"http://127.0.0.1:{port}")
    try:
        deadline = time.monotonic() + 60
        while True:
            if process.poll() is not None:
                pytest.fail(f"the server ended with {process.returncode}:\n{process.communicate()[0]}")
            try:
                server.call("/ping")
                break
            except urllib.error.URLError:
                if time.monotonic() > deadline:
                    process.kill()
                    pytest.fail(f"the server did not answer within a minute:\n{process.communicate()[0]}")
                time.sleep(0.05)
        yield server
    finally:
        process.terminate()
        process.communicate(timeout=20)
