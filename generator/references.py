"""What one file says of another, and Service Catalog's limits over all of them. Pure: specs in, problems out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from generator.catalogue import Portfolio, Product, Target
from generator.errors import FactoryError, Problem, did_you_mean
from generator.lint.schemas import regions
from generator.spec import TEAM


def references(
    products: Mapping[str, Product],
    portfolios: Mapping[str, Portfolio] | None,
    targets: Mapping[str, Target],
    ids: frozenset[str],
) -> list[Problem]:
    """What one file says of another and does not hold, and Service Catalog's limits over all of them.

    `portfolios` is None when they could not be read; `ids` names all product files, the unreadable ones too.
    """
    problems: list[Problem] = []
    known = regions()
    for product in products.values():
        for index, region in enumerate(product.spec.regions):
            if region not in known:
                where = product.where("regions", index)
                problems.append(Problem(where, f"there is no region '{region}'", did_you_mean(region, known)))
        for index, name in enumerate(product.spec.portfolios):
            where = product.where("portfolios", index)
            if portfolios is not None and name not in portfolios:
                problems.append(
                    Problem(where, f"portfolio '{name}' does not exist", did_you_mean(name, portfolios))
                )
            elif name in product.spec.portfolios[:index]:
                problems.append(Problem(where, f"portfolio '{name}' is named twice", "Keep one."))
            elif portfolios is not None:
                problems += _tags_together(product, portfolios[name])
    for target in targets.values():
        for key, by_product in (("options", target.spec.options), ("smoke", target.spec.smoke)):
            for name in by_product:
                if name not in ids:
                    what = f"product '{name}' does not exist"
                    problems.append(Problem(target.where(key, name), what, did_you_mean(name, ids)))
        for region in target.spec.studio_domains:
            if region not in target.spec.regions:
                what = f"nothing is published to '{region}', so that its domains have no project templates"
                remedy = did_you_mean(region, target.spec.regions)
                problems.append(Problem(target.where("studio_domains", region), what, remedy))
        for index, region in enumerate(target.spec.regions):
            if region not in known:
                where = target.where("regions", index)
                problems.append(Problem(where, f"there is no region '{region}'", did_you_mean(region, known)))
            try:
                target.bucket(region)
            except FactoryError as error:
                problems += error.problems
    for portfolio in (portfolios or {}).values():
        problems += _of_no_team(portfolio, products)
    problems += _limits(products, portfolios or {})
    return problems


def _tags_together(product: Product, portfolio: Portfolio) -> Iterator[Problem]:
    """Tags of both travel onto the stack: one key on both makes launches fail, TagOptions of one key are ANDed."""
    for key in product.spec.tags:
        if key in portfolio.spec.tags:
            yield Problem(
                product.where("tags", key),
                f"the tag key '{key}' also stands on the portfolio '{portfolio.id}'"
                f" ({portfolio.where('tags', key)}), and a launch with both fails",
                "Keep it on one of them.",
            )
    for key, values in product.spec.tag_options.items():
        others = portfolio.spec.tag_options.get(key)
        if others is not None and not set(values) & set(others):
            yield Problem(
                product.where("tag_options", key),
                f"no value of the TagOption '{key}' is allowed by both the product ({', '.join(values)}) and"
                f" the portfolio '{portfolio.id}' ({', '.join(others)}), so that nobody can launch it",
                "Give both a value in common.",
            )


def _of_no_team(portfolio: Portfolio, products: Mapping[str, Product]) -> Iterator[Problem]:
    """A product that the portfolio's people see, and that its governance lets nobody launch."""
    team = portfolio.spec.governance.team
    for product in products.values():
        if team and portfolio.id in product.spec.portfolios and product.spec.tags.get(TEAM) != team:
            yield Problem(
                product.where("tags", TEAM),
                f"the portfolio '{portfolio.id}' is the team {team}'s ({portfolio.where('governance', 'team')}), which"
                f" launches only products with the tag {TEAM}: {team}",
                f"Add the tag, or take the product out of '{portfolio.id}'.",
            )


def _limits(products: Mapping[str, Product], portfolios: Mapping[str, Portfolio]) -> Iterator[Problem]:
    sources: list[Product | Portfolio] = [*products.values(), *portfolios.values()]
    for source in sources:
        count = sum(len(set(values)) for values in source.spec.tag_options.values())
        if count > 25:
            yield Problem(
                source.where("tag_options"),
                f"{count} TagOptions, Service Catalog allows 25 on one resource",
                "Remove some.",
            )
        for key, values in source.spec.tag_options.items():
            for value, times in Counter(values).items():
                if times > 1:
                    yield Problem(
                        source.where("tag_options", key),
                        f"the value '{value}' stands {times} times",
                        "Keep one.",
                    )
    values_of: dict[str, set[str]] = {}
    for source in sources:
        for key, values in source.spec.tag_options.items():
            values_of.setdefault(key, set()).update(values)
            if len(values_of[key]) > 25:
                yield Problem(
                    source.where("tag_options", key),
                    f"the TagOption key '{key}' has more than 25 values in the catalogue, Service Catalog's limit",
                    "Use fewer values, or another key.",
                )
                break
    for portfolio in portfolios.values():
        patterns = sum(bool(access.pattern) for access in portfolio.spec.access)
        if patterns > 10:
            yield Problem(
                portfolio.where("access"),
                f"{patterns} patterns, Service Catalog allows 10 in a portfolio",
                "Remove some.",
            )
        offered = [product for product in products.values() if portfolio.id in product.spec.portfolios]
        if len(offered) > 150:
            yield Problem(
                portfolio.where(),
                f"{len(offered)} products, Service Catalog allows 150 in a portfolio",
                "Split the portfolio.",
            )
