from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, faults, one


@pytest.mark.parametrize(
    "transform",
    [
        "AWS::LanguageExtensions",
        ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
        "AWS::SecretsManager-2024-09-16",
    ],
)
def test_portable_transforms_pass(transform: Any) -> None:
    assert faults("account_macros", {"Transform": transform, "Resources": {}}) == {}


def test_a_template_without_transforms_passes() -> None:
    assert faults("account_macros", one("AWS::S3::Bucket", {"BucketName": "x"})) == {}


@pytest.mark.parametrize(
    ("transform", "path"),
    [
        ("Standards", "Transform"),
        (["AWS::LanguageExtensions", "111122223333::Standards"], "Transform/1"),
        ({"Name": "Standards"}, "Transform"),
    ],
)
def test_an_account_macro_is_refused(transform: Any, path: str) -> None:
    found = faults("account_macros", {"Transform": transform, "Resources": {}})
    assert list(found) == [path]
    assert "registered" in found[path]


def test_an_include_is_refused_for_another_reason() -> None:
    include = {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://x/y"}}}
    found = faults("account_macros", one("AWS::S3::Bucket", include))
    assert "change unseen" in found[f"{IT}/Fn::Transform"].replace("\n", " ")
