"""A small SageMaker, S3, CodeBuild, CodeConnections and CloudFormation answer address on loopback, with a state that the tests can look at.

It speaks the wire formats that boto3 sends and reads; it knows only what the Lambda functions ask for, and answers
anything else with an error.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree

from . import cbor

PAGE = 50  # SageMaker's page here; S3's is the 1,000 of S3
REGION, ACCOUNT = "eu-west-1", "111122223333"
STACK = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/SC-111122223333-pp-abc/5d5f8a40"
_SERVICES = {  # what the protocols call them
    "SageMaker": "sagemaker",
    "CodeBuild_": "codebuild",
    "CodeCommit_": "codecommit",
    "CodeConnections_": "connection",
    "com.amazonaws.codeconnections.CodeConnections_": "connection",
    "com.amazonaws.codestar.connections.CodeStar_connections_": "connection",
}
S3_XML = "http://s3.amazonaws.com/doc/2006-03-01/"


class Rejected(Exception):
    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(code, message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Execution:
    status: str
    polls_to_stop: int = 1  # how often it is still seen Stopping after the stop
    ends_before_stop: bool = False


class Context:
    """Lambda's context, with so much time left."""

    log_stream_name = "2026/11/20/[$LATEST]abc"

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


@dataclass
class Loopback:
    """What lies in the account, what was asked, and what was answered to CloudFormation."""

    pipelines: dict[str, list[Execution]] = field(default_factory=dict)
    groups: dict[str, list[int]] = field(default_factory=dict)
    buckets: dict[str, list[tuple[str, str, bool]]] = field(
        default_factory=dict
    )  # key, version, delete marker
    denied: set[str] = field(default_factory=set)
    undeletable: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    answer_headers: list[dict[str, str]] = field(default_factory=list)
    refuse_answers: list[int] = field(default_factory=list)  # statuses given before an answer is taken
    connections: dict[str, str] = field(default_factory=dict)  # ARN, status
    builds: list[dict[str, Any]] = field(default_factory=list)  # as they were started
    build_ends_as: str = "SUCCEEDED"
    polls_to_build: int = 2
    running: dict[str, str] = field(
        default_factory=dict
    )  # builds that others started, and the branch of each
    polls_to_stop_build: int = 1
    ended: set[str] = field(default_factory=set)
    branches: dict[str, str] = field(default_factory=dict)  # of the one repository, with their newest commits
    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    url: str = ""

    def request(
        self,
        handler: Callable[[dict[str, Any], Context], None],
        kind: str,
        resource: str,
        properties: dict[str, Any],
        *,
        before: dict[str, Any] | None = None,
        number: int = 1,
        seconds: float = 900,
    ) -> dict[str, Any]:
        """CloudFormation's request to a custom resource's handler, and the one answer to it."""
        event = {
            "RequestType": kind,
            "RequestId": f"request-{number}",
            "StackId": STACK,
            "LogicalResourceId": resource,
            "ResponseURL": f"{self.url}/answer?signature=1",
            "ResourceProperties": properties,
        }
        if before is not None:
            event["OldResourceProperties"] = before
        answered = len(self.answers)
        handler(event, Context(seconds))
        assert len(self.answers) == answered + 1, "every request gets exactly one answer"
        return self.answers[-1]

    def connection(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self._ask(operation)
        if operation != "GetConnection":
            raise Rejected("UnknownOperationException", operation)
        arn = body["ConnectionArn"]
        if arn not in self.connections:
            raise Rejected("ResourceNotFoundException", f"Connection {arn} not found")
        return {"Connection": {"ConnectionArn": arn, "ConnectionStatus": self.connections[arn]}}

    def codecommit(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self._ask(operation)
        if operation != "GetBranch":
            raise Rejected("UnknownOperationException", operation)
        name = body["branchName"]
        if name not in self.branches:
            raise Rejected("BranchDoesNotExistException", f"{name} does not exist")
        return {"branch": {"branchName": name, "commitId": self.branches[name]}}

    def codebuild(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self._ask(operation)
        match operation:
            case "StartBuild":
                tokens = [build["idempotencyToken"] for build in self.builds]
                if body["idempotencyToken"] not in tokens:
                    self.builds.append(body)
                    tokens.append(body["idempotencyToken"])
                return {
                    "build": {
                        "id": f"b:{tokens.index(body['idempotencyToken'])}",
                        "buildStatus": "IN_PROGRESS",
                    }
                }
            case "ListBuildsForProject":
                start = int(body.get("nextToken", "0"))
                more = start + PAGE < len(self.running)
                return {"ids": list(self.running)[start : start + PAGE]} | (
                    {"nextToken": str(start + PAGE)} if more else {}
                )
            case "StopBuild":
                self.polls_to_stop_build -= 1
                if self.polls_to_stop_build < 0:
                    self.ended.add(body["id"])
                return {"build": {"id": body["id"]}}
            case "BatchGetBuilds" if self.running:
                return {
                    "builds": [
                        {
                            "id": one,
                            "buildStatus": "STOPPED" if one in self.ended else "IN_PROGRESS",
                            "environment": {
                                "environmentVariables": [
                                    {"name": "ARTIFACT_BUCKET", "value": "artifacts"},
                                    {"name": "BRANCH", "value": self.running[one]},
                                ]
                            },
                        }
                        for one in body["ids"]
                    ]
                }
            case "BatchGetBuilds":
                self.polls_to_build -= 1
                status = "IN_PROGRESS" if self.polls_to_build > 0 else self.build_ends_as
                logs = {"deepLink": "https://console/logs"}
                return {"builds": [{"id": one, "buildStatus": status, "logs": logs} for one in body["ids"]]}
        raise Rejected("UnknownOperationException", operation)

    def sagemaker(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        self._ask(operation)
        match operation:
            case "ListPipelines":
                names = [name for name in self.pipelines if name.startswith(body["PipelineNamePrefix"])]
                return _page("PipelineSummaries", [{"PipelineName": name} for name in names], body)
            case "ListPipelineExecutions":
                summaries = []
                for number, execution in enumerate(self._pipeline(body)):
                    summaries.append(
                        {
                            "PipelineExecutionArn": _arn(
                                f"pipeline/{body['PipelineName']}/execution/{number}"
                            ),
                            "PipelineExecutionStatus": execution.status,
                        }
                    )
                    if execution.status == "Stopping":
                        execution.polls_to_stop -= 1
                        if execution.polls_to_stop < 0:
                            execution.status = "Stopped"
                return _page("PipelineExecutionSummaries", summaries, body)
            case "StopPipelineExecution":
                _, name, _, number = body["PipelineExecutionArn"].rsplit("/", 3)
                execution = self.pipelines[name][int(number)]
                if execution.ends_before_stop:
                    execution.status = "Succeeded"
                if execution.status != "Executing":
                    raise Rejected("ValidationException", "Only executing pipelines can be stopped.")
                execution.status = "Stopping"
                return {"PipelineExecutionArn": body["PipelineExecutionArn"]}
            case "DeletePipeline":
                if any(execution.status in ("Executing", "Stopping") for execution in self._pipeline(body)):
                    raise Rejected("ValidationException", "Stop its executions first.")
                del self.pipelines[body["PipelineName"]]
                return {"PipelineArn": _arn(f"pipeline/{body['PipelineName']}")}
            case "ListModelPackages":
                group = body["ModelPackageGroupName"]
                if group not in self.groups:
                    raise Rejected("ValidationException", f"ModelPackageGroup {group} does not exist.")
                versions = [
                    {"ModelPackageArn": _arn(f"model-package/{group}/{number}")}
                    for number in self.groups[group]
                ]
                return _page("ModelPackageSummaryList", versions, body)
            case "DeleteModelPackage":
                _, group, number = body["ModelPackageName"].rsplit("/", 2)
                self.groups[group].remove(int(number))
                return {}
        raise Rejected("UnknownOperationException", operation)

    def list_versions(self, bucket: str, query: dict[str, str]) -> bytes:
        entries = sorted(self._bucket(bucket))
        marker = (query.get("key-marker", ""), query.get("version-id-marker", ""))
        page = [entry for entry in entries if entry[:2] > marker][:1000]
        more = bool(page) and page[-1] != entries[-1]
        root = ElementTree.Element("ListVersionsResult", xmlns=S3_XML)
        _sub(root, "IsTruncated", "true" if more else "false")
        if more:
            _sub(root, "NextKeyMarker", page[-1][0])
            _sub(root, "NextVersionIdMarker", page[-1][1])
        for key, version, deleted in page:
            entry = ElementTree.SubElement(root, "DeleteMarker" if deleted else "Version")
            _sub(entry, "Key", key)
            _sub(entry, "VersionId", version)
        return ElementTree.tostring(root)

    def delete_objects(self, bucket: str, body: bytes) -> bytes:
        held = self._bucket(bucket)
        root = ElementTree.Element("DeleteResult", xmlns=S3_XML)
        objects = ElementTree.fromstring(body).findall(f"{{{S3_XML}}}Object")
        if len(objects) > 1000:
            raise Rejected("MalformedXML")
        gone = set()
        for wanted in objects:
            key, version = (str(wanted.findtext(f"{{{S3_XML}}}{name}")) for name in ("Key", "VersionId"))
            if key in self.undeletable:
                error = ElementTree.SubElement(root, "Error")
                for name, value in (("Key", key), ("Code", "AccessDenied"), ("Message", "Access Denied")):
                    _sub(error, name, value)
            else:
                gone.add((key, version))
        self.buckets[bucket] = [entry for entry in held if entry[:2] not in gone]
        return ElementTree.tostring(root)

    def _ask(self, operation: str) -> None:
        self.calls.append(operation)
        if operation in self.denied:
            raise Rejected("AccessDeniedException", f"not authorized to perform {operation}")

    def _pipeline(self, body: dict[str, Any]) -> list[Execution]:
        if body["PipelineName"] not in self.pipelines:
            raise Rejected("ResourceNotFound", "Pipeline does not exist.")
        return self.pipelines[body["PipelineName"]]

    def _bucket(self, bucket: str) -> list[tuple[str, str, bool]]:
        if bucket not in self.buckets:
            raise Rejected("NoSuchBucket", "The specified bucket does not exist", 404)
        return self.buckets[bucket]


def _arn(resource: str) -> str:
    return f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:{resource}"


def _sub(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text


def _page(name: str, items: list[dict[str, Any]], body: dict[str, Any]) -> dict[str, Any]:
    start = int(body.get("NextToken", "0"))
    page: dict[str, Any] = {name: items[start : start + PAGE]}
    if start + PAGE < len(items):
        page["NextToken"] = str(start + PAGE)
    return page


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = (
        True  # header and body are two writes; together with delayed acknowledgement 40 ms each
    )
    state: Loopback

    def do_POST(self) -> None:
        body = self._body()
        try:
            if asked := self._operation():
                service, operation = asked
                answer = getattr(self.state, service)(operation, self._decode(body))
                self._answer(200, answer)
            else:
                bucket, _ = self._s3("DeleteObjects")
                self._send(200, self.state.delete_objects(bucket, body), "application/xml")
        except Rejected as error:
            self._refuse(error)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        bucket, _, key = urlsplit(self.path).path.strip("/").partition("/")
        if key:
            content = self.state.objects.get((bucket, unquote(key)))
            changed = {"Last-Modified": "Fri, 20 Nov 2026 18:00:00 GMT"}
            self._send(200 if content is not None else 404, content or b"", "application/zip", changed)
            return
        try:
            bucket, query = self._s3("ListObjectVersions")
            self._send(200, self.state.list_versions(bucket, query), "application/xml")
        except Rejected as error:
            self._refuse(error)

    def do_PUT(self) -> None:
        body = self._body()
        if self.state.refuse_answers:
            self._send(self.state.refuse_answers.pop(0), b"", "text/plain")
            return
        self.state.answers.append(json.loads(body))
        self.state.answer_headers.append({key.lower(): value for key, value in self.headers.items()})
        self._send(200, b"", "text/plain")

    def _s3(self, operation: str) -> tuple[str, dict[str, str]]:
        self.state._ask(operation)
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        if self.headers.get("x-amz-expected-bucket-owner") != ACCOUNT:
            raise Rejected("AccessDenied", "the bucket's owner is not checked", 403)
        return parts.path.strip("/"), query

    def _refuse(self, error: Rejected) -> None:
        if self._operation():
            self._answer(error.status, {"__type": error.code, "message": error.message})
        else:
            root = ElementTree.Element("Error")
            _sub(root, "Code", error.code)
            _sub(root, "Message", error.message)
            self._send(error.status, ElementTree.tostring(root), "application/xml")

    def _operation(self) -> tuple[str, str] | None:
        """The service and operation that are asked for, in either of boto3's protocols; none for S3."""
        target = self.headers.get("X-Amz-Target", "")
        if self._cbor():
            _, _, target, _, operation = self.path.split("/")
        else:
            target, _, operation = target.rpartition(".")
        for known, service in _SERVICES.items():
            if target.startswith(known):
                return service, operation
        return None

    def _cbor(self) -> bool:
        return self.headers.get("smithy-protocol") == "rpc-v2-cbor"

    def _decode(self, body: bytes) -> dict[str, Any]:
        decoded: dict[str, Any] = cbor.decode(body) if self._cbor() else json.loads(body)
        return decoded

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        if self._cbor():
            self._send(status, cbor.encode(answer), "application/cbor", {"smithy-protocol": "rpc-v2-cbor"})
        else:
            self._send(status, json.dumps(answer).encode(), "application/x-amz-json-1.1")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The tests look at the state."""


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on loopback that answers with this handler."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def serving() -> Iterator[Loopback]:
    state = Loopback()
    with listening(type("Handler", (_Handler,), {"state": state})) as state.url:
        yield state
