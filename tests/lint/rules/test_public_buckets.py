from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, NO_VALUE, faults, one

ALL = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


@pytest.mark.parametrize("block", [ALL, {**ALL, "BlockPublicAcls": "true"}, {"Fn::If": ["C", ALL, ALL]}])
def test_a_closed_bucket_passes(block: Any) -> None:
    assert faults("public_buckets", one("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": block})) == {}


def test_a_bucket_that_says_nothing_is_refused() -> None:
    assert list(faults("public_buckets", one("AWS::S3::Bucket", {}))) == [IT]


@pytest.mark.parametrize(
    "block", [{**ALL, "BlockPublicPolicy": False}, {k: v for k, v in ALL.items() if k != "BlockPublicPolicy"}]
)
def test_each_of_the_four_settings_is_needed(block: Any) -> None:
    found = faults("public_buckets", one("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": block}))
    assert "Set BlockPublicPolicy in" in found[f"{IT}/PublicAccessBlockConfiguration"]


def test_a_branch_that_leaves_the_block_out_is_found() -> None:
    found = faults(
        "public_buckets",
        one("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": {"Fn::If": ["C", ALL, NO_VALUE]}}),
    )
    assert list(found) == [f"{IT}/PublicAccessBlockConfiguration/Fn::If/2"]
