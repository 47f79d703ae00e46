"""Which provider makes which resource type. A type that is not here is simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import iam
from .provider import Provider
from .simulated import Simulated

_SIMULATED: Final[Provider] = Simulated()
_PROVIDERS: Final[Mapping[str, Provider]] = {
    "AWS::IAM::Group": iam.Group(),
    "AWS::IAM::GroupPolicy": iam.InlinePolicy(),
    "AWS::IAM::InstanceProfile": iam.InstanceProfile(),
    "AWS::IAM::ManagedPolicy": iam.ManagedPolicy(),
    "AWS::IAM::Policy": iam.InlinePolicy(),
    "AWS::IAM::Role": iam.Role(),
    "AWS::IAM::RolePolicy": iam.InlinePolicy(),
    "AWS::IAM::User": iam.User(),
    "AWS::IAM::UserPolicy": iam.InlinePolicy(),
}


def provider(resource_type: str) -> Provider:
    """The provider of a type."""
    return _PROVIDERS.get(resource_type, _SIMULATED)


def served() -> frozenset[str]:
    """The types that a service of the local AWS holds."""
    return frozenset(_PROVIDERS)
