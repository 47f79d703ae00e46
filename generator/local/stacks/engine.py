"""Stacks made, changed and unmade: resources in the order of their dependencies, undone where one fails.

Owns the sequence of operations and what follows from a failure. It knows no API: how a resource is made is its
provider's, what differs is `changes.py`'s, what is written down is the journal's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from generator.local.service import ServiceError

from .changes import differences
from .journal import Journal
from .kind import Kind
from .maker import Failure, Maker, Surroundings
from .prepare import Prepared
from .publication import publish
from .stack import Resource

__all__ = ["Engine", "Surroundings"]


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
        self.maker = Maker(surroundings, journal)

    # Operations on the whole stack

    def create(self, prepared: Prepared, *, on_failure: str) -> None:
        """Make all resources; on failure do as asked: ROLLBACK, DELETE or DO_NOTHING."""
        try:
            for name in prepared.order:
                self.maker.create(name, prepared, generation=0)
            self._publish(prepared)
        except Failure as failure:
            reason = f"The following resource(s) failed to create: [{failure.logical_id}]. "
            self._give_up(reason, on_failure)
        except ServiceError as error:
            self._give_up(f"{error.message} ", on_failure)
        else:
            self.journal.status("CREATE_COMPLETE")

    def update(self, prepared: Prepared, before: Mapping[str, Any], *, rollback: bool) -> bool:
        """Change what differs; on failure put everything back, or with `rollback` False leave it as it stands.

        `before` are the stack's fields to return to. True when the update was made.
        """
        done: list[_Done] = []
        try:
            for name in prepared.order:
                self._step(name, prepared, done)
            self._publish(prepared)
        except (Failure, ServiceError) as error:
            reason = (
                f"The following resource(s) failed to update: [{error.logical_id}]. "
                if isinstance(error, Failure)
                else error.message
            )
            if rollback:
                self._roll_back(done, before, reason)
            else:
                self.journal.status("UPDATE_FAILED", reason)
            return False
        self._clean_up(prepared, done, "UPDATE_COMPLETE")
        return True

    def resume(self, prepared: Prepared, skipped: Sequence[str]) -> bool:
        """Go on with the rollback of an update that stopped; what is skipped is left as it stands."""
        done: list[_Done] = []
        try:
            for name in prepared.order:
                if name not in skipped:
                    self._step(name, prepared, done)
            self._publish(prepared)
        except (Failure, ServiceError) as error:
            self.journal.status(
                "UPDATE_ROLLBACK_FAILED",
                f"The following resource(s) failed to update: [{error.logical_id}]. "
                if isinstance(error, Failure)
                else error.message,
            )
            return False
        self._clean_up(prepared, done, "UPDATE_ROLLBACK_COMPLETE")
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
                self.maker.delete(resource)
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
                self.maker.delete(resource)
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

    def _step(self, name: str, prepared: Prepared, done: list[_Done]) -> None:
        """Bring one resource to what the template says; nothing where it is so already."""
        old = self.journal.resources.get(name)
        if old is None or not old.physical_id or old.status == "CREATE_FAILED":
            done.append(
                _Done(None, self.maker.create(name, prepared, generation=old.generation + 1 if old else 0))
            )
            return
        definition = prepared.resources[name]
        kind = self.around.kind(definition["Type"])
        new = replace(old, definition=definition, needs=tuple(prepared.needs[name]))
        try:
            new = replace(new, properties=self.maker.properties(kind, new, prepared))
        except Failure as failure:
            self.maker.failed(old, "UPDATE_FAILED", failure.reason, keep=False)
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
        done.append(_Done(old, self.maker.update(kind, old, new)))

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
            self.maker.failed(old, "UPDATE_FAILED", reason, keep=False)
            raise Failure(old.logical_id, reason)
        if kind.deletes_first:
            self.maker.delete(old, record=False)
        done.append(_Done(old, self.maker.create(old.logical_id, prepared, generation=old.generation + 1)))

    def _publish(self, prepared: Prepared) -> None:
        publish(self.journal, prepared, self.maker.scope(prepared), self.around.secrets, self.around.exports)

    # After an update

    def _clean_up(self, prepared: Prepared, done: Sequence[_Done], outcome: str) -> None:
        self.journal.status(f"{outcome}_CLEANUP_IN_PROGRESS")
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
        self.journal.status(outcome)

    def _discard(self, resource: Resource, *, record: bool) -> None:
        try:
            self.maker.delete(resource, record=record)
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
                if resource.physical_id:  # a custom resource's function may have begun something
                    self._discard(resource, record=False)
                self.journal.forget(name)
        self.journal.status("UPDATE_ROLLBACK_COMPLETE")

    def _restore(self, old: Resource, new: Resource) -> None:
        """The record stands for the old resource again, which was never deleted unless its type demands it."""
        kind = self.around.kind(old.type)
        if kind.deletes_first:
            self._discard(new, record=False)
            old = self.maker.make(kind, old)
        self.journal.resource(old, "UPDATE_COMPLETE")

    def _revert(self, old: Resource, new: Resource) -> None:
        kind = self.around.kind(old.type)
        if differences(kind, old.properties, new.properties):
            self.journal.tell(old, "UPDATE_IN_PROGRESS")
            self.maker.update(kind, new, old)
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
