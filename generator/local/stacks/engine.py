"""Stacks made, changed and unmade: resources in the order of their dependencies, undone where one fails.

Owns the sequence of operations and what follows from a failure. It knows no API: how a resource is made is its
provider's, what differs is `changes.py`'s, what is written down is the journal's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from generator.local.service import Identity, ServiceError

from . import names
from .access import Access, Authorise, Denied, Verb
from .changes import differences, lookup
from .fault import format_error, invalid, template_error
from .intrinsics import evaluate, is_scalar, text
from .journal import Journal
from .kind import Kind
from .prepare import Prepared
from .resources.completion import complete
from .resources.dynamic import Secrets, resolved
from .resources.provider import Place, Request, ResourceError
from .resources.registry import provider
from .resources.validity import complaints
from .scope import Scope
from .stack import Output, Resource


class Failure(Exception):
    """A resource that could not be made, changed or deleted, with the reason its event gives."""

    def __init__(self, logical_id: str, reason: str) -> None:
        self.logical_id = logical_id
        self.reason = reason
        super().__init__(f"{logical_id}: {reason}")


@dataclass(frozen=True)
class Surroundings:
    """What the engine needs of the local AWS: where it is, as whom, and the services."""

    place: Place
    identity: Identity
    kind: Callable[[str], Kind]
    client: Callable[[str], Any]
    authorise: Authorise
    secrets: Secrets
    clock: Callable[[], float]
    exports: set[str] = field(default_factory=set)
    """Names of the exports that the template asked for, filled while it is evaluated."""


@dataclass(frozen=True)
class _Done:
    """One step of an update, to be undone: from `old` (None: there was none) to `new`."""

    old: Resource | None
    new: Resource


class Engine:
    """One stack operation."""

    def __init__(self, surroundings: Surroundings, journal: Journal) -> None:
        self.around = surroundings
        self.journal = journal

    # Operations on the whole stack

    def create(self, prepared: Prepared, *, on_failure: str) -> None:
        """Make all resources; on failure do as asked: ROLLBACK, DELETE or DO_NOTHING."""
        try:
            for name in prepared.order:
                self._create(name, prepared, generation=0)
            self._publish(prepared)
        except Failure as failure:
            reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
            self._give_up(reason, on_failure)
        except ServiceError as error:
            self._give_up(f"{error.message} ", on_failure)
        else:
            self.journal.status("CREATE_COMPLETE")

    def update(self, prepared: Prepared, before: Mapping[str, Any]) -> bool:
        """Change what differs; on failure put everything back. `before` are the stack's fields to return to.

        True when the update was made, False when it was rolled back.
        """
        done: list[_Done] = []
        try:
            for name in prepared.order:
                self._step(name, prepared, done)
            self._publish(prepared)
        except Failure as failure:
            self._roll_back(
                done, before, f"The following resource(s) failed to update: [{failure.logical_id}]. "
            )
            return False
        except ServiceError as error:
            self._roll_back(done, before, error.message)
            return False
        self._clean_up(prepared, done)
        return True

    def delete(self, retained: Sequence[str] = ()) -> bool:
        """Delete all resources, the last made first; False when one could not be deleted."""
        failed: list[str] = []
        for resource in self._reversed(self.journal.resources):
            if resource.status == "DELETE_COMPLETE":
                continue
            if any(resource.logical_id in self.journal.resources[name].needs for name in failed):
                # What a resource that is still there was made after cannot go before it.
                failed.append(resource.logical_id)
                continue
            if resource.logical_id in retained or self._kept(resource, "DeletionPolicy"):
                self.journal.resource(resource, "DELETE_SKIPPED")
                continue
            try:
                self._delete(resource)
            except Failure:
                failed.append(resource.logical_id)
        if failed:
            self.journal.status(
                "DELETE_FAILED",
                f"The following resource(s) failed to delete: [{', '.join(sorted(failed))}]. ",
            )
            return False
        self.journal.store.set_exports(self.journal.stack.id, [])
        self.journal.store.set_imports(self.journal.stack.id, [])
        self.journal.status("DELETE_COMPLETE", deleted=self.around.clock())
        return True

    # Failure of a creation

    def _give_up(self, reason: str, on_failure: str) -> None:
        if on_failure == "DO_NOTHING":
            self.journal.status("CREATE_FAILED", reason)
            return
        if on_failure == "DELETE":
            self.journal.status("DELETE_IN_PROGRESS", f"{reason}Delete requested by user.")
            self.delete()
            return
        self.journal.status("ROLLBACK_IN_PROGRESS", f"{reason}Rollback requested by user.")
        stuck: list[str] = []
        for resource in self._reversed(self.journal.resources):
            if not resource.physical_id or resource.definition.get("DeletionPolicy") == "Retain":
                self.journal.resource(
                    resource, "DELETE_SKIPPED" if resource.physical_id else "DELETE_COMPLETE"
                )
                continue
            try:
                self._delete(resource)
            except Failure:
                stuck.append(resource.logical_id)
        if stuck:
            self.journal.status(
                "ROLLBACK_FAILED",
                f"The following resource(s) failed to delete: [{', '.join(sorted(stuck))}]. ",
            )
        else:
            self.journal.status("ROLLBACK_COMPLETE")

    # One resource

    def _create(self, name: str, prepared: Prepared, *, generation: int) -> Resource:
        """Make a resource under a name that has none, or beside the one that it replaces."""
        definition = prepared.resources[name]
        kind = self.around.kind(definition["Type"])
        replaced = self.journal.resources.get(name) if generation else None
        verb = "UPDATE" if replaced else "CREATE"
        draft = Resource(
            logical_id=name,
            type=kind.type,
            status=f"{verb}_IN_PROGRESS",
            updated=self.around.clock(),
            definition=definition,
            needs=tuple(prepared.needs[name]),
            simulated=provider(kind.type).simulated,
            generation=generation,
        )
        why = (
            "Requested update requires the creation of a new physical resource; hence creating one."
            if replaced
            else ""
        )
        self.journal.tell(replaced or draft, f"{verb}_IN_PROGRESS", why)
        try:
            properties = self._properties(kind, draft, prepared)
            draft = replace(draft, properties=properties)
            request = self._request(kind, draft)
            self._ask("create", request)
            self._check(kind, properties)
            made = self._call(lambda: provider(kind.type).create(self._filled(request)))
        except Failure as failure:
            reason = failure.reason
            self._failed(replaced or draft, f"{verb}_FAILED", reason, keep=replaced is None)
            raise Failure(name, reason) from failure
        created = replace(draft, physical_id=made.physical_id, attributes=made.attributes)
        self.journal.tell(created, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        return self.journal.resource(created, f"{verb}_COMPLETE")

    def _step(self, name: str, prepared: Prepared, done: list[_Done]) -> None:
        """Bring one resource to what the template says; nothing where it is so already."""
        old = self.journal.resources.get(name)
        if old is None or not old.physical_id:
            done.append(
                _Done(None, self._create(name, prepared, generation=old.generation + 1 if old else 0))
            )
            return
        definition = prepared.resources[name]
        kind = self.around.kind(definition["Type"])
        new = replace(old, definition=definition, needs=tuple(prepared.needs[name]))
        try:
            new = replace(new, properties=self._properties(kind, new, prepared))
        except Failure as failure:
            self._failed(old, "UPDATE_FAILED", failure.reason, keep=False)
            raise Failure(name, failure.reason) from failure
        different = differences(kind, old.properties, new.properties)
        if not different:
            if new != old:
                self.journal.put(new)
                done.append(_Done(old, new))
            return
        if any(item.recreation == "Always" for item in different):
            self._replace(kind, old, new, prepared, done)
            return
        self.journal.tell(old, "UPDATE_IN_PROGRESS")
        done.append(_Done(old, self._update(kind, old, new)))

    def _replace(
        self, kind: Kind, old: Resource, new: Resource, prepared: Prepared, done: list[_Done]
    ) -> None:
        named = kind.name_property
        if (
            named
            and named in _own(new)
            and old.properties.get(named) == new.properties.get(named)
            and not kind.deletes_first
        ):
            reason = (
                "CloudFormation cannot update a stack when a custom-named resource requires replacing. "
                f"Rename {old.physical_id} and update the stack again."
            )
            self.journal.tell(old, "UPDATE_IN_PROGRESS")
            self._failed(old, "UPDATE_FAILED", reason, keep=False)
            raise Failure(old.logical_id, reason)
        if kind.deletes_first:
            self._delete(old, record=False)
        done.append(_Done(old, self._create(old.logical_id, prepared, generation=old.generation + 1)))

    def _update(self, kind: Kind, old: Resource, new: Resource) -> Resource:
        request = replace(self._request(kind, new), previous=old.properties, attributes=old.attributes)
        try:
            self._ask("update", request)
            self._check(kind, new.properties)
            made = self._call(lambda: provider(kind.type).update(self._filled(request)))
        except Failure as failure:
            self._failed(old, "UPDATE_FAILED", failure.reason, keep=False)
            raise Failure(old.logical_id, failure.reason) from failure
        updated = replace(new, physical_id=made.physical_id, attributes=made.attributes)
        return self.journal.resource(updated, "UPDATE_COMPLETE")

    def _delete(self, resource: Resource, *, record: bool = True) -> None:
        """Delete what a record stands for. Without `record` the record, which now stands for a successor, stays."""
        kind = self.around.kind(resource.type)
        going = replace(resource, status="DELETE_IN_PROGRESS")
        self.journal.tell(going, "DELETE_IN_PROGRESS")
        if resource.physical_id:
            request = self._request(kind, resource)
            request = replace(request, attributes=resource.attributes)
            try:
                self._ask("delete", request)
                self._call(lambda: provider(kind.type).delete(self._filled(request)), deleting=True)
            except Failure as failure:
                self._failed(resource, "DELETE_FAILED", failure.reason, keep=record)
                raise Failure(resource.logical_id, failure.reason) from failure
        if record:
            self.journal.resource(resource, "DELETE_COMPLETE")
        else:
            self.journal.tell(resource, "DELETE_COMPLETE")

    def _failed(self, resource: Resource, status: str, reason: str, *, keep: bool) -> None:
        if keep:
            self.journal.resource(resource, status, reason)
        else:
            self.journal.tell(resource, status, reason)

    # What an operation is made of

    def _properties(self, kind: Kind, resource: Resource, prepared: Prepared) -> dict[str, Any]:
        """The resource's properties with every expression evaluated, name and stack tags added."""
        try:
            evaluated = evaluate(resource.definition.get("Properties", {}), self._scope(prepared))
        except ServiceError as error:
            raise Failure(resource.logical_id, error.message) from error
        return complete(
            kind,
            evaluated,
            stack_id=self.journal.stack.id,
            logical_id=resource.logical_id,
            generation=resource.generation,
            tags=self.journal.stack.tags,
        )

    def _scope(self, prepared: Prepared) -> Scope:
        def reference(name: str) -> Any:
            return self._existing(name).physical_id

        def attribute(name: str, wanted: str) -> Any:
            resource = self._existing(name)
            found = lookup(resource, wanted, None)
            if found is None and resource.simulated and self.around.kind(resource.type).custom:
                return f"simulated-{names.lower_token(resource.physical_id, wanted)}"
            if found is None:
                raise template_error(
                    f"resource {name} does not support attribute type {wanted} in Fn::GetAtt"
                )
            return found

        return replace(prepared.scope, reference=reference, attribute=attribute)

    def _existing(self, name: str) -> Resource:
        resource = self.journal.resources.get(name)
        if resource is None or not resource.physical_id:
            raise format_error(
                f"Unresolved resource dependencies [{name}] in the Resources block of the template"
            )
        return resource

    def _request(self, kind: Kind, resource: Resource) -> Request:
        return Request(
            kind=kind,
            place=self.around.place,
            stack_id=self.journal.stack.id,
            logical_id=resource.logical_id,
            properties=resource.properties,
            client=self.around.client,
            now=self.around.clock(),
            physical_id=resource.physical_id,
            generation=resource.generation,
        )

    def _filled(self, request: Request) -> Request:
        """The request as the service gets it: dynamic references, which no record may hold, put in."""
        return replace(
            request,
            properties=resolved(request.properties, self.around.secrets),
            previous=resolved(request.previous, self.around.secrets),
        )

    def _ask(self, verb: Verb, request: Request) -> None:
        try:
            self.around.authorise(
                Access(
                    verb=verb,
                    type=request.kind.type,
                    properties=request.properties,
                    identity=self.around.identity,
                    region=self.around.place.region,
                    stack_id=request.stack_id,
                    logical_id=request.logical_id,
                    previous=request.previous,
                    physical_id=request.physical_id,
                )
            )
        except Denied as denied:
            raise Failure(request.logical_id, self._handler(denied.message, "AccessDenied")) from denied

    def _check(self, kind: Kind, properties: Mapping[str, Any]) -> None:
        found = complaints(kind, properties)
        if found:
            raise Failure(
                "", f"Properties validation failed for resource with message:\n{chr(10).join(found)}"
            )

    def _call(self, operation: Callable[[], Any], *, deleting: bool = False) -> Any:
        try:
            return operation()
        except ClientError as error:
            answer = error.response.get("Error", {})
            code, status = (
                answer.get("Code", ""),
                error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400),
            )
            handler = _handler_code(code, status)
            if deleting and handler == "NotFound":
                return None  # gone already, which is what was wanted
            request_id = error.response.get("ResponseMetadata", {}).get("RequestId", "")
            detail = f"{answer.get('Message', code)} (Status Code: {status}, Request ID: {request_id})"
            raise Failure("", self._handler(detail, handler)) from error
        except BotoCoreError as error:
            raise Failure("", self._handler(str(error), "InvalidRequest")) from error
        except (ResourceError, ServiceError) as error:
            raise Failure(
                "", self._handler(error.message, getattr(error, "code", "InvalidRequest"))
            ) from error

    def _handler(self, message: str, code: str) -> str:
        token = names.unique(self.journal.stack.id, "request", message)
        return f'Resource handler returned message: "{message}" (RequestToken: {token}, HandlerErrorCode: {code})'

    # Outputs and exports

    def _publish(self, prepared: Prepared) -> None:
        """The outputs as they now are; raises ServiceError for one that is no string or an export that is taken."""
        scope = self._scope(prepared)
        outputs = []
        for key, output in prepared.outputs.items():
            value = resolved(evaluate(output["Value"], scope), self.around.secrets)
            if not is_scalar(value):
                raise format_error(
                    f"The Value field of every Outputs member must evaluate to a String. (output {key})"
                )
            export = evaluate(output["Export"]["Name"], scope) if "Export" in output else ""
            if not isinstance(export, str):
                raise format_error(
                    f"Output {key} is malformed. The Name field of every Export member must be a String."
                )
            outputs.append(Output(key, text(value), text(output.get("Description", "")), export))
        self._export(outputs)
        self.journal.keep(outputs=tuple(outputs))
        self.journal.store.set_imports(self.journal.stack.id, self.around.exports)

    def _export(self, outputs: Sequence[Output]) -> None:
        store, stack = self.journal.store, self.journal.stack
        wanted = {output.export: output.value for output in outputs if output.export}
        for output in self.journal.stack.outputs:
            users = store.importers(output.export) if output.export else []
            if users and wanted.get(output.export) != output.value:
                verb = "updated" if output.export in wanted else "deleted"
                raise invalid(
                    f"Export {output.export} cannot be {verb} as it is in use by {', '.join(users)}"
                )
        for name in wanted:
            taken = store.export(name)
            if taken is not None and taken[1] != stack.id:
                raise invalid(
                    f"Export with name {name} is already exported by stack {taken[1].split('/')[1]}"
                )
        store.set_exports(stack.id, wanted.items())

    # After an update

    def _clean_up(self, prepared: Prepared, done: Sequence[_Done]) -> None:
        self.journal.status("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for step in reversed(done):
            old = step.old
            if (
                old is None
                or old.generation == step.new.generation
                or self.around.kind(old.type).deletes_first
            ):
                continue
            if self._kept(old, "UpdateReplacePolicy"):
                self.journal.tell(old, "DELETE_SKIPPED")
            else:
                self._discard(old, record=False)
        for resource in self._reversed(self.journal.resources):
            if resource.logical_id in prepared.resources:
                continue
            if self._kept(resource, "DeletionPolicy"):
                self.journal.tell(resource, "DELETE_SKIPPED")
            else:
                self._discard(resource, record=True)
            self.journal.forget(resource.logical_id)
        self.journal.status("UPDATE_COMPLETE")

    def _discard(self, resource: Resource, *, record: bool) -> None:
        try:
            self._delete(resource, record=record)
        except Failure:
            return  # told in the events; an update is complete even when its clean-up is not

    def _roll_back(self, done: Sequence[_Done], before: Mapping[str, Any], reason: str) -> None:
        self.journal.status("UPDATE_ROLLBACK_IN_PROGRESS", reason, **before)
        stuck: list[str] = []
        fresh: list[Resource] = []
        for step in reversed(done):
            name = step.new.logical_id
            try:
                if step.old is None or step.old.generation != step.new.generation:
                    fresh.append(step.new)
                    if step.old is not None:
                        self._restore(step.old, step.new)
                else:
                    self._revert(step.old, step.new)
            except Failure:
                stuck.append(name)
        if stuck:
            self.journal.status(
                "UPDATE_ROLLBACK_FAILED",
                f"The following resource(s) failed to update: [{', '.join(sorted(stuck))}]. ",
            )
            return
        self.journal.status("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        known = {step.new.logical_id for step in done if step.old is not None}
        for resource in fresh:
            self._discard(resource, record=False)
            if resource.logical_id not in known:
                self.journal.forget(resource.logical_id)
        for name, resource in list(self.journal.resources.items()):
            if resource.status == "CREATE_FAILED":
                self.journal.forget(name)
        self.journal.status("UPDATE_ROLLBACK_COMPLETE")

    def _restore(self, old: Resource, new: Resource) -> None:
        """The record stands for the old resource again, which was never deleted unless its type demands it."""
        kind = self.around.kind(old.type)
        if kind.deletes_first:
            self._discard(new, record=False)
            request = self._request(kind, old)
            self._ask("create", request)
            made = self._call(lambda: provider(kind.type).create(self._filled(request)))
            old = replace(old, physical_id=made.physical_id, attributes=made.attributes)
        self.journal.resource(old, "UPDATE_COMPLETE")

    def _revert(self, old: Resource, new: Resource) -> None:
        kind = self.around.kind(old.type)
        if differences(kind, old.properties, new.properties):
            self.journal.tell(old, "UPDATE_IN_PROGRESS")
            self._update(kind, new, old)
        else:
            self.journal.put(old)

    # Order and policies

    def _reversed(self, resources: Mapping[str, Resource]) -> list[Resource]:
        """Dependents before what they were made after."""
        ordered: list[Resource] = []
        remaining = dict(resources)
        while remaining:
            needed = {
                name
                for resource in remaining.values()
                for name in resource.needs
                if name != resource.logical_id
            }
            free = [name for name in remaining if name not in needed] or list(remaining)
            ordered += [remaining.pop(name) for name in reversed(free)]
        return ordered

    def _kept(self, resource: Resource, policy: str) -> bool:
        return resource.definition.get(policy) in {"Retain", "RetainExceptOnCreate"}


def _own(resource: Resource) -> Mapping[str, Any]:
    found: Mapping[str, Any] = resource.definition.get("Properties", {})
    return found


def _handler_code(code: str, status: int) -> str:
    lower = code.lower()
    if "accessdenied" in lower or "unauthorized" in lower or "notauthorized" in lower:
        return "AccessDenied"
    if "alreadyexist" in lower or "alreadyowned" in lower or "duplicate" in lower:
        return "AlreadyExists"
    if "nosuch" in lower or "notfound" in lower or "doesnotexist" in lower or status == 404:
        return "NotFound"
    if "limitexceeded" in lower or "toomany" in lower:
        return "ServiceLimitExceeded"
    if "throttl" in lower:
        return "Throttling"
    if "conflict" in lower or "inuse" in lower:
        return "ResourceConflict"
    return "GeneralServiceException" if status >= 500 else "InvalidRequest"
