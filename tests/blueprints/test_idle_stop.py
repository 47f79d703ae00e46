"""The lifecycle script of notebook instances, run in a real shell: installed, then left to judge a stub of Jupyter."""

from __future__ import annotations

import ast
import base64
import configparser
import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blueprints.parts import idle_stop

HOUR = 3600
NAME = "analyst-notebook-jane"


@dataclass
class Jupyter:
    """A stub of Jupyter's API: answers by path, over TLS with a certificate of its own as on an instance."""

    url: str = ""
    status: int = 200
    answers: dict[str, Any] = field(
        default_factory=lambda: {"/api/sessions": [], "/api/kernels": [], "/api/terminals": []}
    )
    raw: bytes = b""
    asked: list[str] = field(default_factory=list)


def certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "instance")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = folder / "jupyter.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path_factory.mktemp("tls")))
    return context


@pytest.fixture
def jupyter(tls: ssl.SSLContext) -> Iterator[Jupyter]:
    stub = Jupyter()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            stub.asked.append(self.path)
            body = stub.raw or json.dumps(stub.answers[self.path]).encode()
            self.send_response(stub.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the standard library's name
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    stub.url = f"https://localhost:{server.server_address[1]}"
    yield stub
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Instance:
    """An instance after its OnStart script: its file system, and what was called."""

    folder: Path
    jupyter: Jupyter
    minutes: int = 60

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def state(self) -> Path:
        return self.folder / "run" / "last-use"

    def environment(self, **more: str) -> Mapping[str, str]:
        return {"PATH": f"{self.folder}/bin:{os.environ['PATH']}", "CALLS": f"{self.folder}/calls", **more}

    def calls(self) -> list[str]:
        file = self.folder / "calls"
        return file.read_text().splitlines() if file.exists() else []

    def start(self) -> subprocess.CompletedProcess[str]:
        """What SageMaker does at every start of the instance."""
        pieces = idle_stop.on_start(str(self.minutes))
        script = self.folder / "on-start"
        script.write_text("".join(map(str, pieces)))
        script.chmod(0o755)
        return subprocess.run(
            [str(script)],
            env=self.environment(DESTDIR=str(self.root)),
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )

    def unit(self, name: str) -> configparser.ConfigParser:
        parser = configparser.ConfigParser(strict=False, interpolation=None)
        parser.optionxform = str  # type: ignore[assignment, method-assign]  # systemd minds the case; documented use
        parser.read(self.root / "etc/systemd/system" / name)
        return parser

    def look(self, *, known: float | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        """One run of the watch, by the command of its unit; `known` is the last use that it had noted, in hours ago."""
        if known is not None:
            self.state.write_text(str(int(time.time() - known * HOUR)))
        command = self.unit("idle-stop.service")["Service"]["ExecStart"].split()
        assert command[:2] == ["/usr/bin/python3", "-I"]
        return subprocess.run(
            [sys.executable, "-I", f"{self.root}{command[2]}", *command[3:]],
            env=self.environment(
                RUNTIME_DIRECTORY=str(self.state.parent),
                JUPYTER_URL=self.jupyter.url,
                INSTANCE_METADATA=str(self.folder / "metadata.json"),
                **environment,
            ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def instance(tmp_path: Path, jupyter: Jupyter) -> Instance:
    for name in ("aws", "systemctl"):
        stub = tmp_path / "bin" / name
        stub.parent.mkdir(exist_ok=True)
        stub.write_text(f'#!/bin/sh\necho {name} "$@" >> "$CALLS"\nexit "${{AWS_EXIT:-0}}"\n')
        stub.chmod(0o755)
    arn = f"arn:aws:sagemaker:eu-west-1:111122223333:notebook-instance/{NAME}"
    (tmp_path / "metadata.json").write_text(json.dumps({"ResourceArn": arn, "ResourceName": NAME}))
    (tmp_path / "run").mkdir()
    made = Instance(tmp_path, jupyter)
    started = made.start()
    assert started.returncode == 0, started.stderr
    (tmp_path / "calls").rename(tmp_path / "calls-at-start")
    return made


def ago(hours: float, fraction: str = ".123456") -> str:
    return (datetime.now(UTC) - timedelta(hours=hours)).strftime(f"%Y-%m-%dT%H:%M:%S{fraction}Z")


def kernel(hours: float, state: str = "idle", **more: Any) -> dict[str, Any]:
    return {"id": "k", "name": "python3", "execution_state": state, "last_activity": ago(hours), **more}


STOP = f"aws sagemaker stop-notebook-instance --region eu-west-1 --notebook-instance-name {NAME}"


def test_the_start_installs_a_timer_that_runs_as_root(instance: Instance) -> None:
    assert (instance.folder / "calls-at-start").read_text().splitlines() == [
        "systemctl daemon-reload",
        "systemctl enable --now idle-stop.timer",
    ]
    service = instance.unit("idle-stop.service")["Service"]
    assert service["ExecStart"].endswith(" /opt/idle-stop/idle_stop.py 60")
    assert service["User"] == "root"
    assert service["RuntimeDirectory"] == "idle-stop"
    assert "/home" not in service["Environment"], "the user could put a program of his own there"
    timer = instance.unit("idle-stop.timer")
    assert timer["Timer"]["OnUnitActiveSec"] == "5min"
    assert timer["Install"]["WantedBy"] == "timers.target"


def test_a_second_start_installs_the_same(instance: Instance) -> None:
    def files() -> dict[str, str]:
        return {str(path): path.read_text() for path in instance.root.rglob("*") if path.is_file()}

    first = files()
    assert instance.start().returncode == 0
    assert files() == first
    assert len(first) == 3


def test_a_start_that_cannot_install_says_so(instance: Instance) -> None:
    (instance.folder / "bin" / "systemctl").write_text("#!/bin/sh\necho no systemd >&2\nexit 1\n")
    started = instance.start()
    assert started.returncode != 0, (
        "SageMaker then reports the failure instead of a notebook that never stops"
    )


def test_the_first_look_stops_nothing(instance: Instance) -> None:
    instance.jupyter.answers["/api/kernels"] = [kernel(hours=30)]
    assert instance.look().returncode == 0
    assert instance.calls() == []
    assert abs(int(instance.state.read_text()) - time.time()) < 30
    assert instance.jupyter.asked == ["/api/sessions", "/api/kernels", "/api/terminals"]


@pytest.mark.parametrize(
    ("answers", "known"),
    [
        pytest.param({}, 1.02, id="nothing runs"),
        pytest.param({"/api/kernels": [kernel(1.5)]}, 2, id="kernel without use"),
        pytest.param({"/api/kernels": [kernel(1.5, connections=3)]}, 2, id="only an open tab"),
        pytest.param({"/api/sessions": [{"kernel": kernel(1.5)}]}, 2, id="session without use"),
        pytest.param({"/api/sessions": [{"kernel": None}]}, 2, id="session that lost its kernel"),
        pytest.param(
            {"/api/terminals": [{"name": "1", "last_activity": ago(1.5, fraction="")}]},
            2,
            id="quiet terminal",
        ),
        pytest.param(
            {"/api/kernels": [kernel(1.5), kernel(30), kernel(3, "dead")]}, 40, id="several kernels"
        ),
        pytest.param({"/api/terminals": [{"name": "1"}]}, 2, id="terminal of an old Jupyter"),
    ],
)
def test_an_idle_instance_stops_itself_and_no_other(
    instance: Instance, answers: dict[str, Any], known: float
) -> None:
    instance.jupyter.answers.update(answers)
    looked = instance.look(known=known)
    assert looked.returncode == 0, looked.stderr
    assert instance.calls() == [STOP]


@pytest.mark.parametrize(
    ("answers", "known"),
    [
        pytest.param({}, 0.9, id="not long enough"),
        pytest.param({"/api/kernels": [kernel(30, "busy")]}, 30, id="long computation"),
        pytest.param({"/api/kernels": [kernel(30, "starting")]}, 30, id="kernel that starts"),
        pytest.param({"/api/sessions": [{"kernel": kernel(30, "busy")}]}, 30, id="busy session"),
        pytest.param({"/api/kernels": [kernel(0.5), kernel(30)]}, 30, id="one kernel of two"),
        pytest.param({"/api/terminals": [{"name": "1", "last_activity": ago(0.5)}]}, 30, id="terminal"),
    ],
)
def test_an_instance_in_use_goes_on(instance: Instance, answers: dict[str, Any], known: float) -> None:
    instance.jupyter.answers.update(answers)
    assert instance.look(known=known).returncode == 0
    assert instance.calls() == []


def test_idle_time_counts_from_the_last_kernel_even_when_it_is_gone(instance: Instance) -> None:
    instance.jupyter.answers["/api/kernels"] = [kernel(0.5)]
    instance.look(known=30)
    instance.jupyter.answers["/api/kernels"] = []
    instance.look()
    assert instance.calls() == []
    assert abs(int(instance.state.read_text()) - (time.time() - HOUR / 2)) < 30


@pytest.mark.parametrize("trouble", ["error", "no json", "no list", "no time", "refused"])
def test_while_jupyter_does_not_answer_the_last_known_use_counts(instance: Instance, trouble: str) -> None:
    if trouble == "error":
        instance.jupyter.status = 500
    elif trouble == "refused":
        instance.jupyter.url = "https://localhost:1"
    else:
        instance.jupyter.raw = {
            "no json": b"<html>",
            "no list": b'{"message": "later"}',
            "no time": b'[{"last_activity": "soon"}]',
        }[trouble]
    looked = instance.look(known=0.9)
    assert looked.returncode == 0
    assert "Jupyter gives no answer" in looked.stderr
    assert instance.calls() == []
    instance.look(known=1.1)
    assert instance.calls() == [STOP]


def test_a_stop_that_fails_is_reported_and_tried_again(instance: Instance) -> None:
    assert instance.look(known=2, AWS_EXIT="255").returncode == 255
    assert instance.look().returncode == 0
    assert instance.calls() == [STOP, STOP]


def test_a_clock_that_was_set_back_does_not_keep_it_running(instance: Instance) -> None:
    instance.look(known=-500)
    assert int(instance.state.read_text()) <= time.time()


def test_a_damaged_note_counts_as_a_fresh_start(instance: Instance) -> None:
    instance.state.write_text("")
    assert instance.look().returncode == 0
    assert instance.calls() == []


def test_a_proxy_for_the_internet_does_not_see_the_loopback(instance: Instance) -> None:
    instance.jupyter.answers["/api/kernels"] = [kernel(0.1)]
    looked = instance.look(known=30, https_proxy="http://127.0.0.1:1", HTTPS_PROXY="http://127.0.0.1:1")
    assert looked.stderr == ""
    assert instance.calls() == []


def test_the_program_is_for_the_python_of_the_platform() -> None:
    ast.parse((idle_stop.SCRIPTS / "idle_stop.py").read_text(), feature_version=(3, 9))


def test_the_script_fits_with_the_longest_answer_and_has_unix_line_ends() -> None:
    script = "".join(map(str, idle_stop.on_start("1440")))
    assert len(base64.b64encode(script.encode())) <= idle_stop.LARGEST
    assert "\r" not in script
    assert script.startswith("#!/bin/bash\n")
