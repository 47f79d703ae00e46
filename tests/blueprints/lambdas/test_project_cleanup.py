"""The real handler, over HTTP, against a small SageMaker and S3 on loopback."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import pytest

from .loopback import ACCOUNT, REGION, STACK, Context, Execution, Loopback

Handle = Callable[..., dict[str, Any]]
PROJECT = "p-a1b2c3d4e5f6"
GROUP = f"sagemaker-Churn-{PROJECT}"
BUCKET = f"sagemaker-{PROJECT}-{ACCOUNT}-{REGION}"
OURS = f"sagemaker-Churn-{PROJECT}-model-build"


@pytest.fixture
def handle(aws: Loopback, package: str) -> Handle:
    """Sends a request through the handler and returns the answer."""
    handler = importlib.import_module(f"{package}.cleanup").handler

    def send(kind: str, seconds: float = 900, **properties: Any) -> dict[str, Any]:
        return aws.request(
            handler,
            kind,
            "Cleanup",
            {"ProjectId": PROJECT, "AccountId": ACCOUNT, **properties},
            seconds=seconds,
        )

    return send


def fill(aws: Loopback) -> None:
    aws.pipelines = {
        OURS: [Execution("Executing"), Execution("Stopping"), Execution("Failed")],
        f"sagemaker-{PROJECT}": [],
        **{f"sagemaker-other-p-{number:012}": [] for number in range(120)},  # more than a page
        f"sagemaker-x-{PROJECT}9": [Execution("Executing")],  # another id that begins alike
        f"churn-{PROJECT}": [],  # not named as the project's are
    }
    aws.groups = {GROUP: list(range(1, 131)), "another": [1]}
    aws.buckets = {
        BUCKET: [(f"models/{number:05}", f"v{number}", number % 3 == 0) for number in range(2300)],
        "another": [("kept", "v1", False)],
    }


def test_creation_and_update_touch_nothing(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    ids = {
        handle(kind, Bucket=BUCKET, ModelPackageGroups=[GROUP])["PhysicalResourceId"]
        for kind in ("Create", "Update")
    }
    assert {answer["Status"] for answer in aws.answers} == {"SUCCESS"}
    assert aws.calls == []
    # An update that changed the id would make CloudFormation delete the "old" resource: empty the bucket.
    ids.add(handle("Update")["PhysicalResourceId"])
    assert ids == {f"cleanup-{PROJECT}"}


def test_deletion_removes_all_of_the_project_and_nothing_else(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    others = {
        name: runs for name, runs in aws.pipelines.items() if name not in (OURS, f"sagemaker-{PROJECT}")
    }
    answer = handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])
    assert answer["Status"] == "SUCCESS", answer["Reason"]
    assert answer["PhysicalResourceId"] == f"cleanup-{PROJECT}"
    assert (answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == (
        STACK,
        "request-1",
        "Cleanup",
    )
    assert aws.pipelines == others
    assert aws.groups == {GROUP: [], "another": [1]}
    assert aws.buckets == {BUCKET: [], "another": [("kept", "v1", False)]}


def test_deletion_can_be_repeated(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    first = handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])
    again = handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])
    assert first["Status"] == again["Status"] == "SUCCESS"


def test_what_somebody_deleted_by_hand_is_no_error(aws: Loopback, handle: Handle) -> None:
    assert handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])["Status"] == "SUCCESS"


def test_kept_work_loses_only_its_pipelines(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    assert handle("Delete")["Status"] == "SUCCESS"
    assert OURS not in aws.pipelines
    assert len(aws.groups[GROUP]) == 130
    assert len(aws.buckets[BUCKET]) == 2300


def test_an_execution_that_ends_by_itself_is_no_error(aws: Loopback, handle: Handle) -> None:
    aws.pipelines = {OURS: [Execution("Executing", ends_before_stop=True)]}
    assert handle("Delete")["Status"] == "SUCCESS"
    assert aws.pipelines == {}


@pytest.mark.parametrize(
    "denied",
    ["ListPipelines", "StopPipelineExecution", "DeletePipeline", "DeleteModelPackage", "ListObjectVersions"],
)
def test_an_error_is_an_answer_with_its_reason(aws: Loopback, handle: Handle, denied: str) -> None:
    fill(aws)
    aws.denied = {denied}
    answer = handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])
    assert answer["Status"] == "FAILED"
    assert f"not authorized to perform {denied}" in answer["Reason"]
    assert Context.log_stream_name in answer["Reason"]
    assert answer["PhysicalResourceId"] == f"cleanup-{PROJECT}"


def test_objects_that_s3_will_not_delete_are_named(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    aws.undeletable = {"models/00007"}
    answer = handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])
    assert answer["Status"] == "FAILED"
    assert "models/00007: AccessDenied" in answer["Reason"]


def test_too_little_time_is_an_answer_and_the_next_deletion_goes_on(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    aws.pipelines = {OURS: [Execution("Executing", polls_to_stop=1000)]}
    answer = handle("Delete", seconds=30.5, Bucket=BUCKET, ModelPackageGroups=[GROUP])
    assert answer["Status"] == "FAILED"
    assert "Repeat the operation" in answer["Reason"]
    aws.pipelines[OURS][0].polls_to_stop = 0
    assert handle("Delete", Bucket=BUCKET, ModelPackageGroups=[GROUP])["Status"] == "SUCCESS"
    assert aws.buckets[BUCKET] == []


def test_the_answer_is_given_again_until_it_is_taken(aws: Loopback, handle: Handle) -> None:
    aws.refuse_answers = [503, 500]
    assert handle("Create")["Status"] == "SUCCESS"
    assert "content-type" not in aws.answer_headers[-1], "the address is signed without a content type"


def test_an_answer_that_is_refused_for_good_is_raised_for_lambda_to_repeat(
    aws: Loopback, handle: Handle
) -> None:
    aws.refuse_answers = [403]
    with pytest.raises(ConnectionError, match="HTTP 403"):
        handle("Create")
    assert handle("Create")["Status"] == "SUCCESS"


def test_a_long_reason_fits_an_answer(aws: Loopback, handle: Handle) -> None:
    fill(aws)
    aws.undeletable = {"models/00007"}
    long = f"b{'u' * 40}"
    aws.buckets[long] = [("k" * 1000, "v", False)]
    aws.undeletable = {"k" * 1000}
    answer = handle("Delete", Bucket=long)
    assert answer["Status"] == "FAILED"
    assert len(str(answer)) < 4096
