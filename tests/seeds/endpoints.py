"""What the local AWS does not have: the compute behind SageMaker endpoints, and behind the workflows that run transform jobs.

Owns a server of SageMaker's runtime API, and of Step Functions' for executions. It finds an endpoint's or a job's containers by
asking the local AWS, takes their model archives from its S3, and lets the scoring service of the seed `model-deploy` (hosting:
edge) serve each in a process of its own, with the libraries that the models were trained with. So an answer is a model's.
"""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import tarfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3

from tests.seeds.seedlings import PYTHON, SEEDCODE

SERVE = SEEDCODE / "model-deploy/template/{% if hosting == 'edge' %}component{% endif %}/serve.py"


class Compute:
    """Containers by the S3 address of their model, started when first called."""

    def __init__(self, environment: Mapping[str, str], folder: Path, running: ExitStack) -> None:
        session = boto3.Session(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        self._sagemaker = session.client("sagemaker", endpoint_url=environment["AWS_ENDPOINT_URL"])
        self._s3: Any = session.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"])
        self._states: Any = session.client("stepfunctions", endpoint_url=environment["AWS_ENDPOINT_URL"])
        self._executions: dict[
            str, list[dict[str, str]]
        ] = {}  # what each is seen as, one look after the other
        self._folder = folder
        self._running = running
        self._ports: dict[str, int] = {}
        self._lock = threading.Lock()

    def invoke(self, endpoint: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes, str]:
        """The endpoint's answer: of the containers that the request names, each given the answer before."""
        kind, answer = headers.get("Content-Type", ""), (200, body, headers.get("Content-Type", ""))
        for address in self._addresses(endpoint, headers):
            answer = self._score(self._port(address), answer[1], kind, headers.get("Accept", "*/*"))
            kind = answer[2]
            if answer[0] != 200:
                break
        return answer

    def start(self, machine: str, name: str, given: Mapping[str, str]) -> str:
        """Execute a workflow of one state, a transform job from one place given to another; its ARN."""
        definition = json.loads(self._states.describe_state_machine(stateMachineArn=machine)["definition"])
        (state,) = definition["States"].values()
        arguments = state["Arguments"]
        kind = arguments["TransformInput"]["ContentType"]
        model: Any = self._sagemaker.describe_model(ModelName=arguments["ModelName"])
        seen = {"status": "SUCCEEDED"}
        for address in self._below(given["InputUri"]):
            port = self._port(self._data(model["PrimaryContainer"]))
            status, answer, _ = self._score(port, self.read(address), kind, kind)
            if status != 200:
                seen = {"status": "FAILED", "cause": answer.decode()}
                break
            self.write(f"{given['OutputUri']}/{address.rpartition('/')[2]}.out", answer)
        execution = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
        self._executions[execution] = [{"status": "RUNNING"}, seen]
        return execution

    def look(self, execution: str) -> dict[str, str]:
        seen = self._executions[execution]
        return seen.pop(0) if len(seen) > 1 else seen[0]

    def _below(self, address: str) -> list[str]:
        parts = urlsplit(address)
        listed = self._s3.list_objects_v2(Bucket=parts.netloc, Prefix=parts.path.lstrip("/"))
        return [f"s3://{parts.netloc}/{each['Key']}" for each in listed.get("Contents", [])]

    def read(self, address: str) -> bytes:
        parts = urlsplit(address)
        content: bytes = self._s3.get_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))["Body"].read()
        return content

    def write(self, address: str, content: bytes) -> None:
        parts = urlsplit(address)
        self._s3.put_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"), Body=content)

    def answers_of(self, endpoint: str) -> str:
        """Where an asynchronous endpoint writes."""
        output = self._configuration(endpoint)["AsyncInferenceConfig"]["OutputConfig"]
        return str(output["S3OutputPath"])

    def _configuration(self, endpoint: str) -> dict[str, Any]:
        name = self._sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        return dict(self._sagemaker.describe_endpoint_config(EndpointConfigName=name))

    def _addresses(self, endpoint: str, headers: Mapping[str, str]) -> list[str]:
        (variant,) = self._configuration(endpoint)["ProductionVariants"]
        model: Any = self._sagemaker.describe_model(ModelName=variant["ModelName"])
        containers = model.get("Containers") or [model["PrimaryContainer"]]
        host = headers.get("X-Amzn-SageMaker-Target-Container-Hostname")
        if host:
            containers = [one for one in containers if one["ContainerHostname"] == host]
        target = headers.get("X-Amzn-SageMaker-Target-Model", "")
        return [self._data(one) + target for one in containers]

    def _data(self, container: Mapping[str, Any]) -> str:
        if "ModelPackageName" not in container:
            return str(container["ModelDataUrl"])
        package: Any = self._sagemaker.describe_model_package(ModelPackageName=container["ModelPackageName"])
        return str(package["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])

    def _port(self, address: str) -> int:
        with self._lock:
            if address not in self._ports:
                work = self._folder / str(len(self._ports))
                work.mkdir()
                (work / "model.tar.gz").write_bytes(self.read(address))
                serving = self._running.enter_context(
                    subprocess.Popen(
                        [PYTHON, SERVE, "--archive", "model.tar.gz", "--work", "model", "--port", "0"],
                        cwd=work,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                self._running.callback(serving.kill)
                assert serving.stdout
                self._ports[address] = int(serving.stdout.readline())
            return self._ports[address]

    @staticmethod
    def _score(port: int, body: bytes, kind: str, accept: str) -> tuple[int, bytes, str]:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
            connection.request("POST", "/invocations", body, {"Content-Type": kind, "Accept": accept})
            response = connection.getresponse()
            return response.status, response.read(), response.headers["Content-Type"]


def _handler(compute: Compute) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if operation := self.headers.get("X-Amz-Target", ""):
                told = self._workflow(operation.partition(".")[2], json.loads(body))
                self._send(200, json.dumps(told).encode(), {"Content-Type": "application/x-amz-json-1.0"})
                return
            _, endpoint, verb = urlsplit(self.path).path.strip("/").split("/")
            if verb == "invocations":
                status, answer, kind = compute.invoke(endpoint, self.headers, body)  # type: ignore[arg-type]
                self._send(200 if status == 200 else 424, answer, {"Content-Type": kind})
                return
            question = compute.read(self.headers["X-Amzn-SageMaker-InputLocation"])
            headers = {
                "Content-Type": self.headers["X-Amzn-SageMaker-Content-Type"],
                "Accept": self.headers["X-Amzn-SageMaker-Accept"],
            }
            status, answer, _ = compute.invoke(endpoint, headers, question)
            place = compute.answers_of(endpoint) + f"{uuid.uuid4()}.out"
            failed = place.replace(".out", ".failed")
            compute.write(place if status == 200 else failed, answer)
            locations = {
                "X-Amzn-SageMaker-OutputLocation": place,
                "X-Amzn-SageMaker-FailureLocation": failed,
            }
            self._send(202, b'{"InferenceId": "1"}', {"Content-Type": "application/json", **locations})

        def _workflow(self, operation: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
            if operation == "StartExecution":
                given = json.loads(asked["input"])
                return {
                    "executionArn": compute.start(asked["stateMachineArn"], asked["name"], given),
                    "startDate": 1,
                }
            assert operation == "DescribeExecution", operation
            return compute.look(asked["executionArn"])

        def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    return Handler


@contextmanager
def endpoints(environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """The URL of the runtime of all endpoints in the local AWS of this environment."""
    with ExitStack() as running:
        compute = Compute(environment, folder, running)
        server = running.enter_context(ThreadingHTTPServer(("127.0.0.1", 0), _handler(compute)))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        running.callback(thread.join)
        running.callback(server.shutdown)
        yield f"http://127.0.0.1:{server.server_port}"


def archived(files: Mapping[str, bytes]) -> bytes:
    """A model archive of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
