from __future__ import annotations

from typing import Any

import pytest

from tests.lint.rules.judge import IT, faults, one

# Put together here, so that no scanner takes this file for a leak.
ACCESS_KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
GITHUB = "ghp_" + "a1B2" * 9
PEM = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIE"


@pytest.mark.parametrize(
    "text", [ACCESS_KEY, f"export KEY={ACCESS_KEY}; run", GITHUB, PEM, "xoxb-" + "1234567890-abc"]
)
def test_a_credential_is_found_anywhere_and_not_repeated(text: str) -> None:
    found = faults(
        "plain_secrets",
        one("AWS::Lambda::Function", {"Environment": {"Variables": {"A": {"Fn::Sub": text}}}}),
    )
    assert list(found) == [f"{IT}/Environment/Variables/A/Fn::Sub"]
    assert text not in "".join(found.values())
    assert faults("plain_secrets", {"Mappings": {"M": {"k": {"v": text}}}, "Resources": {}})


@pytest.mark.parametrize(
    ("kind", "properties", "path"),
    [
        ("AWS::RDS::DBInstance", {"MasterUserPassword": "hunter22"}, "/MasterUserPassword"),
        ("AWS::SecretsManager::Secret", {"SecretString": '{"token": "abc"}'}, "/SecretString"),
        ("AWS::SecretsManager::Secret", {"SecretString": {"Fn::Sub": "abc"}}, "/SecretString/Fn::Sub"),
        ("AWS::ElastiCache::ReplicationGroup", {"AuthToken": {"Fn::Join": ["", ["a", "b"]]}}, "/AuthToken"),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"JENKINS_API_TOKEN": "abc"}}}, "/Environment/Variables/JENKINS_API_TOKEN"),
        (
            "AWS::CodeBuild::Project",
            {"Environment": {"EnvironmentVariables": [{"Name": "DB_PASSWORD", "Value": "abc"}]}},
            "/Environment/EnvironmentVariables/0/Value",
        ),
    ],
)  # fmt: skip
def test_a_literal_where_a_secret_belongs_is_refused(
    kind: str, properties: dict[str, Any], path: str
) -> None:
    found = faults("plain_secrets", one(kind, properties))
    assert any(found_path in (IT + path, (IT + path).removesuffix("/Fn::Sub")) for found_path in found)
    assert "abc" not in "".join(found.values())


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::RDS::DBInstance", {"MasterUserPassword": "{{resolve:secretsmanager:db:SecretString:password}}"}),
        ("AWS::RDS::DBInstance", {"MasterUserPassword": {"Fn::Sub": "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}}),
        ("AWS::RDS::DBInstance", {"MasterUserPassword": {"Ref": "Password"}}),
        ("AWS::RDS::DBInstance", {"ManageMasterUserPassword": True}),
        ("AWS::RDS::DBInstance", {"ManageMasterUserPassword": "true"}),
        ("AWS::SecretsManager::Secret", {"SecretString": '{"token": "", "user": ""}'}),
        ("AWS::SecretsManager::Secret", {"GenerateSecretString": {"GenerateStringKey": "password", "SecretStringTemplate": "{}"}}),
        ("AWS::Lambda::Function", {"Environment": {"Variables": {"TOKEN_SECRET_ARN": {"Ref": "S"}, "TOKEN_SECRET_NAME": "jenkins"}}}),
        ("AWS::CodeBuild::Project", {"Environment": {"EnvironmentVariables": [{"Name": "TOKEN_PASSWORD", "Type": "SECRETS_MANAGER", "Value": "a:b"}]}}),
        ("AWS::Cognito::UserPool", {"Policies": {"PasswordPolicy": {"MinimumLength": 12}}}),
        ("AWS::ApiGateway::Method", {"ApiKeyRequired": True}),
        ("AWS::EC2::KeyPair", {"KeyName": "AKIAIOSFODNN7EXAMPLE"}),
    ],
)  # fmt: skip
def test_references_and_rules_about_secrets_pass(kind: str, properties: dict[str, Any]) -> None:
    assert faults("plain_secrets", one(kind, properties)) == {}


def test_a_parameter_for_a_secret_hides_it_and_has_no_default() -> None:
    def asked(**parameter: Any) -> dict[str, str]:
        return faults("plain_secrets", {"Parameters": {"DatabasePassword": parameter}, "Resources": {}})

    assert list(asked(Type="String")) == ["Parameters/DatabasePassword"]
    assert asked(Type="String", NoEcho=True) == {}
    assert asked(Type="String", NoEcho="true") == {}
    assert list(asked(Type="String", NoEcho=True, Default="abc")) == ["Parameters/DatabasePassword/Default"]
    assert asked(Type="AWS::SSM::Parameter::Value<String>", Default="/db/password") == {}


def test_the_arn_of_a_secret_is_no_secret() -> None:
    assert (
        faults("plain_secrets", {"Parameters": {"TokenSecretArn": {"Type": "String"}}, "Resources": {}}) == {}
    )
