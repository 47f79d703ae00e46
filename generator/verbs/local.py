"""The verb local: the local AWS as a thing of its own."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from generator.verbs.shared import catalogue_of, state_folder_of, usage

if TYPE_CHECKING:
    from generator.catalogue import Target
    from generator.local import LocalAws


def run_local(options: argparse.Namespace) -> None:
    from generator import local
    from generator.catalogue import LOCAL

    catalogue = catalogue_of(options)
    target = catalogue.target(LOCAL)
    folder = state_folder_of(catalogue)
    if options.action in ("export", "import") and not options.file:
        raise usage(f"catalog local {options.action}", "names no FILE")
    if options.action == "reset":
        aside = local.reset(folder)
        print(f"{folder} is empty again" + (f"; what was damaged is kept in {aside}" if aside else ""))
    elif options.action == "status":
        found = local.status(folder)
        if found is None:
            print(f"{folder}: nothing yet; catalog publish begins it")
            return
        print(f"{folder}: format {found.format}, {found.size:,} bytes")
        for name, count in found.counts.items():
            print(f"  {count:>6} {name}")
    elif options.action == "export":
        local.export(folder, Path(options.file))
        print(options.file)
    elif options.action == "import":
        local.import_(folder, Path(options.file))
        print(f"{folder} now holds {options.file}")
    else:
        aws = local.open_state(folder, account=target.spec.account, run_code=options.run_code or None)
        _serve(aws, target, options.port)


def _serve(aws: LocalAws, target: Target, port: int) -> None:
    """Serve until interrupted, having said how to talk to it."""
    from generator import local

    server = local.serve(aws, port)
    runs = "run on this machine" if aws.runner else "are simulated (--run-code runs them)"
    print(
        f"The local AWS (account {target.spec.account}) listens on {server.url}\n\n"
        "Point the AWS CLI and any SDK at it:\n"
        f"  export AWS_ENDPOINT_URL={server.url}\n"
        f"  export AWS_REGION={target.home_region} AWS_DEFAULT_REGION={target.home_region}\n"
        f"  export AWS_ACCESS_KEY_ID={target.spec.account} AWS_SECRET_ACCESS_KEY=local\n\n"
        f"Functions, custom resources and builds {runs}. CodeCommit's repositories are at\n"
        f"  {server.url.replace('://', f'://{target.spec.account}:local@')}/v1/repos/NAME\n\n"
        "For example:\n"
        "  aws servicecatalog search-products-as-admin\n\n"
        "Ctrl-C ends it; the state stays.",
        flush=True,
    )
    server.serve_forever()
