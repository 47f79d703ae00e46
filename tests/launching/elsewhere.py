"""Other accounts, made when a form asks for them: an execution role for StackSets, and an organization with a unit."""

from __future__ import annotations

import json
from typing import Any

from generator.local import ACCOUNT, LocalAws

EXECUTION = "AWSCloudFormationStackSetExecutionRole"
ELSEWHERE = "444455556666"
SERVICE = "member.org.stacksets.cloudformation.amazonaws.com"


def reachable(aws: LocalAws, region: str) -> str:
    """Another account, in which StackSets of this one may do anything."""
    session: Any = aws.session(region, account=ELSEWHERE)
    iam = session.client("iam")
    if EXECUTION not in [each["RoleName"] for each in iam.list_roles()["Roles"]]:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                    "Action": "sts:AssumeRole",
                }
            ],
        }
        allowed = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
        }
        iam.create_role(RoleName=EXECUTION, AssumeRolePolicyDocument=json.dumps(trust))
        iam.put_role_policy(RoleName=EXECUTION, PolicyName="all", PolicyDocument=json.dumps(allowed))
    return ELSEWHERE


def organization(aws: LocalAws, region: str) -> str:
    """The organization that this account manages."""
    session: Any = aws.session(region)
    organizations = session.client("organizations")
    try:
        made = organizations.describe_organization()["Organization"]
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        made = organizations.create_organization(FeatureSet="ALL")["Organization"]
        organizations.enable_aws_service_access(ServicePrincipal=SERVICE)
    return str(made["Id"])


def unit(aws: LocalAws, region: str) -> str:
    """A unit of it with one account."""
    organization(aws, region)
    session: Any = aws.session(region)
    organizations = session.client("organizations")
    root = organizations.list_roots()["Roots"][0]["Id"]
    found = organizations.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]
    if found:
        return str(found[0]["Id"])
    made = organizations.create_organizational_unit(ParentId=root, Name="production")["OrganizationalUnit"][
        "Id"
    ]
    account = organizations.create_account(AccountName="production", Email="production@example.com")
    organizations.move_account(
        AccountId=account["CreateAccountStatus"]["AccountId"], SourceParentId=root, DestinationParentId=made
    )
    return str(made)
