"""Resources made through their services: what a stack makes is there, changes in place, and is gone afterwards."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import Stacks

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
ROLE: dict[str, Any] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}


def policy(action: str, resource: Any = "*") -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": [action], "Resource": resource}],
    }


@dataclass(frozen=True)
class Case:
    """Resources; a property to change, as logical id, name and new value; and what to look at in the service."""

    resources: dict[str, Any]
    change: tuple[str, str, Any]
    look: Callable[[Stacks, dict[str, str]], Any]
    before: Any
    after: Any


def _tag(tags: list[dict[str, str]], key: str = "team") -> str | None:
    return next((t.get("Value", t.get("TagValue", t.get("value"))) for t in tags if key in t.values()), None)


CASES: dict[str, Case] = {
    "iam role": Case(
        {"R": {**ROLE, "Properties": {**ROLE["Properties"], "Description": "one"}}},
        ("R", "Description", "two"),
        lambda s, ids: (
            (r := s.client("iam").get_role(RoleName=ids["R"])["Role"])["Description"] + str(_tag(r["Tags"]))
        ),
        "oneblue",
        "twoblue",
    ),
    "iam inline policies of a role": Case(
        {
            "R": {
                **ROLE,
                "Properties": {
                    **ROLE["Properties"],
                    "Policies": [{"PolicyName": "a", "PolicyDocument": policy("s3:GetObject")}],
                },
            }
        },
        ("R", "Policies", [{"PolicyName": "b", "PolicyDocument": policy("s3:PutObject")}]),
        lambda s, ids: s.client("iam").list_role_policies(RoleName=ids["R"])["PolicyNames"],
        ["a"],
        ["b"],
    ),
    "iam managed policy": Case(
        {
            "R": ROLE,
            "P": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {"PolicyDocument": policy("s3:GetObject"), "Roles": [{"Ref": "R"}]},
            },
        },
        ("P", "PolicyDocument", policy("s3:PutObject")),
        lambda s, ids: [
            s.client("iam").get_policy(PolicyArn=p["PolicyArn"])["Policy"]["DefaultVersionId"]
            for p in s.client("iam").list_attached_role_policies(RoleName=ids["R"])["AttachedPolicies"]
        ],
        ["v1"],
        ["v2"],
    ),
    "iam policy": Case(
        {
            "R": ROLE,
            "P": {
                "Type": "AWS::IAM::Policy",
                "Properties": {
                    "PolicyName": "inline",
                    "Roles": [{"Ref": "R"}],
                    "PolicyDocument": policy("s3:GetObject"),
                },
            },
        },
        ("P", "PolicyDocument", policy("s3:PutObject")),
        lambda s, ids: s.client("iam").get_role_policy(RoleName=ids["R"], PolicyName="inline")[
            "PolicyDocument"
        ]["Statement"][0]["Action"],
        ["s3:GetObject"],
        ["s3:PutObject"],
    ),
    "iam instance profile": Case(
        {
            "R": ROLE,
            "Q": ROLE,
            "P": {"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "R"}]}},
        },
        ("P", "Roles", [{"Ref": "Q"}]),
        lambda s, ids: [
            next(k for k, v in ids.items() if v == r["RoleName"])
            for r in s.client("iam").get_instance_profile(InstanceProfileName=ids["P"])["InstanceProfile"][
                "Roles"
            ]
        ],
        ["R"],
        ["Q"],
    ),
    "s3 bucket": Case(
        {
            "B": {
                "Type": "AWS::S3::Bucket",
                "Properties": {
                    "VersioningConfiguration": {"Status": "Enabled"},
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
                        ]
                    },
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    },
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "old",
                                "Status": "Enabled",
                                "ExpirationInDays": 30,
                                "NoncurrentVersionExpirationInDays": 7,
                            }
                        ]
                    },
                },
            }
        },
        ("B", "VersioningConfiguration", {"Status": "Suspended"}),
        lambda s, ids: (
            s.client("s3").get_bucket_versioning(Bucket=ids["B"])["Status"],
            s.client("s3").get_bucket_encryption(Bucket=ids["B"])["ServerSideEncryptionConfiguration"][
                "Rules"
            ][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"],
            s.client("s3").get_public_access_block(Bucket=ids["B"])["PublicAccessBlockConfiguration"][
                "BlockPublicAcls"
            ],
            s.client("s3").get_bucket_lifecycle_configuration(Bucket=ids["B"])["Rules"][0]["Expiration"][
                "Days"
            ],
            _tag(s.client("s3").get_bucket_tagging(Bucket=ids["B"])["TagSet"]),
        ),
        ("Enabled", "aws:kms", True, 30, "blue"),
        ("Suspended", "aws:kms", True, 30, "blue"),
    ),
    "s3 bucket policy": Case(
        {
            "B": {"Type": "AWS::S3::Bucket"},
            "P": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "B"},
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Sid": "one",
                                "Effect": "Allow",
                                "Principal": {"AWS": "123456789012"},
                                "Action": "s3:*",
                                "Resource": {"Fn::Sub": "${B.Arn}/*"},
                            }
                        ],
                    },
                },
            },
        },
        (
            "P",
            "PolicyDocument",
            {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": "two",
                        "Effect": "Allow",
                        "Principal": {"AWS": "123456789012"},
                        "Action": "s3:*",
                        "Resource": {"Fn::GetAtt": ["B", "Arn"]},
                    }
                ],
            },
        ),
        lambda s, ids: json.loads(s.client("s3").get_bucket_policy(Bucket=ids["B"])["Policy"])["Statement"][
            0
        ]["Sid"],
        "one",
        "two",
    ),
    "kms key and alias": Case(
        {
            "K": {
                "Type": "AWS::KMS::Key",
                "Properties": {"Description": "one", "EnableKeyRotation": True, "KeyPolicy": policy("kms:*")},
            },
            "A": {
                "Type": "AWS::KMS::Alias",
                "Properties": {"AliasName": "alias/it", "TargetKeyId": {"Ref": "K"}},
            },
        },
        ("K", "Description", "two"),
        lambda s, ids: (
            s.client("kms").describe_key(KeyId="alias/it")["KeyMetadata"]["Description"],
            s.client("kms").get_key_rotation_status(KeyId=ids["K"])["KeyRotationEnabled"],
            _tag(s.client("kms").list_resource_tags(KeyId=ids["K"])["Tags"]),
        ),
        ("one", True, "blue"),
        ("two", True, "blue"),
    ),
    "sns topic": Case(
        {
            "T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "one"}},
            "Q": {"Type": "AWS::SQS::Queue"},
            "S": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "T"},
                    "Protocol": "sqs",
                    "Endpoint": {"Fn::GetAtt": ["Q", "Arn"]},
                },
            },
            "P": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": "T"}],
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Sid": "mine",
                                "Effect": "Allow",
                                "Principal": {"Service": "events.amazonaws.com"},
                                "Action": "sns:Publish",
                                "Resource": {"Ref": "T"},
                            }
                        ],
                    },
                },
            },
        },
        ("T", "DisplayName", "two"),
        lambda s, ids: (
            (a := s.client("sns").get_topic_attributes(TopicArn=ids["T"])["Attributes"])["DisplayName"],
            json.loads(a["Policy"])["Statement"][0]["Sid"],
            len(s.client("sns").list_subscriptions_by_topic(TopicArn=ids["T"])["Subscriptions"]),
        ),
        ("one", "mine", 1),
        ("two", "mine", 1),
    ),
    "sqs queue": Case(
        {
            "D": {"Type": "AWS::SQS::Queue", "Properties": {"FifoQueue": True}},
            "Q": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "VisibilityTimeout": 40,
                    "FifoQueue": True,
                    "RedrivePolicy": {
                        "deadLetterTargetArn": {"Fn::GetAtt": ["D", "Arn"]},
                        "maxReceiveCount": 3,
                    },
                },
            },
        },
        ("Q", "VisibilityTimeout", 50),
        lambda s, ids: (
            (
                a := s.client("sqs").get_queue_attributes(QueueUrl=ids["Q"], AttributeNames=["All"])[
                    "Attributes"
                ]
            )["VisibilityTimeout"],
            json.loads(a["RedrivePolicy"])["maxReceiveCount"],
            ids["Q"].endswith(".fifo"),
        ),
        ("40", 3, True),
        ("50", 3, True),
    ),
    "events rule": Case(
        {
            "Q": {"Type": "AWS::SQS::Queue"},
            "R": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": ["aws.sagemaker"]},
                    "State": "ENABLED",
                    "Targets": [{"Id": "q", "Arn": {"Fn::GetAtt": ["Q", "Arn"]}}],
                },
            },
        },
        ("R", "EventPattern", {"source": ["aws.s3"]}),
        lambda s, ids: (
            json.loads(s.client("events").describe_rule(Name=ids["R"])["EventPattern"])["source"],
            [t["Id"] for t in s.client("events").list_targets_by_rule(Rule=ids["R"])["Targets"]],
        ),
        (["aws.sagemaker"], ["q"]),
        (["aws.s3"], ["q"]),
    ),
    "events bus": Case(
        {
            "B": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "hub"}},
            "R": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventBusName": {"Ref": "B"},
                    "Description": "one",
                    "EventPattern": {"source": ["x"]},
                },
            },
        },
        ("R", "Description", "two"),
        lambda s, ids: (
            s.client("events").describe_rule(Name=ids["R"].split("|")[1], EventBusName="hub")["Description"],
            ids["R"].split("|")[0],
        ),
        ("one", "hub"),
        ("two", "hub"),
    ),
    "lambda function": Case(
        {
            "R": ROLE,
            "F": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Runtime": "python3.13",
                    "Handler": "index.handler",
                    "Role": {"Fn::GetAtt": ["R", "Arn"]},
                    "Timeout": 10,
                    "Code": {"ZipFile": "def handler(event, context): return 1"},
                },
            },
            "P": {
                "Type": "AWS::Lambda::Permission",
                "Properties": {
                    "FunctionName": {"Ref": "F"},
                    "Action": "lambda:InvokeFunction",
                    "Principal": "events.amazonaws.com",
                },
            },
        },
        ("F", "Timeout", 20),
        lambda s, ids: (
            (f := s.client("lambda").get_function(FunctionName=ids["F"]))["Configuration"]["Timeout"],
            f["Tags"]["team"],
            json.loads(s.client("lambda").get_policy(FunctionName=ids["F"])["Policy"])["Statement"][0][
                "Principal"
            ],
        ),
        (10, "blue", {"Service": "events.amazonaws.com"}),
        (20, "blue", {"Service": "events.amazonaws.com"}),
    ),
    "state machine": Case(
        {
            "R": ROLE,
            "M": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["R", "Arn"]},
                    "DefinitionString": '{"Comment": "${word}", "StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
                    "DefinitionSubstitutions": {"word": "one"},
                },
            },
        },
        ("M", "DefinitionSubstitutions", {"word": "two"}),
        lambda s, ids: json.loads(
            s.client("stepfunctions").describe_state_machine(stateMachineArn=ids["M"])["definition"]
        )["Comment"],
        "one",
        "two",
    ),
    "log group": Case(
        {"L": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 7}}},
        ("L", "RetentionInDays", 14),
        lambda s, ids: s.client("logs").describe_log_groups(logGroupNamePrefix=ids["L"])["logGroups"][0][
            "retentionInDays"
        ],
        7,
        14,
    ),
    "secret": Case(
        {
            "S": {
                "Type": "AWS::SecretsManager::Secret",
                "Properties": {
                    "Description": "one",
                    "GenerateSecretString": {
                        "SecretStringTemplate": '{"user": "me"}',
                        "GenerateStringKey": "password",
                        "PasswordLength": 20,
                        "ExcludePunctuation": True,
                    },
                },
            }
        },
        ("S", "Description", "two"),
        lambda s, ids: (
            s.client("secretsmanager").describe_secret(SecretId=ids["S"])["Description"],
            len(
                json.loads(s.client("secretsmanager").get_secret_value(SecretId=ids["S"])["SecretString"])[
                    "password"
                ]
            ),
        ),
        ("one", 20),
        ("two", 20),
    ),
    "ssm parameter": Case(
        {"P": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "one"}}},
        ("P", "Value", "two"),
        lambda s, ids: s.client("ssm").get_parameter(Name=ids["P"])["Parameter"]["Value"],
        "one",
        "two",
    ),
    "dynamodb table": Case(
        {
            "T": {
                "Type": "AWS::DynamoDB::Table",
                "Properties": {
                    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
                    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
                    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                },
            }
        },
        ("T", "ProvisionedThroughput", {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}),
        lambda s, ids: s.client("dynamodb").describe_table(TableName=ids["T"])["Table"][
            "ProvisionedThroughput"
        ]["ReadCapacityUnits"],
        1,
        2,
    ),
    "ecr repository": Case(
        {"R": {"Type": "AWS::ECR::Repository", "Properties": {"ImageTagMutability": "MUTABLE"}}},
        ("R", "ImageTagMutability", "IMMUTABLE"),
        lambda s, ids: s.client("ecr").describe_repositories(repositoryNames=[ids["R"]])["repositories"][0][
            "imageTagMutability"
        ],
        "MUTABLE",
        "IMMUTABLE",
    ),
    "cloudwatch alarm": Case(
        {
            "A": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "MetricName": "m",
                    "Namespace": "n",
                    "Statistic": "Sum",
                    "Period": "60",
                    "EvaluationPeriods": 1,
                    "Threshold": 1,
                    "ComparisonOperator": "GreaterThanThreshold",
                },
            }
        },
        ("A", "Threshold", 2),
        lambda s, ids: s.client("cloudwatch").describe_alarms(AlarmNames=[ids["A"]])["MetricAlarms"][0][
            "Threshold"
        ],
        1,
        2,
    ),
    "codebuild project": Case(
        {
            "R": ROLE,
            "P": {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {
                    "Name": "sagemaker-build",
                    "ServiceRole": {"Fn::GetAtt": ["R", "Arn"]},
                    "Artifacts": {"Type": "NO_ARTIFACTS"},
                    "Environment": {
                        "Type": "LINUX_CONTAINER",
                        "ComputeType": "BUILD_GENERAL1_SMALL",
                        "Image": "aws/codebuild/standard:7.0",
                    },
                    "Source": {"Type": "S3", "Location": "bucket/x.zip"},
                    "Description": "one",
                },
            },
        },
        ("P", "Description", "two"),
        lambda s, ids: s.client("codebuild").batch_get_projects(names=[ids["P"]])["projects"][0][
            "description"
        ],
        "one",
        "two",
    ),
    "codebuild project of a pipeline": Case(
        {
            "R": ROLE,
            "P": {
                "Type": "AWS::CodeBuild::Project",
                "Properties": {
                    "Name": "sagemaker-build",
                    "ServiceRole": {"Fn::GetAtt": ["R", "Arn"]},
                    "Artifacts": {"Type": "CODEPIPELINE"},
                    "Environment": {
                        "Type": "LINUX_CONTAINER",
                        "ComputeType": "BUILD_GENERAL1_SMALL",
                        "Image": "aws/codebuild/standard:7.0",
                    },
                    "Source": {"Type": "CODEPIPELINE"},
                    "Description": "one",
                },
            },
        },
        ("P", "Description", "two"),
        lambda s, ids: s.client("codebuild").batch_get_projects(names=[ids["P"]])["projects"][0][
            "description"
        ],
        "one",
        "two",
    ),
    "codecommit repository": Case(
        {
            "R": {
                "Type": "AWS::CodeCommit::Repository",
                "Properties": {"RepositoryName": "sagemaker-repo", "RepositoryDescription": "one"},
            }
        },
        ("R", "RepositoryDescription", "two"),
        lambda s, ids: s.client("codecommit").get_repository(repositoryName="sagemaker-repo")[
            "repositoryMetadata"
        ]["repositoryDescription"],
        "one",
        "two",
    ),
    "codepipeline": Case(
        {
            "R": {
                **ROLE,
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Effect": "Allow",
                                "Principal": {"Service": "codepipeline.amazonaws.com"},
                                "Action": "sts:AssumeRole",
                            }
                        ],
                    }
                },
            },
            "P": {
                "Type": "AWS::CodePipeline::Pipeline",
                "Properties": {
                    "RoleArn": {"Fn::GetAtt": ["R", "Arn"]},
                    "PipelineType": "V2",
                    "ArtifactStore": {"Type": "S3", "Location": "bucket"},
                    "Stages": [
                        {
                            "Name": "Source",
                            "Actions": [
                                {
                                    "Name": "S",
                                    "ActionTypeId": {
                                        "Category": "Source",
                                        "Owner": "AWS",
                                        "Provider": "S3",
                                        "Version": "1",
                                    },
                                    "Configuration": {"S3Bucket": "b", "S3ObjectKey": "k"},
                                    "OutputArtifacts": [{"Name": "o"}],
                                }
                            ],
                        },
                        {
                            "Name": "Build",
                            "Actions": [
                                {
                                    "Name": "B",
                                    "ActionTypeId": {
                                        "Category": "Build",
                                        "Owner": "AWS",
                                        "Provider": "CodeBuild",
                                        "Version": "1",
                                    },
                                    "Configuration": {"ProjectName": "p"},
                                    "InputArtifacts": [{"Name": "o"}],
                                }
                            ],
                        },
                    ],
                },
            },
        },
        ("P", "ArtifactStore", {"Type": "S3", "Location": "other"}),
        lambda s, ids: s.client("codepipeline").get_pipeline(name=ids["P"])["pipeline"]["artifactStore"][
            "location"
        ],
        "bucket",
        "other",
    ),
    "sagemaker notebook": Case(
        {
            "R": ROLE,
            "L": {
                "Type": "AWS::SageMaker::NotebookInstanceLifecycleConfig",
                "Properties": {"OnStart": [{"Content": {"Fn::Base64": "echo"}}]},
            },
            "N": {
                "Type": "AWS::SageMaker::NotebookInstance",
                "Properties": {
                    "InstanceType": "ml.t3.medium",
                    "RoleArn": {"Fn::GetAtt": ["R", "Arn"]},
                    "LifecycleConfigName": {"Fn::GetAtt": ["L", "NotebookInstanceLifecycleConfigName"]},
                    "VolumeSizeInGB": 10,
                },
            },
        },
        ("N", "VolumeSizeInGB", 20),
        lambda s, ids: (
            s.client("sagemaker").describe_notebook_instance(NotebookInstanceName=ids["N"].rsplit("/")[-1])[
                "VolumeSizeInGB"
            ],
            _tag(s.client("sagemaker").list_tags(ResourceArn=ids["N"])["Tags"]),
        ),
        (10, "blue"),
        (20, "blue"),
    ),
    "sagemaker endpoint": Case(
        {
            "R": ROLE,
            "M": {
                "Type": "AWS::SageMaker::Model",
                "Properties": {
                    "ExecutionRoleArn": {"Fn::GetAtt": ["R", "Arn"]},
                    "PrimaryContainer": {
                        "Image": "1.dkr.ecr.eu-west-1.amazonaws.com/x@sha256:1",
                        "ModelDataUrl": "s3://b/m.tar.gz",
                    },
                },
            },
            "C": {
                "Type": "AWS::SageMaker::EndpointConfig",
                "Properties": {
                    "ProductionVariants": [
                        {
                            "ModelName": {"Fn::GetAtt": ["M", "ModelName"]},
                            "VariantName": "all",
                            "InitialInstanceCount": 1,
                            "InstanceType": "ml.m5.large",
                            "InitialVariantWeight": 1,
                        }
                    ]
                },
            },
            "E": {
                "Type": "AWS::SageMaker::Endpoint",
                "Properties": {
                    "EndpointName": "live",
                    "EndpointConfigName": {"Fn::GetAtt": ["C", "EndpointConfigName"]},
                },
            },
        },
        (
            "C",
            "ProductionVariants",
            [
                {
                    "ModelName": {"Fn::GetAtt": ["M", "ModelName"]},
                    "VariantName": "all",
                    "InitialInstanceCount": 2,
                    "InstanceType": "ml.m5.large",
                    "InitialVariantWeight": 1,
                }
            ],
        ),
        lambda s, ids: s.client("sagemaker").describe_endpoint_config(
            EndpointConfigName=s.client("sagemaker").describe_endpoint(EndpointName="live")[
                "EndpointConfigName"
            ]
        )["ProductionVariants"][0]["InitialInstanceCount"],
        1,
        2,
    ),
    "network": Case(
        {
            "V": {
                "Type": "AWS::EC2::VPC",
                "Properties": {
                    "CidrBlock": "10.0.0.0/16",
                    "EnableDnsSupport": True,
                    "EnableDnsHostnames": True,
                },
            },
            "S": {
                "Type": "AWS::EC2::Subnet",
                "Properties": {
                    "VpcId": {"Ref": "V"},
                    "CidrBlock": {
                        "Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": ["V", "CidrBlock"]}, 4, 8]}]
                    },
                    "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
                },
            },
            "I": {"Type": "AWS::EC2::InternetGateway"},
            "A": {
                "Type": "AWS::EC2::VPCGatewayAttachment",
                "Properties": {"VpcId": {"Ref": "V"}, "InternetGatewayId": {"Ref": "I"}},
            },
            "T": {"Type": "AWS::EC2::RouteTable", "Properties": {"VpcId": {"Ref": "V"}}},
            "R": {
                "Type": "AWS::EC2::Route",
                "DependsOn": "A",
                "Properties": {
                    "RouteTableId": {"Ref": "T"},
                    "DestinationCidrBlock": "0.0.0.0/0",
                    "GatewayId": {"Ref": "I"},
                },
            },
            "X": {
                "Type": "AWS::EC2::SubnetRouteTableAssociation",
                "Properties": {"RouteTableId": {"Ref": "T"}, "SubnetId": {"Ref": "S"}},
            },
            "N": {"Type": "AWS::EC2::EIP", "Properties": {"Domain": "vpc"}},
            "W": {
                "Type": "AWS::EC2::NatGateway",
                "Properties": {
                    "SubnetId": {"Ref": "S"},
                    "AllocationId": {"Fn::GetAtt": ["N", "AllocationId"]},
                },
            },
            "G": {
                "Type": "AWS::EC2::SecurityGroup",
                "Properties": {
                    "GroupDescription": "g",
                    "VpcId": {"Ref": "V"},
                    "SecurityGroupIngress": [
                        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "10.0.0.0/16"}
                    ],
                },
            },
            "H": {
                "Type": "AWS::EC2::SecurityGroupIngress",
                "Properties": {
                    "GroupId": {"Fn::GetAtt": ["G", "GroupId"]},
                    "IpProtocol": "-1",
                    "SourceSecurityGroupId": {"Fn::GetAtt": ["G", "GroupId"]},
                },
            },
            "E": {
                "Type": "AWS::EC2::VPCEndpoint",
                "Properties": {
                    "VpcId": {"Ref": "V"},
                    "ServiceName": {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"},
                    "RouteTableIds": [{"Ref": "T"}],
                    "VpcEndpointType": "Gateway",
                },
            },
        },
        (
            "G",
            "SecurityGroupIngress",
            [{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/16"}],
        ),
        lambda s, ids: (
            sorted(
                p.get("FromPort", 0)
                for p in s.client("ec2").describe_security_groups(GroupIds=[ids["G"]])["SecurityGroups"][0][
                    "IpPermissions"
                ]
            ),
            s.client("ec2").describe_subnets(SubnetIds=[ids["S"]])["Subnets"][0]["CidrBlock"],
            len(s.client("ec2").describe_vpc_endpoints(VpcEndpointIds=[ids["E"]])["VpcEndpoints"]),
            _tag(s.client("ec2").describe_vpcs(VpcIds=[ids["V"]])["Vpcs"][0]["Tags"]),
        ),
        ([0, 443], "10.0.0.0/24", 1, "blue"),
        ([0, 80], "10.0.0.0/24", 1, "blue"),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_made_changed_and_gone(stacks: Stacks, name: str) -> None:
    case = CASES[name]
    template: dict[str, Any] = {"Resources": copy.deepcopy(case.resources)}
    tags = {"team": "blue"}

    assert stacks.create("it", template, Tags=tags) == "CREATE_COMPLETE", stacks.reasons("it")
    assert case.look(stacks, stacks.ids("it")) == case.before

    logical_id, prop, value = case.change
    template["Resources"][logical_id]["Properties"][prop] = value
    assert stacks.update("it", template, Tags=tags) == "UPDATE_COMPLETE", stacks.reasons("it")
    ids = stacks.ids("it")
    assert case.look(stacks, ids) == case.after

    with pytest.raises(ClientError, match="No updates are to be performed"):
        stacks.update("it", template, Tags=tags)
    assert stacks.update("it", template, Tags={"team": "green"}) == "UPDATE_COMPLETE", stacks.reasons("it")

    assert stacks.delete("it") == "DELETE_COMPLETE", stacks.reasons("it")
    with pytest.raises((ClientError, IndexError, StopIteration, KeyError, AssertionError)):
        assert case.look(stacks, ids) in (None, [])
