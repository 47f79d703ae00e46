"""Stack sets: what is deployed in the spokes, and deploying there, to the end of each operation.

A service-managed stack set is the organisation's: its management account asks as itself, a delegated administrator
says so with each call.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from generator.aws.calls import Calls
from generator.aws.session import Sessions
from generator.catalogue import Target
from generator.changes import DeploySpokeRoles
from generator.errors import AwsError, Problem, Where
from generator.launch_role import roles_of
from generator.model import SpokeSet

PATIENCE = 3  # of Calls' waits; minutes are usual
LOOKS = 600
_AT_ONCE = {"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100}  # one account stops no other


class StackSets:
    """The stack sets of the target's home region."""

    def __init__(self, sessions: Sessions, target: Target) -> None:
        self._sessions, self._target = sessions, target
        self._region = target.home_region
        self._client = sessions.client("cloudformation", self._region)

    @cached_property
    def _as_delegate(self) -> dict[str, str]:
        organizations = self._sessions.client("organizations", self._region)
        try:
            organization = organizations.describe_organization()
        except organizations.exceptions.AWSOrganizationsNotInUseException:
            return {}
        management = organization["Organization"].get("MasterAccountId")
        return {} if management == self._target.spec.account else {"CallAs": "DELEGATED_ADMIN"}

    def _caller(self, managed: str) -> dict[str, str]:
        return self._as_delegate if managed == "SERVICE" else {}

    # --- reading

    def find(self, name: str, managed: str, kind: str) -> SpokeSet | None:
        """The stack set of a name; None where there is none. `kind` says what its targets are."""
        caller = self._caller(managed)
        try:
            found = self._client.describe_stack_set(StackSetName=name, **caller)["StackSet"]
        except ClientError as error:
            # An account that may not administrate the organisation's stack sets has none.
            none = ("StackSetNotFoundException", *(["ValidationError"] if caller else []))
            if error.response["Error"]["Code"] not in none:
                raise
            return None
        pages = self._client.get_paginator("list_stack_instances").paginate(StackSetName=name, **caller)
        instances = [each for page in pages for each in page["Summaries"]]
        units = found.get("OrganizationalUnitIds", [])
        return SpokeSet(
            kind,
            roles_of(json.loads(found["TemplateBody"])),
            frozenset(units if managed == "SERVICE" else (each["Account"] for each in instances)),
            frozenset(each["Account"] for each in instances if each["Status"] != "CURRENT"),
        )

    # --- writing

    def deploy(self, change: DeploySpokeRoles, url: str, token: str, calls: Calls) -> None:
        """Bring the template to where it is already, then to the new targets; every account is told that failed."""
        name, caller = change.stack_set, self._caller(change.managed)
        if not change.exists:
            self._create(change, url, token)
        elif change.roles or change.again:
            self._operate(
                calls,
                name,
                caller,
                "update_stack_set",
                StackSetName=name,
                TemplateURL=url,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                OperationPreferences=_AT_ONCE,
                OperationId=f"{token}-update",
            )
        if change.targets:
            self._operate(
                calls,
                name,
                caller,
                "create_stack_instances",
                StackSetName=name,
                Regions=[self._region],  # one: IAM is global
                OperationPreferences=_AT_ONCE,
                OperationId=f"{token}-instances",
                **self._targets(change),
            )

    def _create(self, change: DeploySpokeRoles, url: str, token: str) -> None:
        automatic: dict[str, Any] = (
            # An account that leaves keeps its roles: what was launched there needs them.
            {"AutoDeployment": {"Enabled": True, "RetainStacksOnAccountRemoval": True}}
            if change.managed == "SERVICE"
            else {}
        )
        try:
            self._client.create_stack_set(
                StackSetName=change.stack_set,
                Description="Launch roles of Service Catalog products",
                TemplateURL=url,
                Capabilities=["CAPABILITY_NAMED_IAM"],
                PermissionModel=f"{change.managed}_MANAGED",
                ClientRequestToken=token,
                **automatic,
                **self._caller(change.managed),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "NameAlreadyExistsException":
                raise

    def _targets(self, change: DeploySpokeRoles) -> dict[str, Any]:
        if change.managed == "SELF":
            return {"Accounts": list(change.targets)}
        return {
            "DeploymentTargets": {
                "OrganizationalUnitIds": list(change.targets),
                "Accounts": list(change.excluded),
                "AccountFilterType": "DIFFERENCE",
            }
        }

    def _operate(
        self, calls: Calls, name: str, caller: dict[str, str], operation: str, **arguments: Any
    ) -> None:
        ident = arguments["OperationId"]
        try:
            ident = getattr(self._client, operation)(**arguments, **caller)["OperationId"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "OperationIdAlreadyExistsException":
                raise  # else an interrupted publish began it
        status = ""
        for _ in range(LOOKS):
            about = {"StackSetName": name, "OperationId": ident, **caller}
            status = self._client.describe_stack_set_operation(**about)["StackSetOperation"]["Status"]
            if status not in ("RUNNING", "QUEUED", "STOPPING"):
                break
            calls.wait(PATIENCE)
        failed = list(self._failures(name, ident, caller))
        if status != "SUCCEEDED" or failed:
            told = "; ".join(failed) or "see the operation in CloudFormation's console"
            raise AwsError(
                Problem(
                    Where(f"aws stack set {name}"),
                    f"the operation ended as {status}: {told}",
                    "Correct what it names, then run again; the other accounts are done.",
                )
            )

    def _failures(self, name: str, ident: str, caller: dict[str, str]) -> Iterator[str]:
        pages = self._client.get_paginator("list_stack_set_operation_results").paginate(
            StackSetName=name, OperationId=ident, **caller
        )
        for page in pages:
            for each in page["Summaries"]:
                if each["Status"] in ("FAILED", "CANCELLED"):
                    yield f"account {each['Account']}: {each.get('StatusReason', each['Status'])}"
