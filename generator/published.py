"""What differs between the built templates and the published ones that they are measured against.

Reads published templates through the gateway, and only those of products whose version is not kept; decides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from generator import project_templates, template, version
from generator.bundle import Bundle
from generator.errors import Where
from generator.gateway import Gateway
from generator.model import State
from generator.template_diff import Comparison
from generator.template_diff.comparison import compare


def comparisons(
    wanted: State, observed: State, bundles: Mapping[str, Bundle], gateway: Gateway
) -> tuple[dict[str, Comparison], list[str]]:
    """By product, what differs from its highest release in a region; and notes on those that cannot be compared."""
    found: dict[str, Comparison] = {}
    notes: list[str] = []
    for name in sorted({*wanted.products, *wanted.projects}):
        (artifact,) = project_templates.versions(wanted, name).values()
        published = project_templates.versions(observed, name)
        base = version.base(published)
        if base is None or isinstance(
            version.decide(artifact.version, artifact.fingerprint, artifact.values, published), version.Keep
        ):
            continue
        text = gateway.artifact_template(wanted.region, name, base)
        if text is None:
            notes.append(
                f"{wanted.region}: the template of {name} {base} is not in the bucket as it was published, so nobody"
                f" can tell whether {artifact.version} is a large enough step."
            )
            continue
        before = template.parse(text, Where(f"{name} {base}"))
        found[name] = compare(base, before, bundles[name].draft.template)
    return found, notes
