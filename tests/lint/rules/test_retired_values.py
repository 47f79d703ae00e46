from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, NO_VALUE, faults, one


def function(runtime: Any, **sections: Any) -> dict[str, Any]:
    return one("AWS::Lambda::Function", {"Runtime": runtime}, **sections)


def notebook(**properties: Any) -> dict[str, Any]:
    return one("AWS::SageMaker::NotebookInstance", properties)


@pytest.mark.parametrize("runtime", ["python3.9", "python3.10", "nodejs18.x", "go1.x"])
def test_a_runtime_that_is_or_soon_will_be_deprecated_is_refused(runtime: str) -> None:
    message = faults("retired_values", function(runtime))[f"{IT}/Runtime"]
    assert f"deprecates the runtime {runtime} on 20" in message


@pytest.mark.parametrize(
    "runtime", ["python3.13", "python3.14", "nodejs24.x", {"Fn::GetAtt": ["X", "Runtime"]}]
)
def test_a_current_runtime_passes(runtime: Any) -> None:
    assert faults("retired_values", function(runtime)) == {}


def test_a_function_from_an_image_has_no_runtime() -> None:
    assert faults("retired_values", one("AWS::Lambda::Function", {"PackageType": "Image"})) == {}


def test_runtimes_behind_a_condition_or_a_parameter_are_found() -> None:
    either = {"Fn::If": ["Old", "python3.8", "python3.14"]}
    assert list(faults("retired_values", function(either))) == [f"{IT}/Runtime/Fn::If/1"]
    choice = {
        "Runtime": {"Type": "String", "Default": "python3.14", "AllowedValues": ["python3.8", "python3.14"]}
    }
    assert list(faults("retired_values", function({"Ref": "Runtime"}, Parameters=choice))) == [
        "Parameters/Runtime/AllowedValues/0"
    ]


def test_a_layer_may_name_an_old_runtime_beside_a_current_one() -> None:
    assert (
        faults(
            "retired_values",
            one("AWS::Lambda::LayerVersion", {"CompatibleRuntimes": ["python3.8", "python3.14"]}),
        )
        == {}
    )
    assert faults("retired_values", one("AWS::Lambda::LayerVersion", {"CompatibleRuntimes": ["python3.8"]}))


@pytest.mark.parametrize(
    "platform",
    ["notebook-al1-v1", "notebook-al2-v1", "notebook-al2-v3", {"Fn::If": ["C", "notebook-al2-v2", "x"]}],
)
def test_a_retired_notebook_platform_is_refused(platform: Any) -> None:
    (message,) = faults("retired_values", notebook(PlatformIdentifier=platform)).values()
    assert "notebook-al2023-v1" in message


def test_a_notebook_that_leaves_the_platform_to_aws_gets_a_retired_one() -> None:
    assert list(faults("retired_values", notebook())) == [IT]
    assert faults("retired_values", notebook(PlatformIdentifier="notebook-al2023-v1")) == {}


def test_elastic_inference_is_refused() -> None:
    assert list(
        faults(
            "retired_values",
            notebook(PlatformIdentifier="notebook-al2023-v1", AcceleratorTypes=["ml.eia2.medium"]),
        )
    ) == [f"{IT}/AcceleratorTypes"]
    variant = {"AcceleratorType": "ml.eia2.medium", "InstanceType": "ml.m5.large"}
    config = one("AWS::SageMaker::EndpointConfig", {"ProductionVariants": [variant]})
    assert list(faults("retired_values", config)) == [f"{IT}/ProductionVariants/0/AcceleratorType"]
    plain = one("AWS::SageMaker::EndpointConfig", {"ProductionVariants": [{"AcceleratorType": NO_VALUE}]})
    assert faults("retired_values", plain) == {}
