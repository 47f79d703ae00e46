"""One stack operation of a call: the template read, checked and prepared, the engine run, the stack written.

Owns the way from a request's members to the engine. What a request looks like on the wire is not its business.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from botocore.exceptions import ClientError

from generator.local.service import Call, Identity
from generator.local.steps import works_on

from . import document, names
from .access import Authorise, authoriser
from .account import LocalAccount, parsed
from .announcement import announce
from .changes import Change, changes
from .engine import Engine, Surroundings
from .fault import invalid
from .journal import Journal
from .kind import Kind
from .prepare import Prepared, prepare
from .resources.provider import Place
from .scope import pseudo_parameters
from .stack import Stack, Value
from .store import Store
from .wanted import Wanted

UPDATABLE: Final = frozenset(
    (
        "CREATE_COMPLETE",
        "CREATE_FAILED",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
    )
)


class Operations:
    """The operations of one call."""

    def __init__(self, call: Call, decide: Callable[[Call, Identity], Authorise] = authoriser) -> None:
        self.call = call
        self.decide = decide
        self.store = Store(call.tx, call.account, call.region)

    # What there is

    def existing(self, name: str) -> Stack:
        """A living stack; raises ValidationError as CloudFormation words it."""
        found = self.store.stack(name)
        if found is None or (found.deleted is not None and not name.startswith("arn:")):
            raise invalid(f"Stack with id {name} does not exist")
        return found

    def new_id(self, name: str) -> str:
        """The id of a stack that is about to be: unique among all that ever had its name."""
        unique = names.unique(self.call.account, self.call.region, name, str(self.store.ever(name)))
        return self.call.arn(f"stack/{name}/{unique}")

    # Preparing

    def identity(self, role: str) -> Identity:
        """Whom the stack acts as: the role, if there is one, else the caller."""
        if not role:
            return self.call.identity
        name = role.rsplit("/", 1)[-1]
        try:
            found = self.call.client("iam").get_role(RoleName=name)["Role"]
        except ClientError as error:
            raise invalid(f"Role {role} is invalid or cannot be assumed") from error
        if found["Arn"] != role or not _trusts(found["AssumeRolePolicyDocument"]):
            raise invalid(f"Role {role} is invalid or cannot be assumed")
        return Identity(
            account=self.call.account,
            arn=f"arn:{self.call.partition}:sts::{self.call.account}:assumed-role/{name}/AWSCloudFormation",
            user_id=f"{found['RoleId']}:AWSCloudFormation",
            role_arn=role,
        )

    def prepare(self, stack: Stack, wanted: Wanted, *, previous: Stack | None, macros: bool = True) -> _Plan:
        """All that can be known before anything is touched."""
        source = parsed(wanted.template)
        document.require_capabilities(source, wanted.capabilities, macros=macros)
        account = LocalAccount(self.call, self.store, self.identity(wanted.role))
        pseudo = pseudo_parameters(
            account=self.call.account,
            region=self.call.region,
            partition=self.call.partition,
            url_suffix=self._place().url_suffix,
            stack_name=stack.name,
            stack_id=stack.id,
            notifications=wanted.notifications,
        )
        kept = (
            {name: value.given for name, value in previous.parameters.items() if name in wanted.kept}
            if previous
            else {}
        )
        prepared = prepare(source, wanted.parameters, pseudo, account, previous=kept)
        _check_types(prepared, wanted.types)
        fields: dict[str, Any] = {
            "description": prepared.template.get("Description", ""),
            "template": wanted.template,
            "processed": json.dumps(prepared.template) if document.transforms(source) else "",
            "parameters": {
                name: Value(
                    argument.given,
                    "****" if argument.parameter.no_echo else argument.given,
                    argument.resolved,
                )
                for name, argument in prepared.arguments.items()
            },
            "tags": dict(wanted.tags),
            "capabilities": wanted.capabilities,
            "notifications": wanted.notifications,
            "role": wanted.role,
        }
        return _Plan(replace(stack, **fields), prepared, account, fields)

    def _place(self) -> Place:
        return Place(self.call.account, self.call.region, self.call.partition)

    def _kind(self, resource_type: str) -> Kind:
        found = LocalAccount(self.call, self.store, self.call.identity).kind(resource_type)
        if found is None:
            raise invalid(f"Template format error: Unrecognized resource types: [{resource_type}]")
        return found

    def knows(self, resource_type: str) -> bool:
        """Whether a template may use a resource type in this region."""
        return LocalAccount(self.call, self.store, self.call.identity).kind(resource_type) is not None

    def engine(self, account: LocalAccount, journal: Journal) -> Engine:
        return Engine(
            Surroundings(
                place=self._place(),
                identity=account.identity,
                kind=self._kind,
                client=account.client,
                authorise=self.decide(self.call, account.identity),
                secrets=account,
                clock=time.time,
                runner=self.call.runner,
                exports=account.imported,
            ),
            journal,
        )

    # Doing

    def _journal(self, stack: Stack, token: str) -> Journal:
        works_on(self.call.tx, f"stack {stack.id}")
        return Journal(self.store, stack, time.time, lambda event: announce(self.call, stack, event), token)

    def create(self, plan: _Plan, *, on_failure: str, token: str) -> None:
        """Make a stack that is prepared."""
        journal = self._journal(plan.stack, token)
        journal.status("CREATE_IN_PROGRESS", "User Initiated")
        self.engine(plan.account, journal).create(plan.prepared, on_failure=on_failure)

    def changes(self, plan: _Plan, current: Stack) -> list[Change]:
        """What the update of a stack to a plan would change."""
        resources = {
            name: resource
            for name, resource in self.store.resources(current.id).items()
            if resource.physical_id and resource.status != "CREATE_FAILED"
        }
        kinds = {
            resource["Type"]: self._kind(resource["Type"]) for resource in plan.prepared.resources.values()
        }
        moved = frozenset(
            name
            for name, argument in plan.prepared.arguments.items()
            if name not in current.parameters
            or (argument.given, argument.resolved)
            != (current.parameters[name].given, current.parameters[name].resolved)
        )
        for name, definition in plan.prepared.resources.items():
            if name in resources and resources[name].type != definition["Type"]:
                raise invalid(
                    "Update of resource type is not permitted. The new template modifies resource type of the following "
                    f"resources: [{name}]"
                )
        return changes(resources, plan.prepared, kinds, current.id, plan.stack.tags, moved)

    def unchanged(self, plan: _Plan, current: Stack, found: list[Change]) -> bool:
        """Whether an update would do nothing: no resource, output, tag or notification differs."""
        if (
            found
            or dict(plan.stack.tags) != dict(current.tags)
            or plan.stack.notifications != current.notifications
        ):
            return False
        before = parsed(current.processed or current.template).get("Outputs", {}) if current.template else {}
        if before != plan.prepared.template.get("Outputs", {}):
            return False
        # Same outputs in the template, but a condition or parameter may have changed what they say.
        return {output.key for output in current.outputs} == set(plan.prepared.outputs) and all(
            current.parameters.get(name) == value
            for name, value in plan.stack.parameters.items()
            if _mentions(plan.prepared.outputs, name)
        )

    def update(self, plan: _Plan, current: Stack, *, token: str, rollback: bool = True) -> bool:
        """Bring a stack to what is prepared."""
        before = {name: getattr(current, name) for name in plan.fields}
        journal = self._journal(current, token)
        journal.status("UPDATE_IN_PROGRESS", "User Initiated", updated=time.time(), **plan.fields)
        return self.engine(plan.account, journal).update(plan.prepared, before, rollback=rollback)

    def resume(self, stack: Stack, *, skipped: list[str], role: str, token: str) -> bool:
        """Go on with a rollback that failed, towards what the stack was before its update."""
        wanted = Wanted(
            template=stack.template,
            parameters={name: value.given for name, value in stack.parameters.items()},
            tags=stack.tags,
            capabilities=stack.capabilities,
            notifications=stack.notifications,
            role=role or stack.role,
        )
        plan = self.prepare(stack, wanted, previous=stack)
        unknown = [name for name in skipped if name not in plan.prepared.resources]
        if unknown:
            raise invalid(f"The resource(s) to skip {unknown} are no resources of the stack")
        journal = self._journal(stack, token)
        journal.status("UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        return self.engine(plan.account, journal).resume(plan.prepared, skipped)

    def delete(self, stack: Stack, *, retained: list[str], role: str, token: str) -> bool:
        """Delete a stack's resources and the stack."""
        users = {
            output.export: importers
            for output in stack.outputs
            if output.export and (importers := self.store.importers(output.export))
        }
        journal = self._journal(stack, token)
        if users:
            name, importers = next(iter(users.items()))
            journal.status(
                "DELETE_FAILED",
                f"Delete canceled. Cannot delete export {name} as it is in use by {' and '.join(importers)}.",
            )
            return False
        account = LocalAccount(self.call, self.store, self.identity(role or stack.role))
        journal.status("DELETE_IN_PROGRESS", "User Initiated")
        return self.engine(account, journal).delete(retained)


@dataclass(frozen=True)
class _Plan:
    """A stack as it is to be, its prepared template, and the account that was asked."""

    stack: Stack
    prepared: Prepared
    account: LocalAccount
    fields: dict[str, Any]


def _mentions(node: Any, parameter: str) -> bool:
    return f'"{parameter}"' in json.dumps(node) or f"${{{parameter}}}" in json.dumps(node)


def _check_types(prepared: Prepared, allowed: tuple[str, ...]) -> None:
    """ResourceTypes: `AWS::EC2::*`, `AWS::*` and `Custom::*` stand for what begins so."""
    for resource in prepared.resources.values():
        kind = resource["Type"]
        if allowed and not any(
            kind == entry or (entry[-1:] == "*" and kind.startswith(entry[:-1])) for entry in allowed
        ):
            raise invalid(f"Resource type {kind} is not allowed by parameter ResourceTypes {list(allowed)}")


def _trusts(policy: Any) -> bool:
    """Whether a trust policy lets CloudFormation in."""
    statements = policy.get("Statement", []) if isinstance(policy, Mapping) else []
    for statement in [statements] if isinstance(statements, Mapping) else statements:
        services = statement.get("Principal", {})
        services = services.get("Service", []) if isinstance(services, Mapping) else services
        if statement.get("Effect") == "Allow" and (
            services == "*"
            or "cloudformation.amazonaws.com" in ([services] if isinstance(services, str) else services)
        ):
            return True
    return False
