"""Where the stacks of a stack set go, and as whom: accounts of lists or organisational units, and the roles in them.

Owns the trust between the administrating account and the others. It makes no stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from botocore.exceptions import ClientError

from generator.local import iam
from generator.local.attached import Attached
from generator.local.execution.role import RoleRefused, check_trust
from generator.local.identity import EVERYTHING, administrator
from generator.local.service import Call, Identity, ServiceError

from ..fault import invalid
from .store import StackSet

ADMINISTRATION: Final = "AWSCloudFormationStackSetAdministrationRole"
EXECUTION: Final = "AWSCloudFormationStackSetExecutionRole"
SERVICE_PRINCIPAL: Final = "member.org.stacksets.cloudformation.amazonaws.com"


class Unreachable(Exception):
    """An account in which no stack can be made; the text is the reason that the operation's result gives."""


def administers(call: Call) -> str:
    """The account whose service-managed stack sets the caller may manage; raises ValidationError."""
    client = call.client("organizations", identity=administrator(call.account))
    try:
        management = str(client.describe_organization()["Organization"]["MasterAccountId"])
    except client.exceptions.AWSOrganizationsNotInUseException:
        raise invalid(
            "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"
        ) from None
    boss = call.client("organizations", identity=administrator(management))
    enabled = boss.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    if SERVICE_PRINCIPAL not in [each["ServicePrincipal"] for each in enabled]:
        raise invalid("You must enable organizations access to operate a service managed stack set")
    if call.params.get("CallAs", "SELF") == "SELF":
        if call.account != management:
            raise invalid(
                "You must be the management account or delegated admin account of an organization before operating a SERVICE_MANAGED stack set"
            )
        return management
    delegated = boss.list_delegated_administrators(ServicePrincipal=SERVICE_PRINCIPAL)[
        "DelegatedAdministrators"
    ]
    if call.account not in [each["Id"] for each in delegated]:
        raise invalid(f"Account used is not a delegated administrator: {call.account}")
    return management


def members(call: Call, management: str, units: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The accounts of organisational units and of those below, each with the unit named; not the management account."""
    client = call.client("organizations", identity=administrator(management))

    def below(parent: str) -> Iterator[str]:
        for page in client.get_paginator("list_accounts_for_parent").paginate(ParentId=parent):
            yield from (each["Id"] for each in page["Accounts"])
        for page in client.get_paginator("list_organizational_units_for_parent").paginate(ParentId=parent):
            for each in page["OrganizationalUnits"]:
                yield from below(each["Id"])

    for unit in units:
        try:
            found = list(below(unit))
        except ClientError as error:
            raise invalid(f"Organizational unit {unit} does not exist: {error}") from error
        yield from ((account, unit) for account in found if account != management)


def chosen(call: Call, stack_set: StackSet, targets: Mapping[str, Any]) -> dict[str, str]:
    """The accounts that a request is about, each with the organisational unit through which it is reached."""
    accounts = list(targets.get("Accounts") or call.params.get("Accounts") or [])
    units = list(targets.get("OrganizationalUnitIds", []))
    if stack_set.model == "SELF_MANAGED":
        if units:
            raise invalid("StackSets with SELF_MANAGED permission model can only have accounts as target")
        return dict.fromkeys(sorted(set(accounts)), "")
    if not units:
        raise invalid(
            "StackSets with SERVICE_MANAGED permission model can only have OrganizationalUnit as target"
        )
    found = dict(members(call, administers(call), units))
    match targets.get("AccountFilterType", "NONE"):
        case "INTERSECTION":
            return {account: unit for account, unit in found.items() if account in accounts}
        case "DIFFERENCE":
            return {account: unit for account, unit in found.items() if account not in accounts}
        case "UNION":
            return found | {account: found.get(account, "") for account in accounts}
        case _:
            return found


def identity_in(call: Call, stack_set: StackSet, account: str) -> Identity:
    """Whom the stacks of an account are made as; raises Unreachable."""
    if stack_set.model == "SERVICE_MANAGED":
        return administrator(account)  # the role that Organizations makes for this may do everything
    administration = stack_set.administration_role or (
        f"arn:{call.partition}:iam::{stack_set.account}:role/{ADMINISTRATION}"
    )
    name = stack_set.execution_role or EXECUTION
    try:
        check_trust(call.clients, administration, "cloudformation.amazonaws.com")
    except RoleRefused as error:
        raise Unreachable(
            f"Account {stack_set.account} cannot assume the administration role. {error}"
        ) from error
    missing = (
        f"Account {account} should have '{name}' role with trust relationship to Role "
        f"'{administration.partition('role/')[2]}'."
    )
    client = call.client("iam", identity=administrator(account))
    try:
        role = client.get_role(RoleName=name)["Role"]
    except client.exceptions.NoSuchEntityException:
        raise Unreachable(missing) from None
    session = f"{administration.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/')}/StackSets"
    boss = Identity(stack_set.account, session, "StackSets", role_arn=administration)
    request = iam.Request(iam.Caller.role(administration, "StackSets"), "sts:AssumeRole", role["Arn"])
    try:
        trusted = iam.Policies.of(identity=[EVERYTHING], trust=role["AssumeRolePolicyDocument"])
        if not iam.evaluate(request, trusted).allowed:
            raise Unreachable(missing)
        own = Attached(call, boss).policies()
    except iam.MalformedPolicy as error:
        raise Unreachable(f"A policy is malformed: {error}") from error
    if not iam.evaluate(request, replace(own, resource=trusted.resource)).allowed:
        raise Unreachable(
            f"User: {session} is not authorized to perform: sts:AssumeRole on resource: {role['Arn']}"
        )
    return Identity(
        account,
        f"arn:{call.partition}:sts::{account}:assumed-role/{name}/StackSets",
        f"{role['RoleId']}:StackSets",
        role_arn=role["Arn"],
    )


def not_found(name: str) -> ServiceError:
    return ServiceError("StackSetNotFoundException", f"StackSet {name} not found", 404)
