"""Which provider makes which resource type. A type that is not here is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import compute, iam, keys, messaging, nested, network, repository, stack_set, storage
from .called import TABLE, Called
from .provider import Provider
from .simulated import Simulated

_SIMULATED: Final[Provider] = Simulated()
_PROVIDERS: Final[Mapping[str, Provider]] = {
    "AWS::CloudFormation::Stack": nested.Stack(),
    "AWS::CloudFormation::StackSet": stack_set.StackSet(),
    "AWS::EC2::EIP": network.Address(),
    "AWS::EC2::InternetGateway": network.Plain(
        "InternetGateway", "internet-gateway", "InternetGateway", "InternetGatewayId"
    ),
    "AWS::EC2::NatGateway": network.Plain("NatGateway", "natgateway", "NatGateway", "NatGatewayId"),
    "AWS::EC2::Route": network.Route(),
    "AWS::EC2::RouteTable": network.Plain("RouteTable", "route-table", "RouteTable", "RouteTableId"),
    "AWS::EC2::SecurityGroup": network.SecurityGroup(),
    "AWS::EC2::SecurityGroupEgress": network.SecurityGroupRule("Egress"),
    "AWS::EC2::SecurityGroupIngress": network.SecurityGroupRule("Ingress"),
    "AWS::EC2::Subnet": network.Subnet(),
    "AWS::EC2::SubnetRouteTableAssociation": network.RouteTableAssociation(),
    "AWS::EC2::VPC": network.Vpc(),
    "AWS::EC2::VPCEndpoint": network.Endpoint(),
    "AWS::EC2::VPCGatewayAttachment": network.GatewayAttachment(),
    "AWS::Events::EventBus": messaging.EventBus(),
    "AWS::Events::EventBusPolicy": messaging.EventBusPolicy(),
    "AWS::Events::Rule": messaging.Rule(),
    "AWS::IAM::Group": iam.Group(),
    "AWS::IAM::GroupPolicy": iam.InlinePolicy(),
    "AWS::IAM::InstanceProfile": iam.InstanceProfile(),
    "AWS::IAM::ManagedPolicy": iam.ManagedPolicy(),
    "AWS::IAM::Policy": iam.InlinePolicy(),
    "AWS::IAM::Role": iam.Role(),
    "AWS::IAM::RolePolicy": iam.InlinePolicy(),
    "AWS::IAM::User": iam.User(),
    "AWS::IAM::UserPolicy": iam.InlinePolicy(),
    "AWS::KMS::Alias": keys.Alias(),
    "AWS::KMS::Key": keys.Key(),
    "AWS::Lambda::EventInvokeConfig": compute.EventInvokeConfig(),
    "AWS::Lambda::EventSourceMapping": compute.EventSourceMapping(),
    "AWS::Lambda::Function": compute.Function(),
    "AWS::Lambda::Permission": compute.Permission(),
    "AWS::Logs::LogGroup": compute.LogGroup(),
    "AWS::S3::Bucket": storage.Bucket(),
    "AWS::S3::BucketPolicy": storage.BucketPolicy(),
    "AWS::SNS::Subscription": messaging.Subscription(),
    "AWS::SNS::Topic": messaging.Topic(),
    "AWS::SNS::TopicPolicy": messaging.TopicPolicy(),
    "AWS::SQS::Queue": messaging.Queue(),
    "AWS::SQS::QueuePolicy": messaging.QueuePolicy(),
    "AWS::SecretsManager::Secret": compute.Secret(),
    "AWS::StepFunctions::StateMachine": compute.StateMachine(),
    **{resource_type: Called(api) for resource_type, api in TABLE.items()},
    "AWS::CodeCommit::Repository": repository.Repository(),
}


def provider(resource_type: str) -> Provider:
    """The provider of a type."""
    return _PROVIDERS.get(resource_type, _SIMULATED)


def served() -> frozenset[str]:
    """The types that a service of the local AWS holds."""
    return frozenset(_PROVIDERS)
