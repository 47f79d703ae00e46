"""A small SageMaker, S3 and CloudFormation answer address on loopback, with a state that the tests can look at.

It speaks the wire formats that boto3 sends and reads; it knows only what the Lambda functions ask for, and answers
anything else with an error.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

PAGE = 50  # SageMaker's page here; S3's is the 1,000 of S3
REGION, ACCOUNT = "eu-west-1", "111122223333"
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
    url: str = ""

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
            if target := self.headers.get("X-Amz-Target"):
                answer = self.state.sagemaker(target.removeprefix("SageMaker."), json.loads(body))
                self._send(200, json.dumps(answer).encode(), "application/x-amz-json-1.1")
            else:
                bucket, _ = self._s3("DeleteObjects")
                self._send(200, self.state.delete_objects(bucket, body), "application/xml")
        except Rejected as error:
            self._refuse(error)

    def do_GET(self) -> None:
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
        if self.headers.get("X-Amz-Target"):
            body = json.dumps({"__type": error.code, "message": error.message}).encode()
            self._send(error.status, body, "application/x-amz-json-1.1")
        else:
            root = ElementTree.Element("Error")
            _sub(root, "Code", error.code)
            _sub(root, "Message", error.message)
            self._send(error.status, ElementTree.tostring(root), "application/xml")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", "0")))

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The tests look at the state."""


@contextmanager
def serving() -> Iterator[Loopback]:
    state = Loopback()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
