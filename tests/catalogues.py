"""Small catalogues in a folder, for tests: the least that publishes, and ways to change it."""

from __future__ import annotations

from pathlib import Path

TARGETS = """\
catalogue: acme
default: local
local: {}
"""
PORTFOLIOS = """\
shelf:
  name: Shelf
  provider: Platform
  description: Everything.
  access:
    - role: analyst
  tag_options:
    environment: [dev, prod]
"""
PRODUCT = """\
name: Store
blueprint: raw-template
version: 1.0.0
owner: Platform
description: An encrypted bucket.
portfolios: [shelf]
options:
  template: store.yaml
"""
TEMPLATE = """\
AWSTemplateFormatVersion: '2010-09-09'
Description: An encrypted bucket
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      BucketEncryption:
        ServerSideEncryptionConfiguration:
          - ServerSideEncryptionByDefault:
              SSEAlgorithm: AES256
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: true
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
"""
BLUEPRINT = '''\
"""A queue, for tests of blueprints."""

from pydantic import Field
from troposphere import Output, Ref, Template, sqs

from generator.blueprint import BlueprintParams, Context, PerTarget


class Params(BlueprintParams):
    """What a test varies."""

    seconds: int = Field(60, ge=1, le=1209600, description="How long messages are kept.")
    topic: PerTarget = Field("", description="Where it reports to, by target.")


def build(params: Params, context: Context) -> Template:
    template = Template()
    queue = sqs.Queue("Queue", MessageRetentionPeriod=params.seconds, SqsManagedSseEnabled=True)
    template.add_resource(queue)
    template.add_output(Output("Queue", Description="The queue.", Value=Ref(queue)))
    if params.topic:
        template.add_output(Output("Topic", Description="Its topic.", Value=context.per_target("topic")))
    return template
'''
QUEUE = (
    PRODUCT.replace("Store", "Queue")
    .replace("raw-template", "queue")
    .replace("template: store.yaml", "seconds: 60")
)


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


def make(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """A catalogue of one raw template; `files` add to it or replace parts."""
    write(
        root,
        {
            "products/targets.yaml": TARGETS,
            "products/portfolios.yaml": PORTFOLIOS,
            "products/store.yaml": PRODUCT,
            "products/templates/store.yaml": TEMPLATE,
            **(files or {}),
        },
    )
    return root


def with_queue(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """The same with a product made by a blueprint of its own."""
    return make(root, {"blueprints/queue.py": BLUEPRINT, "products/queue.yaml": QUEUE, **(files or {})})


def snapshot(root: Path) -> dict[str, bytes]:
    """Every file below a folder, to see that nothing was written."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
