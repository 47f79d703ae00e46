"""What the local AWS does not have: devices with AWS IoT Greengrass, and Greengrass's word of them.

Owns one device, which installs what a stage's stack deploys as Greengrass would: it reads the recipe, takes the artifacts from
the local AWS's S3 and runs the component in a process of its own, in the environment of the seeds' tests instead of one that
its installation makes; and a server of the part of Greengrass's API that tells what devices run.
"""

from __future__ import annotations

import http.client
import json
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.seeds.seedlings import PYTHON

NAME = "gate-1"
PATIENCE = 60  # seconds for a component to come up


@dataclass
class Device:
    """One core device of a thing group."""

    environment: Mapping[str, str]
    folder: Path
    running: ExitStack
    components: list[dict[str, str]] = field(default_factory=list)
    group: str = ""

    def install(self, s3: Any, stack: Mapping[str, Any], template: Mapping[str, Any]) -> int:
        """Run the component that a stage's stack deploys; the port that it serves on. BROKEN where it does not come up."""
        recipe = _recipe(stack, template)
        made = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
        self.group = made["ThingGroupArn"].rpartition("/")[2]
        work, artifacts = self.folder / "work", self.folder / "artifacts"
        (manifest,) = recipe["Manifests"]
        artifacts.mkdir(parents=True)
        for each in manifest["Artifacts"]:
            place = urlsplit(each["Uri"])
            content = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"].read()
            (artifacts / place.path.rpartition("/")[2]).write_bytes(content)
        interpreter = work / "venv" / "bin" / "python"
        interpreter.parent.mkdir(parents=True)
        interpreter.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
        interpreter.chmod(0o755)
        command = manifest["Lifecycle"]["Run"]
        known = {
            "{work:path}": str(work),
            "{artifacts:path}": str(artifacts),
            "{configuration:/Port}": "0",  # any, since other tests run beside this one
        }
        for name, value in known.items():
            command = command.replace(name, value)
        serving = self.running.enter_context(
            subprocess.Popen(
                shlex.split(command),
                cwd=work,
                env={
                    "OMP_NUM_THREADS": "1",
                    "PATH": "/usr/bin:/bin",
                    "AWS_IOT_THING_NAME": NAME,
                    **self.environment,
                },
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        self.running.callback(serving.kill)
        assert serving.stdout
        told = serving.stdout.readline().strip()
        self.components = [
            {
                # The local AWS simulates the component, and so its name and version.
                "componentName": made["ComponentName"],
                "componentVersion": made["ComponentVersion"],
                "lifecycleState": "RUNNING" if told and _answers(int(told)) else "BROKEN",
            }
        ]
        return int(told or 0)


def _answers(port: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    return False


def _recipe(stack: Mapping[str, Any], template: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe of a stack's component, with the stack's parameters in it."""
    text: str = template["Resources"]["Component"]["Properties"]["InlineRecipe"]["Fn::Sub"]
    for each in stack["Parameters"]:
        text = text.replace(f"${{{each['ParameterKey']}}}", each["ParameterValue"])
    found: dict[str, Any] = json.loads(text)
    return found


def _handler(device: Device) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path.removeprefix("/greengrass/v2/coreDevices").strip("/")
            if path:
                assert path == f"{NAME}/installedComponents", path
                self._send({"installedComponents": device.components})
            else:
                here = device.group and device.group in self.path
                self._send({"coreDevices": [{"coreDeviceThingName": NAME}] if here else []})

        def _send(self, content: Mapping[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    return Handler


@contextmanager
def device(environment: Mapping[str, str], folder: Path) -> Iterator[tuple[Device, str]]:
    """A device, and the URL of a Greengrass that knows it."""
    with ExitStack() as running:
        made = Device(environment, folder, running)
        server = running.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _handler(made)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        running.callback(thread.join)
        running.callback(server.shutdown)
        yield made, f"http://127.0.0.1:{server.server_port}"
