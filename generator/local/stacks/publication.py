"""A stack's outputs and exports: evaluated once its resources stand, refused where others depend on what they were."""

from __future__ import annotations

from collections.abc import Sequence

from .fault import format_error, invalid
from .intrinsics import evaluate, is_scalar, text
from .journal import Journal
from .prepare import Prepared
from .resources.dynamic import Secrets, resolved
from .scope import Scope
from .stack import Output


def publish(journal: Journal, prepared: Prepared, scope: Scope, secrets: Secrets, imported: set[str]) -> None:
    """The outputs as they now are; raises ServiceError for one that is no string or an export that is taken."""
    outputs = []
    for key, output in prepared.outputs.items():
        value = resolved(evaluate(output["Value"], scope), secrets)
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
    _export(journal, outputs)
    journal.keep(outputs=tuple(outputs))
    journal.store.set_imports(journal.stack.id, imported)


def _export(journal: Journal, outputs: Sequence[Output]) -> None:
    store, stack = journal.store, journal.stack
    wanted = {output.export: output.value for output in outputs if output.export}
    for output in journal.stack.outputs:
        users = store.importers(output.export) if output.export else []
        if users and wanted.get(output.export) != output.value:
            verb = "updated" if output.export in wanted else "deleted"
            raise invalid(f"Export {output.export} cannot be {verb} as it is in use by {', '.join(users)}")
    for name in wanted:
        taken = store.export(name)
        if taken is not None and taken[1] != stack.id:
            raise invalid(f"Export with name {name} is already exported by stack {taken[1].split('/')[1]}")
    store.set_exports(stack.id, wanted.items())
