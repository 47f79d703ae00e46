"""What stays when a stack is deleted.

Owns the two policies of stateful resources, which belong together: a replaced resource is always kept, because no
update of a product is meant to lose anything, and deletion follows the platform team's decision.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Retention:
    """Whether a project's work outlives its stack."""

    kept: bool
    code_kept: bool = False
    """Whether at least the repositories do: what people wrote is what nobody can make again."""

    def attributes(self) -> dict[str, str]:
        """Attributes of a stateful resource. What a failed creation leaves behind holds nothing and always goes."""
        return _KEPT if self.kept else _DELETED

    def of_code(self) -> dict[str, str]:
        """Attributes of a repository."""
        return _KEPT if self.kept or self.code_kept else _DELETED


_KEPT = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
_DELETED = {"DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}
