"""The scoring service on the device: the model of an archive behind GET /ping and POST /invocations on the loopback.

The archive is what training left: the model, and in code/ the module `inference` with model_fn, input_fn, predict_fn
and output_fn, as SageMaker's own containers call them. So the device answers as an endpoint would. It needs no cloud:
what it tells CloudWatch, with --metrics, waits while there is no network.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import os
import shutil
import sys
import tarfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import boto3

from metrics import Metrics

log = logging.getLogger(__name__)
LARGEST = 6 * 1024 * 1024  # bytes of a request


class BadArchive(Exception):
    """The archive cannot be served; the message says why."""


def unpack(archive: Path, folder: Path) -> None:
    """Unpack into an emptied folder.

    Raises:
        BadArchive: a member would be written elsewhere, or is no plain file.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tarfile.open(archive) as packed:
        for member in packed:
            target = (folder / member.name).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise BadArchive(f"{member.name} lies outside of the archive's folder")
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif content := packed.extractfile(member) if member.isfile() else None:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content.read())
            else:
                raise BadArchive(f"{member.name} is neither a file nor a folder")


def load(folder: Path) -> tuple[ModuleType, Any]:
    """The model's code and the model.

    Raises:
        BadArchive: there is no code.
    """
    code = folder / "code"
    if not (code / "inference.py").is_file():
        raise BadArchive("the archive has no code/inference.py")
    sys.path.insert(0, str(code))
    inference = importlib.import_module("inference")
    return inference, inference.model_fn(str(folder))


def metrics_of(stage: str) -> Metrics:
    """The figures of this device, under the name and credentials that Greengrass gives it, sent by a thread of their own."""
    cloudwatch = boto3.client("cloudwatch", region_name=os.environ["AWS_REGION"])
    metrics = Metrics(cloudwatch, stage, os.environ["AWS_IOT_THING_NAME"])
    threading.Thread(target=metrics.run, daemon=True).start()
    return metrics


def handler(inference: ModuleType, model: Any, metrics: Metrics | None = None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        failed = False  # the last request, by the model's fault

        def answer(self, status: int, body: bytes | str, kind: str = "application/json") -> None:
            content = body.encode() if isinstance(body, str) else body
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def problem(self, status: int, message: str) -> None:
            self.answer(status, json.dumps({"error": message}) + "\n")

        def do_GET(self) -> None:
            self.answer(200, "{}\n") if self.path == "/ping" else self.problem(404, "only /ping can be read")

        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            if length > LARGEST:
                self.close_connection = True  # the body is not read
                self.problem(413, f"a request has at most {LARGEST} bytes")
                return
            body = self.rfile.read(length)
            if self.path != "/invocations":
                self.problem(404, "requests go to /invocations")
                return
            began, self.failed = time.monotonic(), False
            self.score(body)
            if metrics:
                metrics.count((time.monotonic() - began) * 1000, failed=self.failed)

        def score(self, body: bytes) -> None:
            kind = self.headers.get("Content-Type", "")
            accept = self.headers.get("Accept", "*/*")
            try:
                rows = inference.input_fn(body, kind)
                answer, answered = inference.output_fn(
                    inference.predict_fn(rows, model), kind if accept == "*/*" else accept
                )
            except ValueError as error:  # what model code says of a bad request
                self.problem(400, str(error))
            except Exception:
                log.exception("a request failed")
                self.failed = True
                self.problem(500, "the model failed; the component's log says why")
            else:
                self.answer(200, answer, answered)

        def log_message(self, form: str, *arguments: object) -> None:
            log.info(form, *arguments)

    return Handler


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--archive", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--metrics", metavar="STAGE", default="", help="tell CloudWatch, as a device of this stage")
    options = parser.parse_args(arguments)
    unpack(options.archive, options.work)
    inference, model = load(options.work)
    metrics = metrics_of(options.metrics) if options.metrics else None
    with ThreadingHTTPServer(("127.0.0.1", options.port), handler(inference, model, metrics)) as server:
        log.info("serving %s on port %d", options.archive, server.server_port)
        print(server.server_port, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    main()
