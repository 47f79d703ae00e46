"""Templates as a product should be: nothing to say about them, from cfn-lint or from the house; and fuzzed ones."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest

from generator.lint import lint
from generator.lint.house import Subject
from generator.lint.intrinsics import plain
from tests.lint.rules.judge import rule
from tests.lint.test_rule_files import FILES

SUB, REF = "Fn::Sub", "Ref"
TAGS = [
    {"Key": "sagemaker:project-name", "Value": {REF: "SageMakerProjectName"}},
    {"Key": "sagemaker:project-id", "Value": {REF: "SageMakerProjectId"}},
]
CLOSED = {
    "BlockPublicAcls": True,
    "BlockPublicPolicy": True,
    "IgnorePublicAcls": True,
    "RestrictPublicBuckets": True,
}


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def policy(actions: list[str], resource: Any) -> list[dict[str, Any]]:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}]


PROJECT: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Description": "A SageMaker project with a repository, a build, a trigger and a registry.",
    "Parameters": {
        "SageMakerProjectName": {"Type": "String", "MinLength": 1, "MaxLength": 32, "AllowedPattern": "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}"},
        "SageMakerProjectId": {"Type": "String", "MaxLength": 20},
        "Connection": {"Type": "String", "MaxLength": 200, "AllowedPattern": "^arn:.+$"},
        "TokenSecretArn": {"Type": "String", "MaxLength": 200},
        "JenkinsPassword": {"Type": "String", "NoEcho": True, "MinLength": 8},
    },
    "Mappings": {"Catalog": {"Target": {"Bucket": "acme-catalog", "Seed": "seeds/0123.zip"}}},
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "EnableKeyRotation": True,
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": {SUB: "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}, "Action": "kms:*", "Resource": "*"}
                    ],
                },
                "Tags": TAGS,
            },
        },
        "Artifacts": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketName": {SUB: "sagemaker-${SageMakerProjectId}-${AWS::AccountId}-${AWS::Region}"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]}}}]},
                "PublicAccessBlockConfiguration": CLOSED,
                "VersioningConfiguration": {"Status": "Enabled"},
                "Tags": TAGS,
            },
        },
        "ArtifactsPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {REF: "Artifacts"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": {SUB: "${Artifacts.Arn}/*"}, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
                    ],
                },
            },
        },
        "Repository": {
            "Type": "AWS::CodeCommit::Repository",
            "Properties": {
                "RepositoryName": {SUB: "sagemaker-${SageMakerProjectId}-build"},
                "RepositoryDescription": {SUB: "Builds the model of ${SageMakerProjectName}"},
                "Code": {"S3": {"Bucket": {"Fn::FindInMap": ["Catalog", "Target", "Bucket"]}, "Key": {"Fn::FindInMap": ["Catalog", "Target", "Seed"]}}},
                "Tags": TAGS,
            },
        },
        "Registry": {
            "Type": "AWS::SageMaker::ModelPackageGroup",
            "Properties": {"ModelPackageGroupName": {SUB: "${SageMakerProjectName}-${SageMakerProjectId}"}, "Tags": TAGS},
        },
        "BuildRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "RoleName": {SUB: "sagemaker-${SageMakerProjectId}-build"},
                "AssumeRolePolicyDocument": trust("codebuild.amazonaws.com"),
                "Policies": policy(["s3:GetObject", "s3:PutObject"], {SUB: "${Artifacts.Arn}/*"}),
                "Tags": TAGS,
            },
        },
        "Build": {
            "Type": "AWS::CodeBuild::Project",
            "Properties": {
                "Name": {"Fn::Join": ["-", ["sagemaker", {REF: "SageMakerProjectId"}, "build"]]},
                "ServiceRole": {"Fn::GetAtt": ["BuildRole", "Arn"]},
                "Artifacts": {"Type": "NO_ARTIFACTS"},
                "Environment": {
                    "Type": "LINUX_CONTAINER",
                    "ComputeType": "BUILD_GENERAL1_SMALL",
                    "Image": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
                    "EnvironmentVariables": [
                        {"Name": "SAGEMAKER_PROJECT_NAME", "Value": {REF: "SageMakerProjectName"}},
                        {"Name": "GIT_API_TOKEN", "Type": "SECRETS_MANAGER", "Value": {REF: "TokenSecretArn"}},
                        {"Name": "CONNECTION", "Value": {REF: "Connection"}},
                    ],
                },
                "Source": {"Type": "CODECOMMIT", "Location": {"Fn::GetAtt": ["Repository", "CloneUrlHttp"]}},
                "Tags": TAGS,
            },
        },
        "StartRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("events.amazonaws.com"),
                "Policies": policy(["codebuild:StartBuild"], {"Fn::GetAtt": ["Build", "Arn"]}),
                "Tags": TAGS,
            },
        },
        "Approved": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": {SUB: "sagemaker-${SageMakerProjectId}-approved"},
                "Description": {SUB: "An approved model of ${SageMakerProjectName}"},
                "EventPattern": {"source": ["aws.sagemaker"], "detail": {"ModelApprovalStatus": ["Approved"], "ModelPackageGroupName": [{SUB: "${SageMakerProjectName}-${SageMakerProjectId}"}]}},
                "Targets": [{"Id": "build", "Arn": {"Fn::GetAtt": ["Build", "Arn"]}, "RoleArn": {"Fn::GetAtt": ["StartRole", "Arn"]}, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Dead", "Arn"]}}}],
                "Tags": TAGS,
            },
        },
        "Dead": {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete", "Properties": {"KmsMasterKeyId": {REF: "Key"}, "Tags": TAGS}},
        "FunctionRole": {
            "Type": "AWS::IAM::Role",
            "Properties": {
                "AssumeRolePolicyDocument": trust("lambda.amazonaws.com"),
                "ManagedPolicyArns": [{SUB: "arn:${AWS::Partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"}],
                "Tags": TAGS,
            },
        },
        "Trigger": {
            "Type": "AWS::Lambda::Function",
            "Properties": {
                "FunctionName": {SUB: "sagemaker-${SageMakerProjectId}-trigger"},
                "Runtime": "python3.13",
                "Handler": "index.handler",
                "Role": {"Fn::GetAtt": ["FunctionRole", "Arn"]},
                "Code": {"ZipFile": "def handler(event, context):\n    return None\n"},
                "Environment": {"Variables": {"TOKEN_SECRET_ARN": {REF: "TokenSecretArn"}}},
                "Tags": TAGS,
            },
        },
        "Secret": {
            "Type": "AWS::SecretsManager::Secret",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {"Name": {SUB: "sagemaker-${SageMakerProjectId}-jenkins"}, "SecretString": {REF: "JenkinsPassword"}, "KmsKeyId": {REF: "Key"}, "Tags": TAGS},
        },
        "Seeded": {"Type": "Custom::Seed", "Properties": {"ServiceToken": {"Fn::GetAtt": ["Trigger", "Arn"]}, "Repository": {"Fn::GetAtt": ["Repository", "Arn"]}}},
    },
}  # fmt: skip

NOTEBOOK: dict[str, Any] = {
    "AWSTemplateFormatVersion": "2010-09-09",
    "Parameters": {
        "KeyArn": {"Type": "String", "Default": "", "MaxLength": 200},
        "Vpc": {"Type": "AWS::EC2::VPC::Id"},
        "Subnet": {"Type": "AWS::EC2::Subnet::Id"},
        "Network": {"Type": "String", "AllowedPattern": "^[0-9./]{9,18}$"},
        "InstanceType": {"Type": "String", "Default": "ml.t3.medium", "AllowedValues": ["ml.t3.medium", "ml.m5.xlarge"]},
    },
    "Conditions": {"OwnKey": {"Fn::Equals": [{REF: "KeyArn"}, ""]}},
    "Resources": {
        "Key": {
            "Type": "AWS::KMS::Key",
            "Condition": "OwnKey",
            "Properties": {
                "EnableKeyRotation": True,
                "KeyPolicy": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {"Effect": "Allow", "Principal": {"AWS": {SUB: "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}, "Action": "kms:*", "Resource": "*"}
                    ],
                },
            },
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"), "Policies": policy(["sagemaker:StopNotebookInstance"], {SUB: "arn:${AWS::Partition}:sagemaker:${AWS::Region}:${AWS::AccountId}:notebook-instance/*"})},
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": "Of the notebook",
                "VpcId": {REF: "Vpc"},
                "SecurityGroupIngress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": {REF: "Network"}, "Description": "Known"}],
                "SecurityGroupEgress": [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "AWS"}],
            },
        },
        "Idle": {
            "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
            "Properties": {"OnStart": [{"Content": {"Fn::Base64": "#!/bin/bash\nset -e\n"}}]},
        },
        "Notebook": {
            "Type": "AWS::SageMaker::NotebookInstance",
            "Properties": {
                "InstanceType": {REF: "InstanceType"},
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "PlatformIdentifier": "notebook-al2023-v1",
                "KmsKeyId": {"Fn::If": ["OwnKey", {"Fn::GetAtt": ["Key", "Arn"]}, {REF: "KeyArn"}]},
                "SubnetId": {REF: "Subnet"},
                "SecurityGroupIds": [{REF: "Group"}],
                "RootAccess": "Disabled",
                "DirectInternetAccess": "Disabled",
                "VolumeSizeInGB": 20,
                "LifecycleConfigName": {"Fn::GetAtt": ["Idle", "NotebookInstanceLifecycleConfigName"]},
                "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
            },
        },
    },
    "Outputs": {"Name": {"Value": {"Fn::GetAtt": ["Notebook", "NotebookInstanceName"]}}},
}  # fmt: skip


@pytest.mark.parametrize("template", [PROJECT, NOTEBOOK], ids=["project", "notebook"])
def test_a_good_template_has_no_findings(template: dict[str, Any]) -> None:
    found = lint(
        template,
        text=json.dumps(template, indent=1),
        product="p",
        blueprint="b",
        regions=["us-east-1", "eu-west-1", "ap-northeast-1"],
    )
    assert [(one.place, one.rule, one.message) for one in found] == []


JUNK: list[Any] = [None, [], {}, "", "x", 0, True, [[]], {"Ref": 1}, {"Fn::Sub": []}, {"Fn::If": ["a"]}, {"Fn::Join": "x"}, {"Ref": "AWS::NoValue"},
        {"Fn::Select": ["x", {"Fn::Split": ["", "a"]}]}, {"Fn::FindInMap": [{}, "a", []]}, {"Fn::GetAtt": []}, {"Fn::Transform": []}, {1: 2}]  # fmt: skip


def places(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    for key, value in (
        node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    ):
        found += places(value, (*path, key))
    return found


def replaced(template: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(template)
    node: Any = changed
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    return changed


@pytest.mark.parametrize("name", FILES)
def test_no_rule_stumbles_over_junk(name: str) -> None:
    judged = rule(name)
    chance = random.Random(4)  # a fixed sample
    for template in (PROJECT, NOTEBOOK):
        for path in places(template)[1:]:
            broken = replaced(template, path, copy.deepcopy(chance.choice(JUNK)))
            for fault in judged.faults(Subject(plain(broken), ("us-east-1",))):
                assert fault.message
                assert all(isinstance(part, str | int) for part in fault.path)
