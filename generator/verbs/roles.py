"""The verb role: a product's launch role."""

from __future__ import annotations

import argparse
import json

from generator.errors import fail
from generator.verbs.shared import bundles_of, catalogue_of


def role(options: argparse.Namespace) -> None:
    from generator.launch_role import documents, trust

    catalogue = catalogue_of(options)
    (bundle,) = bundles_of(options, catalogue, catalogue.target(options.target), [options.id])
    if bundle.role is None:
        raise fail(
            bundle.product.where("launch"), f"{options.id} has no synthesised launch role", "See `launch:`."
        )
    if options.why:
        for reason in sorted(bundle.reasons):
            place = f"{reason.logical_id} ({reason.resource_type})" if reason.logical_id else "the stack"
            print(
                f"{reason.grant.action} on {reason.grant.resource}: {place}, {reason.handler}: {reason.because}"
            )
        return
    policies = {
        "RoleName": bundle.role.name,
        "Trust": trust(bundle.role),
        "Policies": list(documents(bundle.role)),
    }
    print(json.dumps(policies, indent=2))
