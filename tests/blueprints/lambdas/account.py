"""What a function finds in its account, here the local AWS over HTTP: secrets, buckets, queues; and CloudFormation's ear."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.blueprints.servers.loopback import TOKEN, USERNAME, Answer, Asked, Server, authority, serving

from .loopback import STACK, Context

SEED_BUCKET, SEED_KEY, SOURCES = "catalog-assets", "assets/seed.zip", "sagemaker-p-a1b2c3d4e5f6-artifacts"
FILES = {
    "README.md": ("# Churn\n", 0o644),
    "scripts/run.sh": ("#!/bin/sh\necho run\n", 0o755),
    ".gitignore": ("*.pyc\n", 0o644),
}


@dataclass
class Account:
    session: Any
    answers: Server  # what CloudFormation was told

    def client(self, service: str) -> Any:
        return self.session.client(service)

    def secret(self, name: str, text: str) -> str:
        """A secret's ARN."""
        made = self.client("secretsmanager").create_secret(Name=name, SecretString=text)
        return str(made["ARN"])

    def credentials(self, name: str = "git-server", **changed: str) -> str:
        """The secret of a server on loopback."""
        held = {"username": USERNAME, "token": TOKEN, "ca_bundle": authority()} | changed
        return self.secret(name, json.dumps(held))

    def seed(self) -> None:
        """The seed zip, where the product finds it, and the bucket for sources."""
        s3, content = self.client("s3"), io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:
            for name, (text, mode) in FILES.items():
                entry = zipfile.ZipInfo(name)
                entry.external_attr = (0o100000 | mode) << 16
                archive.writestr(entry, text)
        for bucket in (SEED_BUCKET, SOURCES):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": self.session.region_name}
            )
        s3.put_bucket_versioning(Bucket=SOURCES, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=SEED_BUCKET, Key=SEED_KEY, Body=content.getvalue())

    def ask(
        self,
        handler: Callable[[dict[str, Any], Context], None],
        kind: str,
        resource: str,
        properties: Mapping[str, str],
        *,
        before: Mapping[str, str] | None = None,
        seconds: float = 900,
    ) -> dict[str, Any]:
        """CloudFormation's request to a custom resource's handler, and the one answer to it."""
        event = {
            "RequestType": kind,
            "RequestId": "request-1",
            "StackId": STACK,
            "LogicalResourceId": resource,
            "ResponseURL": f"{self.answers.url}/answer?signature=1",
            "ResourceProperties": dict(properties),
        }
        if before is not None:
            event["OldResourceProperties"] = dict(before)
        answered = len(self.answers.asked)
        handler(event, Context(seconds))
        assert len(self.answers.asked) == answered + 1, "every request gets exactly one answer"
        answer: dict[str, Any] = json.loads(self.answers.asked[-1].body)
        return answer


@contextmanager
def answering() -> Iterator[Server]:
    """CloudFormation's bucket for answers."""

    def take(asked: Asked) -> Answer:
        return Answer(200 if asked.method == "PUT" else 405)

    with serving(Server(answer=take), tls=False) as server:
        yield server
