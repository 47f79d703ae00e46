"""The `catalog` command: its verbs, and the only module that prints or exits.

Results go to stdout, progress and logs to stderr. Exit codes: 0 done, 1 problems in the user's files, 2 changes
(--detailed-exitcode), 3 refused by a safety rule, 4 AWS said no, 64 usage.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from generator import __version__
from generator.errors import FactoryError, Problem, Refused, Where, did_you_mean, fail

if TYPE_CHECKING:  # what a verb needs is imported when it runs, so that --help is quick
    from generator.bundle import Bundle
    from generator.catalogue import Catalogue, Target
    from generator.gateway import Gateway
    from generator.local import LocalAws
    from generator.publish import Prepared

USAGE = 64
EXAMPLES = {
    "check": "catalog check",
    "build": "catalog build analyst-notebook --target prod",
    "lint": "catalog lint --format sarif > catalog.sarif",
    "plan": "catalog plan --target prod --format markdown\n  catalog plan --out plan.json --detailed-exitcode",
    "publish": "catalog publish --yes\n  catalog publish analyst-notebook --target prod\n  catalog publish --plan plan.json --yes",
    "list": "catalog list --format json | jq -r '.[].id'",
    "show": "catalog show analyst-notebook",
    "diff": "catalog diff analyst-notebook --against 1.0.0",
    "role": "catalog role analyst-notebook --why",
    "picture": "catalog picture > catalogue.svg",
    "schema": "catalog schema --write\n  catalog schema product",
    "new": "catalog new product data-lake --blueprint raw-template\n  catalog new blueprint data-lake\n  catalog new seed etl-job",
    "local": "catalog local serve --port 4599\n  catalog local status",
}


class _Parser(argparse.ArgumentParser):
    """argparse that ends with 64 for wrong usage and guesses the verb that was meant."""

    def error(self, message: str) -> NoReturn:
        remedy = ""
        if "invalid choice" in message:
            word, _, choices = message.partition("invalid choice: ")[2].partition(" (choose from ")
            remedy = " " + did_you_mean(word.strip("'"), [each.strip(" ')") for each in choices.split(",")])
        self.print_usage(sys.stderr)
        print(f"{self.prog}: {message}.{remedy} See {self.prog} --help.", file=sys.stderr)
        raise SystemExit(USAGE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    # The defaults of -C and -v stand here: a verb's own would undo what stands before the verb.
    options = _parser().parse_args(arguments, argparse.Namespace(root=".", verbose=False))
    _log(verbose=options.verbose)
    try:
        code = int(options.run(options) or 0)
        sys.stdout.flush()
    except FactoryError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        if len(error.problems) > 1:
            print(f"{len(error.problems)} problems", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\ninterrupted: what was done is kept; run the same command again to continue", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output went away, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _log(*, verbose: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("catalog")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO if verbose else logging.WARNING)


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False)
    common.add_argument(
        "-C", dest="root", metavar="DIR", default=argparse.SUPPRESS, help="a folder in the catalogue"
    )
    common.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log each AWS call with its request id",
    )
    parser = _Parser(
        prog="catalog",
        description="Declarative AWS Service Catalog products: check, build, plan and publish them.",
        epilog="Example: catalog plan && catalog publish --yes",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"catalog {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)

    def verb(
        name: str, run: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        added = verbs.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=f"Examples:\n  {EXAMPLES[name]}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[common],
        )
        added.set_defaults(run=run)
        return added

    def targeted(added: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added.add_argument("--target", metavar="T", help="a target of products/targets.yaml")
        return added

    verb("check", _check, "check the YAML files and their references, without AWS")
    build = targeted(verb("build", _build, "write templates, seeds and launch roles into build/"))
    build.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    lint = targeted(verb("lint", _lint, "lint the templates of products"))
    lint.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    lint.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    plan = targeted(verb("plan", _plan, "show what publishing would change"))
    plan.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    plan.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    plan.add_argument("--out", metavar="FILE", help="save the plan, for publish --plan")
    plan.add_argument(
        "--policy", action="store_true", help="print the IAM policy that publishing this plan needs"
    )
    plan.add_argument("--detailed-exitcode", action="store_true", help="end with 2 when there are changes")
    publish = targeted(verb("publish", _publish, "build, lint, plan and publish"))
    publish.add_argument(
        "ids", nargs="*", metavar="ID", help="only these; the rest is neither changed nor deprecated"
    )
    publish.add_argument("--plan", metavar="FILE", help="apply exactly this saved plan, or refuse")
    publish.add_argument("--yes", action="store_true", help="do not ask")
    publish.add_argument(
        "--force", action="store_true", help="also when a large share of the catalogue would change"
    )
    listing = verb("list", _list, "list the products")
    listing.add_argument("--format", choices=("text", "json"), default="text")
    show = targeted(
        verb("show", _show, "show a product: spec, versions, parameters, portfolios, constraints")
    )
    show.add_argument("id", metavar="ID")
    show.add_argument("--format", choices=("text", "json"), default="text")
    diff = targeted(verb("diff", _diff, "compare the built template with a published one"))
    diff.add_argument("id", metavar="ID")
    diff.add_argument("--against", metavar="VERSION", help="a published version; the highest when left out")
    diff.add_argument("--region", metavar="R", help="the target's first region when left out")
    role = targeted(verb("role", _role, "show a product's launch role"))
    role.add_argument("id", metavar="ID")
    role.add_argument("--why", action="store_true", help="why each action is there, instead of the policies")
    verb("picture", _picture, "draw the catalogue as SVG")
    schema = verb(
        "schema", _schema, "print the JSON Schema of a file, or write all of them into products/schemas/"
    )
    schema.add_argument("file", nargs="?", choices=("product", "portfolios", "targets"), default="product")
    schema.add_argument("--write", action="store_true", help="write all schemas, for editors")
    new = verb("new", _new, "start a product, a blueprint or a seed that builds, lints and passes its test")
    new.add_argument("noun", choices=("product", "blueprint", "seed"))
    new.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    new.add_argument("--blueprint", default="", help="of a new product; its own when left out and it exists")
    local = verb("local", _local, "the local AWS: serve it over HTTP, look at it, move it, reset it")
    local.add_argument("action", choices=("serve", "status", "reset", "export", "import"))
    local.add_argument("file", nargs="?", metavar="FILE", help="of export and import")
    local.add_argument(
        "--port", type=int, default=4599, metavar="N", help="to serve on, 127.0.0.1 only (default 4599)"
    )
    return parser


# --- what verbs share


def _catalogue(options: argparse.Namespace) -> Catalogue:
    from generator.load import find_root, load

    return load(find_root(Path(options.root)))


def _state(catalogue: Catalogue) -> Path:
    from generator.aws import state_folder

    return state_folder(catalogue.root, os.environ.get("CATALOG_STATE"))


def _bundles(
    options: argparse.Namespace, catalogue: Catalogue, target: Target, ids: Sequence[str]
) -> list[Bundle]:
    from generator import bundle

    del options
    products = catalogue.select(ids)
    cache = catalogue.root / ".catalog" / "cache"
    writable = os.access(cache if cache.exists() else catalogue.root, os.W_OK)
    bundles = bundle.build(
        catalogue,
        products.values(),
        target,
        cache=cache if writable else None,
        processes=os.cpu_count() or 1,
        progress=_progress,
    )
    _progress("")
    return bundles


def _refuse_findings(bundles: Sequence[Bundle]) -> None:
    """Errors end the verb; warnings are told."""
    from generator import bundle
    from generator.lint.formats import as_text

    findings = [finding for each in bundles for finding in each.findings]
    if findings:
        print(as_text(findings), file=sys.stderr, end="")
    errors = bundle.errors(bundles)
    if errors:
        raise fail(
            "lint", f"{len(errors)} errors in templates", "Correct them; `catalog lint` shows them again."
        )


def _gateway(catalogue: Catalogue, target: Target) -> Gateway:
    from generator.aws import connect

    return connect(target, catalogue.name, _state(catalogue))


def _progress(text: str) -> None:
    """One line on a terminal, overwritten; nothing elsewhere."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text[:100]}", end="", file=sys.stderr, flush=True)


def _paint() -> Callable[[str, str], str]:
    from generator import show

    return show.coloured if sys.stdout.isatty() and not os.environ.get("NO_COLOR") else show.plain


# --- verbs


def _check(options: argparse.Namespace) -> None:
    from generator.bundle import params_of, seeds_of

    catalogue = _catalogue(options)
    problems: list[Problem] = []
    for product in catalogue.products.values():
        try:
            loaded, params = params_of(product, catalogue.root)
            seeds_of(product, loaded, params, catalogue.root)
        except FactoryError as error:
            problems += error.problems
    if problems:
        raise FactoryError(*problems)
    counts = (len(catalogue.products), len(catalogue.portfolios), len(catalogue.targets))
    print("{} products, {} portfolios, {} targets: no problems".format(*counts))


def _build(options: argparse.Namespace) -> None:
    from generator import output

    catalogue = _catalogue(options)
    target = catalogue.target(options.target)
    bundles = _bundles(options, catalogue, target, options.ids)
    _refuse_findings(bundles)
    for each, folder in zip(bundles, output.write(bundles, catalogue.root / "build"), strict=True):
        print(
            f"{folder.relative_to(catalogue.root)}/  {each.product.spec.version}  sha256:{each.draft.fingerprint}"
        )


def _lint(options: argparse.Namespace) -> int:
    from generator import bundle
    from generator.lint import formats

    catalogue = _catalogue(options)
    bundles = _bundles(options, catalogue, catalogue.target(options.target), options.ids)
    findings = [finding for each in bundles for finding in each.findings]
    if options.format == "sarif":
        print(formats.as_sarif(findings, __version__), end="")
    elif options.format == "json":
        print(formats.as_json(findings), end="")
    else:
        print(formats.as_text(findings) or f"{len(bundles)} templates: no findings\n", end="")
    return 1 if bundle.errors(bundles) else 0


def _prepared(options: argparse.Namespace, catalogue: Catalogue, target: Target) -> tuple[Prepared, Gateway]:
    from generator.publish import prepare

    bundles = _bundles(options, catalogue, target, options.ids)
    _refuse_findings(bundles)
    gateway = _gateway(catalogue, target)
    prepared = prepare(catalogue, bundles, target, gateway, selected=bool(options.ids), progress=_progress)
    _progress("")
    return prepared, gateway


def _plan(options: argparse.Namespace) -> int:
    from generator import output, show

    catalogue = _catalogue(options)
    target = catalogue.target(options.target)
    prepared, gateway = _prepared(options, catalogue, target)
    plan = prepared.plan
    if options.out:
        output.write_file(Path(options.out), show.as_json(plan))
    if options.policy:
        buckets = [(region, target.bucket(region)) for region in target.spec.regions]
        print(show.policy(plan, target.partition, buckets, gateway.role_stack(0)), end="")
    elif options.format == "json":
        print(show.as_json(plan), end="")
    elif options.format == "markdown":
        print(show.as_markdown(plan), end="")
    else:
        print(show.as_text(plan, _paint()), end="")
    return 2 if options.detailed_exitcode and plan.changes else 0


def _publish(options: argparse.Namespace) -> None:
    from generator import report, show
    from generator.changes import Change, CreateProduct
    from generator.plan import check_limits
    from generator.publish import apply

    catalogue = _catalogue(options)
    target = catalogue.target(options.target)
    prepared, gateway = _prepared(options, catalogue, target)
    plan = prepared.plan
    if options.plan:
        _same_plan(Path(options.plan), plan.checksum)
    if not options.force:
        check_limits(plan)
    if plan.changes:
        print(show.as_text(plan, _paint()), flush=True)
        _confirm(options, target)

    def progress(index: int, total: int, change: Change) -> None:
        print(
            f"[{index + 1:>{len(str(total))}}/{total}] {change.sign} {change.about}",
            file=sys.stderr,
            flush=True,
        )

    outcome = apply(prepared, gateway, progress=progress)
    print(report.outcome_text(outcome, catalogue, target), end="")
    created = [change.product_id for change in plan.changes if isinstance(change, CreateProduct)]
    if target.is_local and created:
        print(report.next_steps(created[0], _command(catalogue)), end="")


def _command(catalogue: Catalogue) -> str:
    """How the user calls this command: by its path in the catalogue's .venv unless it is on the PATH."""
    from shutil import which

    return (
        "catalog"
        if which("catalog") or not (catalogue.root / ".venv/bin/catalog").exists()
        else ".venv/bin/catalog"
    )


def _same_plan(path: Path, checksum: str) -> None:
    from generator.spec import FORMAT

    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        there, version = saved["checksum"], saved["format"]
    except OSError as error:
        raise fail(
            str(path), f"cannot be read ({error.strerror})", "Save a plan with catalog plan --out."
        ) from None
    except (ValueError, KeyError, TypeError):
        raise fail(str(path), "is no saved plan", "Save one with catalog plan --out.") from None
    if version != FORMAT:
        raise Refused(
            Problem(
                Where(str(path)), f"the plan has format {version}, this version reads {FORMAT}", "Plan again."
            )
        )
    if there != checksum:
        raise Refused(
            Problem(
                Where(str(path)),
                "the plan is stale: the YAML, or what is published, has changed since it was saved",
                "Plan again, review it, and publish the new plan.",
            )
        )


def _confirm(options: argparse.Namespace, target: Target) -> None:
    if options.yes or target.is_local:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(
            Problem(
                Where("publish"),
                f"target '{target.id}' is a real account and nobody can be asked",
                "Add --yes.",
            )
        )
    if input(f"Publish this to {target.id} (account {target.spec.account})? [y/N] ").strip().lower() not in (
        "y",
        "yes",
    ):
        raise Refused(Problem(Where("publish"), "not confirmed", "Nothing was changed."))


def _list(options: argparse.Namespace) -> None:
    from generator import report

    catalogue = _catalogue(options)
    if options.format == "json":
        print(json.dumps(report.listing(catalogue), indent=2, ensure_ascii=False))
    else:
        print(report.listing_text(catalogue), end="")


def _show(options: argparse.Namespace) -> None:
    from generator import report

    catalogue = _catalogue(options)
    target = catalogue.target(options.target)
    (bundle,) = _bundles(options, catalogue, target, [options.id])
    gateway = _gateway(catalogue, target)
    states = {region: gateway.observe(region) for region in bundle.draft.regions}
    told = report.product(bundle, states, target)
    if options.format == "json":
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        print(report.product_text(told), end="")


def _diff(options: argparse.Namespace) -> None:
    from generator import report
    from generator.version import order

    catalogue = _catalogue(options)
    target = catalogue.target(options.target)
    (bundle,) = _bundles(options, catalogue, target, [options.id])
    region = options.region or bundle.draft.regions[0]
    if region not in bundle.draft.regions:
        remedy = did_you_mean(region, bundle.draft.regions)
        raise fail(f"target {target.id}", f"{options.id} is not offered in '{region}'", remedy)
    gateway = _gateway(catalogue, target)
    published = gateway.observe(region).products.get(options.id)
    if published is None:
        raise fail(
            options.id, f"nothing of it is published to {target.id} in {region}", "Run catalog publish."
        )
    version = options.against or max(published.artifacts, key=order)
    text = gateway.artifact_template(region, options.id, version)
    if text is None:
        remedy = did_you_mean(version, published.artifacts)
        raise fail(options.id, f"version {version} is not published to {target.id} in {region}", remedy)
    names = (f"{options.id} {version} ({target.id})", f"{options.id} {bundle.product.spec.version} (built)")
    print(report.difference(text, bundle.draft.content.decode("utf-8-sig"), names), end="")


def _role(options: argparse.Namespace) -> None:
    from generator.launch_role import documents, trust

    catalogue = _catalogue(options)
    (bundle,) = _bundles(options, catalogue, catalogue.target(options.target), [options.id])
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


def _picture(options: argparse.Namespace) -> None:
    from generator.picture import as_svg

    print(as_svg(_catalogue(options)), end="")


def _schema(options: argparse.Namespace) -> None:
    from generator import blueprint, output, schema
    from generator.blueprint import RAW
    from generator.bundle import RawParams
    from generator.load import find_root

    root = find_root(Path(options.root))
    place = Where("blueprints")
    kinds = {kind: blueprint.load(kind, root, place).params for kind in blueprint.kinds(root)} | {
        RAW: RawParams
    }
    schemas = {
        "product": schema.product(kinds),
        "portfolios": schema.portfolios(),
        "targets": schema.targets(),
    }
    if not options.write:
        print(json.dumps(schemas[options.file], indent=2, ensure_ascii=False))
        return
    with output.writing(root / "products/schemas"):
        (root / "products/schemas").mkdir(exist_ok=True)
    for name, content in schemas.items():
        path = root / "products/schemas" / f"{name}.json"
        output.write_file(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
        print(path.relative_to(root))


def _new(options: argparse.Namespace) -> None:
    from generator import scaffold

    catalogue = _catalogue(options)
    for path in scaffold.create(options.noun, options.name, options.blueprint, catalogue):
        print(path)
    if options.noun == "product" and (catalogue.root / scaffold.GOLDENS).is_dir():
        for path in _goldens(options):
            print(path)
    print(f"\nNext: {scaffold.next_command(options.noun, options.name)}")


def _goldens(options: argparse.Namespace) -> list[str]:
    """Bring the golden files up to a new product; the paths written."""
    from tempfile import TemporaryDirectory

    from generator import scaffold
    from generator.aws import connect
    from generator.catalogue import LOCAL
    from generator.publish import prepare

    catalogue = _catalogue(options)  # with the new product in it
    target = catalogue.target(LOCAL)
    bundles = _bundles(options, catalogue, target, ())
    new = [each for each in bundles if each.id == options.name]
    with TemporaryDirectory() as empty:
        gateway = connect(target, catalogue.name, Path(empty))
        first = prepare(catalogue, bundles, target, gateway, selected=False).plan
    return scaffold.write_goldens(scaffold.golden_files(new, first), catalogue.root)


def _local(options: argparse.Namespace) -> None:
    from generator import local
    from generator.catalogue import LOCAL

    catalogue = _catalogue(options)
    target = catalogue.target(LOCAL)
    folder = _state(catalogue)
    if options.action in ("export", "import") and not options.file:
        raise _usage(f"catalog local {options.action}", "names no FILE")
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
        _serve(local.open_state(folder, account=target.spec.account), target, options.port)


def _usage(what: str, problem: str) -> FactoryError:
    error = fail(what, problem, "See --help.")
    error.exit_code = USAGE
    return error


def _serve(aws: LocalAws, target: Target, port: int) -> None:
    """Serve until interrupted, having said how to talk to it."""
    from generator import local

    server = local.serve(aws, port)
    print(
        f"The local AWS (account {target.spec.account}) listens on {server.url}\n\n"
        "Point the AWS CLI and any SDK at it:\n"
        f"  export AWS_ENDPOINT_URL={server.url}\n"
        f"  export AWS_REGION={target.home_region} AWS_DEFAULT_REGION={target.home_region}\n"
        f"  export AWS_ACCESS_KEY_ID={target.spec.account} AWS_SECRET_ACCESS_KEY=local\n\n"
        "For example:\n"
        "  aws servicecatalog search-products-as-admin\n\n"
        "Ctrl-C ends it; the state stays.",
        flush=True,
    )
    server.serve_forever()
