"""An environment as the CI sets it, a stand-in for S3 and SageMaker on the loopback, and the pipeline's first steps."""

from __future__ import annotations

import json
import os
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

# The sample is small: threads would only wait for each other. XGBoost reads this when it is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import evaluate
import preprocess
import train

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {
    "AWS_REGION": "eu-west-1",
    "SAGEMAKER_PROJECT_NAME": "demo",
    "SAGEMAKER_PROJECT_ID": "p-abcdefghijkl",
    "MODEL_PACKAGE_GROUP_NAME": "sagemaker-demo",
    "PIPELINE_ROLE_ARN": "arn:aws:iam::111122223333:role/sagemaker-demo-pipeline",
    "ARTIFACT_BUCKET": "sagemaker-demo-artifacts",
}
OPTIONAL = ("KMS_KEY_ID", "PIPELINE_NAME", "SECURITY_GROUP_IDS", "STAGE_NAME", "STAGE_ROLE_ARN", "SUBNET_IDS")


def as_in_ci(patch: pytest.MonkeyPatch, nowhere: Path) -> None:
    """What CodeBuild sets, with no credentials and nothing of this machine's user."""
    for name in [*os.environ]:
        if name.startswith(("AWS_", "SAGEMAKER_", "CODEBUILD_", "CI_", "GITHUB_")) or name in OPTIONAL:
            patch.delenv(name)
    for name, value in ENVIRONMENT.items():
        patch.setenv(name, value)
    patch.setenv("AWS_CONFIG_FILE", str(nowhere))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(nowhere))
    patch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    as_in_ci(monkeypatch, tmp_path / "none")
    return monkeypatch


@dataclass
class Aws:
    """What the stand-in received and holds. It knows just the calls that this repository makes."""

    url: str = ""
    objects: dict[str, bytes] = field(default_factory=dict)
    encryption: dict[str, str] = field(default_factory=dict)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    executions: list[dict[str, Any]] = field(default_factory=list)
    keys: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    outcome: str = "Succeeded"  # of executions
    refuse: str = ""  # an operation that answers AccessDenied

    def kms(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Keys by their aliases."""
        self.calls.append(operation)
        if operation == "DescribeKey" and request["KeyId"] in self.keys:
            return 200, {"KeyMetadata": {"KeyId": "key", "Arn": self.keys[request["KeyId"]]}}
        return 400, {"__type": "NotFoundException", "message": f"{request['KeyId']} is not found."}

    def sagemaker(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self.calls.append(operation)
        if operation == self.refuse:
            return 400, {"__type": "AccessDeniedException", "Message": f"not authorized to perform {operation}"}
        name = request.get("PipelineName", "")
        arn = f"arn:aws:sagemaker:eu-west-1:111122223333:pipeline/{name}"
        if operation == "DescribePipeline":
            if name in self.pipelines:
                return 200, {"PipelineArn": arn}
            return 400, {"__type": "ResourceNotFound", "Message": f"Pipeline '{arn}' does not exist."}
        if operation == "CreatePipeline":
            self.pipelines[name] = request
            self.tags[arn] = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
            return 200, {"PipelineArn": arn}
        if operation == "UpdatePipeline":
            self.pipelines[name] |= request
            return 200, {"PipelineArn": arn}
        if operation == "AddTags":
            self.tags[request["ResourceArn"]] |= {tag["Key"]: tag["Value"] for tag in request["Tags"]}
            return 200, {"Tags": request["Tags"]}
        if operation == "StartPipelineExecution":
            self.executions.append(request)
            return 200, {"PipelineExecutionArn": f"{arn}/execution/{len(self.executions)}"}
        if operation == "DescribePipelineExecution":
            return 200, {"PipelineExecutionStatus": self.outcome, "FailureReason": "too inaccurate"}
        return 400, {"__type": "UnknownOperationException", "Message": operation}


def handler(aws: Aws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, status: int, body: bytes = b"", kind: str = "application/xml") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def do_POST(self) -> None:  # SageMaker, KMS
            service, _, operation = self.headers["X-Amz-Target"].partition(".")
            ask = aws.sagemaker if service == "SageMaker" else aws.kms
            status, value = ask(operation, json.loads(self.body()))
            self.answer(status, json.dumps(value).encode(), "application/x-amz-json-1.1")

        def do_PUT(self) -> None:  # S3 PutObject
            content = self.body()
            key = urlsplit(self.path).path.lstrip("/")
            aws.calls.append("PutObject")
            aws.objects[key] = content
            aws.encryption[key] = self.headers.get("x-amz-server-side-encryption-aws-kms-key-id", "")
            self.answer(200)

        def do_GET(self) -> None:  # S3 ListObjectsV2
            url = urlsplit(self.path)
            start = url.path.strip("/") + "/" + parse_qs(url.query)["prefix"][0]
            count = sum(key.startswith(start) for key in aws.objects)
            aws.calls.append("ListObjectsV2")
            self.answer(200, f"<ListBucketResult><KeyCount>{count}</KeyCount></ListBucketResult>".encode())

        def log_message(self, *arguments: object) -> None:
            """Quiet."""

    return Handler


@pytest.fixture
def aws(environment: pytest.MonkeyPatch) -> Iterator[Aws]:
    state = Aws()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(state))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    environment.setenv("AWS_ENDPOINT_URL", state.url)
    environment.setenv("NO_PROXY", "127.0.0.1")
    environment.setenv("AWS_ACCESS_KEY_ID", "testing")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@dataclass(frozen=True)
class Run:
    """The folders of one real run of the three jobs on the sample data."""

    prepared: Path
    model: Path
    report: dict[str, Any]


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    work = tmp_path_factory.mktemp("run")
    preprocess.main(["--input", str(ROOT / "data"), "--output", str(work / "prepared")])
    train.main(
        ["--train", str(work / "prepared" / "train"), "--validation", str(work / "prepared" / "validation")]
        + ["--model-dir", str(work / "model")]
    )
    # SageMaker packs what training leaves in its model folder.
    with tarfile.open(work / "model.tar.gz", "w:gz") as archive:
        for path in (work / "model").iterdir():
            archive.add(path, arcname=path.name)
    evaluate.main(["--model", str(work), "--test", str(work / "prepared" / "test"), "--output", str(work / "report")])
    return Run(work / "prepared", work / "model", json.loads((work / "report" / "evaluation.json").read_text()))
