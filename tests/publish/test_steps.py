"""Versions are measured against what is published: a step too small is refused at its line, a plan says what it weighs."""

from __future__ import annotations

import json

from generator.local import open_state
from tests import catalogues

from .test_publish import Make, publish

RENAMED = catalogues.TEMPLATE.replace("    Properties:\n", "    Properties:\n      BucketName: another\n")
BOUNDARY = "arn:aws:iam::123456789012:policy/Bound"
ROLE = '''\
"""A role, for tests of boundaries."""

from pydantic import Field
from troposphere import Template, iam

from generator.blueprint import BlueprintParams, Context

TRUST = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}


class Params(BlueprintParams):
    """What a test varies."""

    actions: list[str] = Field(["sqs:ReceiveMessage"], description="What it may do.")


def build(params: Params, context: Context) -> Template:
    template = Template()
    allowed = {"Effect": "Allow", "Action": params.actions, "Resource": "arn:aws:sqs:us-east-1:123456789012:one"}
    document = {"Version": "2012-10-17", "Statement": [allowed]}
    trust = {"Version": "2012-10-17", "Statement": [TRUST]}
    policy = iam.Policy(PolicyName="all", PolicyDocument=document)
    template.add_resource(iam.Role("Role", AssumeRolePolicyDocument=trust, Policies=[policy]))
    return template
'''


def test_a_step_too_small_is_refused_at_its_line(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    catalogues.write(made.root, {"products/templates/store.yaml": RENAMED})
    made.edit("products/store.yaml", "1.0.0", "1.1.0")
    refused = made.run("publish")
    assert refused.code == 1
    assert refused.err == (
        "products/store.yaml:3:1: version 1.1.0 is too small a step from 1.0.0: MAJOR, since Bucket (AWS::S3::Bucket)"
        " is replaced, with objects or files, because BucketName differs. Raise the version to 2.0.0.\n"
    )
    made.edit("products/store.yaml", "1.1.0", "2.0.0")
    plan = made.run("plan").out
    assert "  + version 2.0.0 of product store\n" in plan
    assert "\n      MAJOR since 1.0.0:\n        MAJOR: Bucket (AWS::S3::Bucket) is replaced" in plan
    assert "MAJOR since 1.0.0:<br>  MAJOR: Bucket" in made.run("plan", "--format", "markdown").out
    changes = json.loads(made.run("plan", "--format", "json").out)["changes"]
    (told,) = (each["compared"] for each in changes if each["kind"] == "PublishArtifact")
    assert told["base"] == "1.0.0"
    assert [each["bump"] for each in told["effects"]] == ["MAJOR"]
    publish(made)


def test_the_release_counts_and_not_a_pre_release(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    made.edit("products/queue.yaml", "1.0.0", "2.0.0-rc.1")
    made.edit("products/queue.yaml", "seconds: 60", "seconds: 90")
    publish(made)
    made.edit("products/queue.yaml", "2.0.0-rc.1", "2.0.0")
    made.edit("products/queue.yaml", "seconds: 90", "seconds: 60")
    assert "PATCH since 1.0.0: nothing that CloudFormation would see" in made.run("plan").out


def test_what_a_template_allows_counts_under_a_boundary_too(catalogue: Make) -> None:
    """The published text carries the target's boundary, its fingerprint does not."""
    made = catalogue(
        {
            "blueprints/role.py": ROLE,
            "products/role.yaml": catalogues.PRODUCT.replace("raw-template", "role").replace(
                "template: store.yaml", "actions: ['sqs:ReceiveMessage']"
            ),
            "products/targets.yaml": catalogues.TARGETS.replace(
                "local: {}", f"local: {{permissions_boundary: '{BOUNDARY}'}}"
            ),
        }
    )
    publish(made)
    made.edit("products/role.yaml", "['sqs:ReceiveMessage']", "['sqs:ReceiveMessage', 'sqs:SendMessage']")
    made.edit("products/role.yaml", "1.0.0", "1.1.0")
    refused = made.run("publish")
    assert refused.code == 1
    assert (
        "MAJOR, since Role may now do sqs:SendMessage on arn:aws:sqs:us-east-1:123456789012:one."
        in refused.err
    )


def test_a_published_template_that_is_gone_is_told_of(catalogue: Make) -> None:
    made = catalogue()
    publish(made)
    bucket = "catalog-123456789012-us-east-1"
    aws = open_state(made.state)
    s3 = aws.session("us-east-1").client("s3")
    for each in s3.list_objects_v2(Bucket=bucket, Prefix="templates/queue/")["Contents"]:
        s3.put_object(Bucket=bucket, Key=each["Key"], Body=b"something else")
    aws.close()
    made.edit("products/queue.yaml", "1.0.0", "1.0.1")
    plan = made.run("plan")
    assert plan.code == 0
    assert "note: us-east-1: the template of queue 1.0.0 is not in the bucket as it was published" in plan.out
