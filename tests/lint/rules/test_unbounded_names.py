from __future__ import annotations

from typing import Any

from tests.lint.rules.judge import IT, PROJECT, faults, one


def role(parameter: dict[str, Any]) -> dict[str, Any]:
    return one(
        "AWS::IAM::Role", {"RoleName": {"Fn::Sub": "sagemaker-${Team}-use"}}, Parameters={"Team": parameter}
    )


def bucket(parameter: dict[str, Any]) -> dict[str, Any]:
    return one(
        "AWS::S3::Bucket",
        {"BucketName": {"Fn::Join": ["-", ["data", {"Ref": "Team"}]]}},
        Parameters={"Team": parameter},
    )


def test_a_parameter_without_a_bound_is_named() -> None:
    message = faults("unbounded_names", role({"Type": "String"}))[f"{IT}/RoleName"]
    assert "Team has no bound" in message
    assert "64 characters" in message


def test_any_bound_will_do() -> None:
    assert faults("unbounded_names", role({"Type": "String", "MaxLength": 20})) == {}
    assert faults("unbounded_names", role({"Type": "String", "AllowedValues": ["a", "b"]})) == {}
    assert faults("unbounded_names", role({"Type": "String", "AllowedPattern": "^[a-z]{1,20}$"})) == {}
    assert faults("unbounded_names", role({"Type": "String", "AllowedPattern": "^[a-z]+$"})) != {}


def test_a_bucket_needs_a_parameter_without_capitals() -> None:
    assert (
        "upper-case"
        in faults("unbounded_names", bucket({"Type": "String", "MaxLength": 20}))[f"{IT}/BucketName"]
    )
    assert (
        faults("unbounded_names", bucket({"Type": "String", "AllowedPattern": "^[a-z][a-z0-9-]{2,20}$"}))
        == {}
    )
    assert faults("unbounded_names", bucket({"Type": "String", "AllowedValues": ["dev", "Prod"]})) != {}
    # Longer than one letter at least.
    assert (
        faults("unbounded_names", bucket({"Type": "String", "AllowedPattern": "^[a-z][a-zA-Z]{4,9}$"})) != {}
    )


def test_a_project_id_is_lower_case_and_a_project_name_is_not() -> None:
    def named(name: str) -> dict[str, Any]:
        return one(
            "AWS::S3::Bucket", {"BucketName": {"Fn::Sub": f"sagemaker-${{{name}}}"}}, Parameters=PROJECT
        )

    assert faults("unbounded_names", named("SageMakerProjectId")) == {}
    assert faults("unbounded_names", named("SageMakerProjectName")) != {}


def test_only_a_resources_own_name_counts() -> None:
    permission = {"FunctionName": {"Ref": "Team"}, "Action": "lambda:InvokeFunction", "Principal": "x"}
    assert (
        faults(
            "unbounded_names",
            one("AWS::Lambda::Permission", permission, Parameters={"Team": {"Type": "String"}}),
        )
        == {}
    )
