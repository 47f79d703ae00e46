"""Whatever options a blueprint takes, its template launches, updates and terminates under its launch role.

Every pair of option values that Params takes together is in one of the sets of options here. `make proof` launches all
of them, `make test` a fixed few of each blueprint.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from generator import bundle
from generator.aws import connect
from generator.blueprint import BlueprintParams, Seed, kinds, load
from generator.catalogue import LOCAL
from generator.errors import Where
from generator.launch_role import scoped_writes
from generator.load import load as load_catalogue
from generator.local import ACCOUNT, LocalAws, open_state
from generator.publish import apply, prepare
from tests import catalogues
from tests.conftest import ROOT

from .conftest import REGION, Person
from .evolution import next_version
from .shop import reasons
from .space import covering, holding, plain, some, values

SAMPLE = 2  # sets of each blueprint in make test; those that hold the most pairs come first
# Values that neither a type nor an example tells.
MORE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "ml-model-endpoint": {"model_data": ('"s3://acme-models-${AWS::AccountId}-${AWS::Region}/demand/"',)},
}
# What a target names; the local AWS has things of its own to name.
THINGS = {
    "vpc_id": "vpc",
    "subnet_id": "subnet",
    "subnet_ids": "subnet",
    "security_group_id": "security_group",
    "security_group_ids": "security_group",
}


def params_of(kind: str) -> type[BlueprintParams]:
    return load(kind, ROOT, Where("test")).params


# Values that Params refuses whatever else is chosen, by option and value; the reason is Params' own.
NEVER: Mapping[str, frozenset[tuple[str, str]]] = {
    "ml-model-endpoint": frozenset({("provisioned_concurrency_max", "1")}),  # over a number over 0
    "sagemaker-project": frozenset(
        {
            ("git", '"external"'),
            ("ci", '"jenkins"'),
            ("branches", '"per-branch"'),
            ("pipelines", '"promoted"'),
            ("seed", '"launch"'),
            # Both need one of those above, or other accounts.
            *(
                ("seed_buckets", value)
                for value in values(params_of("sagemaker-project"))["seed_buckets"][1:]
            ),
            *(("stages", value) for value in values(params_of("sagemaker-project"))["stages"][1:]),
        }
    ),
}
KINDS = kinds(ROOT)


def known_of(kind: str) -> dict[str, tuple[str, ...]]:
    known = values(params_of(kind))
    return known | {name: (*known[name], *found) for name, found in MORE.get(kind, {}).items()}


@pytest.mark.parametrize("kind", KINDS)
def test_params_takes_every_value_of_every_option(kind: str) -> None:
    """In some set of options; what it never takes is known, with the reason."""
    params, known = params_of(kind), known_of(kind)
    never = {
        (name, value)
        for name, found in known.items()
        for value in found
        if not holding(params, known, name, value)
    }
    assert never <= NEVER.get(kind, frozenset())


@pytest.mark.parametrize("kind", KINDS)
def test_some_sets_of_options_launch(kind: str, tmp_path: Path) -> None:
    launch_all(kind, some(params_of(kind), known_of(kind), SAMPLE), tmp_path)


@pytest.mark.proof
@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_of_options_launches(kind: str, tmp_path: Path) -> None:
    known = known_of(kind)
    sets, left = covering(params_of(kind), known)
    never = NEVER.get(kind, frozenset())
    print(f"{kind}: {len(sets)} sets of options hold every pair but {len(left)}, which Params refuses")
    assert {(n, v) for n, found in known.items() for v in found} - {
        i for s in sets for i in s.items()
    } <= never
    launch_all(kind, sets, tmp_path)


def launch_all(kind: str, sets: list[dict[str, str]], folder: Path) -> None:
    """Publish a product of each set, and take it from launch to termination; raises with those that fail."""
    aws = open_state(folder / "state")
    real = things(aws)
    root = folder / "catalogue"
    for name in ("blueprints", "seedcode"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    portfolios = catalogues.PORTFOLIOS.replace("[dev, prod]", "[dev]")
    catalogues.write(
        root, {"products/targets.yaml": catalogues.TARGETS, "products/portfolios.yaml": portfolios}
    )
    products = {f"case-{number}": chosen for number, chosen in enumerate(sets) if seeded(kind, chosen)}
    for product, chosen in products.items():
        options = plain(chosen)
        options |= {name: real[thing] for name, thing in THINGS.items() if name in options}
        spec = yaml.safe_load(catalogues.PRODUCT) | {"name": product, "blueprint": kind, "options": options}
        catalogues.write(root, {f"products/{product}.yaml": yaml.safe_dump(spec)})
    catalogue = load_catalogue(root)
    target = catalogue.target(LOCAL)
    built = bundle.build(catalogue, catalogue.products.values(), target, processes=1)
    assert bundle.errors(built) == []
    gateway = connect(target, catalogue.name, folder / "state")
    apply(prepare(catalogue, built, target, gateway, selected=False), gateway)
    failed = [f"{each.id} {products[each.id]}: {said}" for each in built if (said := life(aws, each))]
    aws.close()
    assert not failed, "\n\n".join(failed)


def seeded(kind: str, chosen: Mapping[str, str]) -> bool:
    """Whether the seeds of these options are there; a blueprint may be ahead of its seeds."""
    blueprint = load(kind, ROOT, Where("test"))
    found = blueprint.assets(blueprint.params(**plain(chosen)))
    return all((ROOT / "seedcode" / each.seed).is_dir() for each in found if isinstance(each, Seed))


def life(aws: LocalAws, built: bundle.Bundle) -> str:
    """Launch, update and terminate under the launch role; why that fails, nothing where it does not."""
    assert built.role is not None
    scoped = scoped_writes(built.role)
    if scoped.share < 0.85:
        return f"only {scoped.share:.0%} of the writing actions are scoped: {', '.join(scoped.rest)}"
    sc: Any = aws.session_as(f"arn:aws:iam::{ACCOUNT}:role/analyst", REGION).client("servicecatalog")
    found = sc.search_products(Filters={"FullTextSearch": [built.id]}, PageSize=20)["ProductViewSummaries"]
    product = next(each["ProductId"] for each in found if each["Name"] == built.id)
    person = Person(aws, product, sc, word=built.id)
    launched = person.launch(built.id, **person.form(person.version("1.0.0")))
    if reasons(launched):
        return f"launch: {reasons(launched)}"
    updated = reasons(person.update(built.id, next_version(aws, product)))
    ended = reasons(person.terminate(built.id))
    return f"update: {updated}" if updated else f"termination: {ended}" if ended else ""


def things(aws: LocalAws) -> dict[str, str]:
    ec2: Any = aws.session(REGION).client("ec2")
    return {
        "vpc": ec2.describe_vpcs()["Vpcs"][0]["VpcId"],
        "subnet": ec2.describe_subnets()["Subnets"][0]["SubnetId"],
        "security_group": ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"],
    }
