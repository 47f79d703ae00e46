"""One resource made, changed or deleted: its properties evaluated, permission asked, its provider called, the outcome told.

Owns what one operation on one resource consists of and how a refusal reads. Which resources, in which order, and what
follows from a failure is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from generator.local.service import Identity, ServiceError

from . import names
from .access import Access, Authorise, Denied, Verb
from .changes import lookup
from .fault import format_error, template_error
from .intrinsics import evaluate
from .journal import Journal
from .kind import Kind
from .prepare import Prepared
from .resources.completion import complete, sendable
from .resources.custom import Custom
from .resources.dynamic import Secrets, resolved
from .resources.provider import Place, Provider, Request, ResourceError
from .resources.registry import provider
from .resources.validity import complaints
from .scope import Scope
from .stack import Resource

if TYPE_CHECKING:
    from generator.local.execution.runner import Runner


class Failure(Exception):
    """A resource that could not be made, changed or deleted, with the reason its event gives."""

    def __init__(self, logical_id: str, reason: str, physical_id: str = "") -> None:
        self.logical_id = logical_id
        self.reason = reason
        self.physical_id = physical_id  # of what is there in spite of the failure
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
    runner: Runner | None = None
    exports: set[str] = field(default_factory=set)
    """Names of the exports that the template asked for, filled while it is evaluated."""


class Maker:
    """Operations on the single resources of a stack."""

    def __init__(self, surroundings: Surroundings, journal: Journal) -> None:
        self.around = surroundings
        self.journal = journal

    def create(self, name: str, prepared: Prepared, *, generation: int) -> Resource:
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
            simulated=self._provider(kind).simulated,
            generation=generation,
        )
        why = (
            "Requested update requires the creation of a new physical resource; hence creating one."
            if replaced
            else ""
        )
        if replaced is None:
            self.journal.put(draft)  # others may look while it is made
        self.journal.tell(replaced or draft, f"{verb}_IN_PROGRESS", why)
        try:
            draft = replace(draft, properties=self.properties(kind, draft, prepared))
            created = self.make(kind, draft)
        except Failure as failure:
            reason = failure.reason
            draft = replace(draft, physical_id=failure.physical_id)
            self.failed(replaced or draft, f"{verb}_FAILED", reason, keep=replaced is None)
            raise Failure(name, reason) from failure
        self.journal.tell(created, f"{verb}_IN_PROGRESS", "Resource creation Initiated")
        return self.journal.resource(created, f"{verb}_COMPLETE")

    def make(self, kind: Kind, draft: Resource) -> Resource:
        """What a draft with evaluated properties stands for, brought into being; nothing is written down."""
        request = self._request(kind, draft)
        self._ask("create", request)
        self._check(kind, draft.properties)
        made = self._call(lambda: self._provider(kind, draft).create(self._filled(request)))
        return replace(draft, physical_id=made.physical_id, attributes=made.attributes)

    def update(self, kind: Kind, old: Resource, new: Resource) -> Resource:
        request = replace(self._request(kind, new), previous=old.properties, attributes=old.attributes)
        try:
            self._ask("update", request)
            self._check(kind, new.properties)
            made = self._call(lambda: self._provider(kind, old).update(self._filled(request)))
        except Failure as failure:
            self.failed(old, "UPDATE_FAILED", failure.reason, keep=False)
            raise Failure(old.logical_id, failure.reason) from failure
        updated = replace(new, physical_id=made.physical_id, attributes=made.attributes)
        if kind.custom and made.physical_id != old.physical_id:
            # The function answered with another id: what it had before goes when the update is complete.
            updated = replace(updated, generation=old.generation + 1)
        return self.journal.resource(updated, "UPDATE_COMPLETE")

    def delete(self, resource: Resource, *, record: bool = True) -> None:
        """Delete what a record stands for. Without `record` the record, which now stands for a successor, stays."""
        kind = self.around.kind(resource.type)
        going = replace(resource, status="DELETE_IN_PROGRESS")
        snapshot = "Snapshot" in {
            resource.definition.get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy")
        }
        self.journal.tell(
            going,
            "DELETE_IN_PROGRESS",
            "The local AWS takes no snapshots: the resource is deleted." if snapshot else "",
        )
        if resource.physical_id:
            request = self._request(kind, resource)
            request = replace(request, attributes=resource.attributes)
            try:
                self._ask("delete", request)
                deleted = self._provider(kind, resource)
                self._call(lambda: deleted.delete(self._filled(request)), deleting=True)
            except Failure as failure:
                self.failed(resource, "DELETE_FAILED", failure.reason, keep=record)
                raise Failure(resource.logical_id, failure.reason) from failure
        if record:
            self.journal.resource(resource, "DELETE_COMPLETE")
        else:
            self.journal.tell(resource, "DELETE_COMPLETE")

    def failed(self, resource: Resource, status: str, reason: str, *, keep: bool) -> None:
        if keep:
            self.journal.resource(resource, status, reason)
        else:
            self.journal.tell(resource, status, reason)

    # What an operation is made of

    def properties(self, kind: Kind, resource: Resource, prepared: Prepared) -> dict[str, Any]:
        """The resource's properties with every expression evaluated, name and stack tags added."""
        try:
            evaluated = evaluate(resource.definition.get("Properties", {}), self.scope(prepared))
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

    def scope(self, prepared: Prepared) -> Scope:
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

    def _provider(self, kind: Kind, resource: Resource | None = None) -> Provider:
        """Who makes a resource; what was simulated stays so, what a function made needs the function."""
        made = resource is not None and resource.physical_id and not resource.simulated
        if not kind.custom or (resource is not None and resource.physical_id and resource.simulated):
            return provider(kind.type)
        if self.around.runner is not None:
            return Custom(self.around.runner)
        if made:
            raise Failure(
                resource.logical_id if resource else "",
                "This custom resource was made by its function, and the local AWS was opened without running code: "
                "use --run-code.",
            )
        return provider(kind.type)

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
        kind = request.kind
        return replace(
            request,
            properties=sendable(kind, resolved(request.properties, self.around.secrets)),
            previous=sendable(kind, resolved(request.previous, self.around.secrets)),
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
        except ResourceError as error:
            raise Failure("", self._handler(error.message, error.code), error.physical_id) from error
        except ServiceError as error:
            raise Failure("", self._handler(error.message, error.code)) from error

    def _handler(self, message: str, code: str) -> str:
        token = names.unique(self.journal.stack.id, "request", message)
        return f'Resource handler returned message: "{message}" (RequestToken: {token}, HandlerErrorCode: {code})'


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
