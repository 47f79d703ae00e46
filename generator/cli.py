"""The `catalog` command: its arguments and its end; what the verbs do stands in `generator.verbs`.

Beside those no module prints, and none at all exits but this one. Results go to stdout, progress and logs to stderr. Exit codes: 0 done, 1 problems in the user's files, 2 changes
(--detailed-exitcode), 3 refused by a safety rule, 4 AWS said no, 64 usage.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from generator import __version__
from generator.errors import FactoryError, did_you_mean
from generator.verbs import (
    authoring,
    building,
    documenting,
    launching,
    local,
    looking,
    publishing,
    roles,
    seeds,
    smoke,
)
from generator.verbs.shared import USAGE

EXAMPLES = {
    "check": "catalog check",
    "build": "catalog build analyst-notebook --target prod",
    "lint": "catalog lint --format sarif > catalog.sarif",
    "plan": "catalog plan --target prod --format markdown\n  catalog plan --out plan.json --detailed-exitcode",
    "publish": "catalog publish --yes\n  catalog publish analyst-notebook --target prod\n  catalog publish --prune-roles\n  catalog publish --plan plan.json --yes",
    "launch": "catalog launch analyst-notebook --param NotebookName=sales --param VpcId=vpc-1 --param SubnetId=subnet-1 --tag environment=dev --tag cost-center=analytics\n  catalog launch churn-endpoint --version 1.0.0 --name churn --target prod",
    "provisioned": "catalog provisioned\n  catalog provisioned --format json --target prod",
    "update": "catalog update sales --version 1.1.0\n  catalog update sales --param Size=large",
    "terminate": "catalog terminate sales\n  catalog terminate sales --target prod --yes",
    "smoke": "catalog smoke\n  catalog smoke analyst-notebook --param analyst-notebook.VpcId=vpc-1 --param analyst-notebook.SubnetId=subnet-1 --target prod --format json",
    "list": "catalog list --format json | jq -r '.[].id'",
    "show": "catalog show analyst-notebook",
    "diff": "catalog diff analyst-notebook --against 1.0.0",
    "role": "catalog role analyst-notebook --why\n  catalog role analyst-notebook --compare role.json",
    "policies": "catalog policies users\n  catalog policies --target prod --format cloudformation --out policies/",
    "docs": "catalog docs\n  catalog docs analyst-notebook --out pages/",
    "picture": "catalog picture > catalogue.svg",
    "schema": "catalog schema --write\n  catalog schema product",
    "new": "catalog new product data-lake --blueprint raw-template\n  catalog new blueprint data-lake\n  catalog new seed etl-job",
    "seeds": "catalog seeds publish\n  catalog seeds status ~/projects/*\n  catalog seeds list --target prod",
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

    verb("check", building.check, "check the YAML files and their references, without AWS")
    build = targeted(verb("build", building.build, "write templates, seeds and launch roles into build/"))
    build.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    lint = targeted(verb("lint", building.lint, "lint the templates of products"))
    lint.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    lint.add_argument("--format", choices=("text", "json", "sarif"), default="text")
    pruning = "launch roles lose the permissions that nobody can need any more; else they only grow"
    plan = targeted(verb("plan", publishing.plan, "show what publishing would change"))
    plan.add_argument("ids", nargs="*", metavar="ID", help="products; all when none is named")
    plan.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    plan.add_argument("--out", metavar="FILE", help="save the plan, for publish --plan")
    plan.add_argument(
        "--policy", action="store_true", help="print the IAM policy that publishing this plan needs"
    )
    plan.add_argument("--detailed-exitcode", action="store_true", help="end with 2 when there are changes")
    plan.add_argument("--prune-roles", action="store_true", help=pruning)
    publish = targeted(verb("publish", publishing.publish, "build, lint, plan and publish"))
    publish.add_argument(
        "ids", nargs="*", metavar="ID", help="only these; the rest is neither changed nor deprecated"
    )
    publish.add_argument("--plan", metavar="FILE", help="apply exactly this saved plan, or refuse")
    publish.add_argument("--yes", action="store_true", help="do not ask")
    publish.add_argument(
        "--force", action="store_true", help="also when a large share of the catalogue would change"
    )
    publish.add_argument("--prune-roles", action="store_true", help=pruning)

    def at_desk(added: argparse.ArgumentParser) -> argparse.ArgumentParser:
        targeted(added).add_argument("--region", metavar="R", help="the target's first region when left out")
        return added

    def running(added: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added.add_argument(
            "--run-code",
            action="store_true",
            help="in the local AWS: functions, custom resources and builds really run, on this machine",
        )
        return added

    def filled(added: argparse.ArgumentParser) -> argparse.ArgumentParser:
        added.add_argument(
            "--param", action="append", default=[], metavar="K=V", help="a value of the launch form"
        )
        added.add_argument(
            "--tag", action="append", default=[], metavar="K=V", help="a tag, as TagOptions ask"
        )
        added.add_argument(
            "--portfolio", metavar="P", help="the portfolio to launch by, where there are several"
        )
        return added

    launch = at_desk(verb("launch", launching.launch, "launch a published product, as its end users do"))
    launch.add_argument("id", metavar="ID")
    launch.add_argument("--version", metavar="V", help="the highest that is not deprecated when left out")
    launch.add_argument("--name", metavar="N", help="of what is launched; the product's id when left out")
    running(filled(launch)).add_argument(
        "--as", dest="role", metavar="ROLE", help="in the local AWS: a role of the portfolio's `access:`"
    )
    provisioned = at_desk(verb("provisioned", launching.provisioned, "list what is launched"))
    provisioned.add_argument("--format", choices=("text", "json"), default="text")
    update = filled(
        at_desk(verb("update", launching.update, "give what is launched another version, or other values"))
    )
    running(update).add_argument("name", metavar="NAME")
    update.add_argument("--version", metavar="V", help="the present one when left out")
    terminate = at_desk(verb("terminate", launching.terminate, "delete what is launched"))
    running(terminate).add_argument("name", metavar="NAME")
    terminate.add_argument("--yes", action="store_true", help="do not ask")
    trial = at_desk(
        verb(
            "smoke",
            smoke.smoke,
            "publish, launch, update and terminate a few products; report what AWS denied",
        )
    )
    trial.add_argument(
        "ids", nargs="*", metavar="ID", help="products; one of each blueprint when none is named"
    )
    for option, text in (("--param", "a value to launch with"), ("--change", "a value to update to")):
        trial.add_argument(option, action="append", default=[], metavar="ID.K=V", help=text)
    trial.add_argument("--tag", action="append", default=[], metavar="K=V", help="a tag, as TagOptions ask")
    trial.add_argument("--published", action="store_true", help="try what is published; publish nothing")
    trial.add_argument("--as", dest="role", metavar="ROLE", help="in the local AWS: who launches")
    trial.add_argument("--format", choices=("text", "json"), default="text")
    trial.add_argument("--yes", action="store_true", help="do not ask")
    listing = verb("list", looking.list_products, "list the products")
    listing.add_argument("--format", choices=("text", "json"), default="text")
    show = targeted(
        verb(
            "show",
            looking.show_product,
            "show a product: spec, versions, parameters, portfolios, constraints",
        )
    )
    show.add_argument("id", metavar="ID")
    show.add_argument("--format", choices=("text", "json"), default="text")
    diff = targeted(verb("diff", looking.diff, "compare the built template with a published one"))
    diff.add_argument("id", metavar="ID")
    diff.add_argument("--against", metavar="VERSION", help="a published version; the highest when left out")
    diff.add_argument("--region", metavar="R", help="the target's first region when left out")
    diff.add_argument("--format", choices=("text", "markdown", "json"), default="text")
    role = targeted(
        verb("role", roles.role, "show a product's launch role, and what changed since the published one")
    )
    role.add_argument("id", metavar="ID")
    role.add_argument("--why", action="store_true", help="why each action is there, instead of the policies")
    role.add_argument(
        "--compare", metavar="FILE", help="what a role's policies in FILE allow too much, and what they lack"
    )
    role.add_argument("--format", choices=("text", "json"), default="text")
    policies = targeted(
        verb("policies", roles.policies, "the IAM policies of end users, of personas and of the publisher")
    )
    policies.add_argument(
        "persona", nargs="?", choices=("users", "personas", "publisher"), help="all when left out"
    )
    policies.add_argument("--format", choices=("json", "cloudformation"), default="json")
    policies.add_argument("--out", metavar="DIR", help="write files there instead of printing")
    docs = targeted(
        verb("docs", documenting.docs, "write a page with a picture for each product into docs/products/")
    )
    docs.add_argument(
        "ids", nargs="*", metavar="ID", help="products; all, and their index, when none is named"
    )
    docs.add_argument("--out", metavar="DIR", help="write there instead")
    verb("picture", looking.picture, "draw the catalogue as SVG")
    schema = verb(
        "schema",
        authoring.write_schema,
        "print the JSON Schema of a file, or write all of them into products/schemas/",
    )
    schema.add_argument("file", nargs="?", choices=("product", "portfolios", "targets"), default="product")
    schema.add_argument("--write", action="store_true", help="write all schemas, for editors")
    new = verb(
        "new", authoring.new, "start a product, a blueprint or a seed that builds, lints and passes its test"
    )
    new.add_argument("noun", choices=("product", "blueprint", "seed"))
    new.add_argument("name", metavar="NAME", help="lower-case letters, digits and hyphens")
    new.add_argument("--blueprint", default="", help="of a new product; its own when left out and it exists")
    _seeds(verb("seeds", seeds.publish, "seeds as git repositories, and the projects made from them"), common)
    local_aws = verb(
        "local", local.run_local, "the local AWS: serve it over HTTP, look at it, move it, reset it"
    )
    local_aws.add_argument("action", choices=("serve", "status", "reset", "export", "import"))
    running(local_aws).add_argument("file", nargs="?", metavar="FILE", help="of export and import")
    local_aws.add_argument(
        "--port", type=int, default=4599, metavar="N", help="to serve on, 127.0.0.1 only (default 4599)"
    )
    return parser


def _seeds(noun: argparse.ArgumentParser, common: _Parser) -> None:
    actions = noun.add_subparsers(metavar="ACTION", required=True, parser_class=_Parser)

    def action(
        name: str, run: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        description = text[0].upper() + text[1:] + "."
        added = actions.add_parser(name, help=text, description=description, parents=[common])
        added.set_defaults(run=run)
        added.add_argument("--target", metavar="T", help="a target of products/targets.yaml")
        return added

    publish = action("publish", seeds.publish, "publish each seed's version as a tag of its repository")
    publish.add_argument("seeds", nargs="*", metavar="SEED", help="all when none is named")
    publish.add_argument("--yes", action="store_true", help="do not ask")
    listing = action("list", seeds.list_seeds, "list the seeds with what is published of them")
    listing.add_argument("--format", choices=("text", "json"), default="text")
    status = action("status", seeds.status, "tell which projects lag behind the seed they were made from")
    status.add_argument("folders", nargs="+", metavar="DIR", help="projects made from seeds")
    status.add_argument("--format", choices=("text", "json"), default="text")
    status.add_argument("--detailed-exitcode", action="store_true", help="end with 2 when one is not current")
    adopt = action("adopt", seeds.adopt, "link a project that a product seeded to the published repository")
    adopt.add_argument("folder", metavar="DIR")
    adopt.add_argument("--version", metavar="V", help="of the seed, where the project does not tell it")
