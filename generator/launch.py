"""The end user's half: a product's form filled in, decided before AWS is asked, and followed to its end.

Owns what may be launched with which values. It talks to AWS through the `Desk` alone, and prints nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from generator.errors import AwsError, FactoryError, Problem, Where, did_you_mean, fail
from generator.version import order

ENDED = ("SUCCEEDED", "FAILED")


@dataclass(frozen=True)
class Field:
    """A parameter of a product, as its form shows it."""

    name: str
    description: str = ""
    default: str | None = None
    allowed: tuple[str, ...] = ()
    rule: str = ""
    kind: str = "String"
    pattern: str = ""
    longest: str = ""
    least: str = ""
    most: str = ""


@dataclass(frozen=True)
class Version:
    id: str
    name: str
    deprecated: bool = False


@dataclass(frozen=True)
class Path:
    """A portfolio by which the product may be launched."""

    id: str
    name: str


@dataclass(frozen=True)
class Offer:
    """A product as its end user sees it."""

    id: str
    name: str
    versions: tuple[Version, ...]
    paths: tuple[Path, ...]


@dataclass(frozen=True)
class Form:
    """What a version asks for: its parameters, and the tags of which each must have one of some values."""

    fields: tuple[Field, ...]
    tags: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Provisioned:
    """Something launched."""

    id: str
    name: str
    status: str
    product: str
    product_name: str
    version: str
    version_name: str
    path: str = ""
    message: str = ""
    owner: str = ""


@dataclass(frozen=True)
class Record:
    """What became of a request."""

    id: str
    status: str
    errors: tuple[str, ...] = ()
    outputs: tuple[tuple[str, str, str], ...] = ()
    role: str = ""


@dataclass(frozen=True)
class Event:
    """Something that happened to a resource of a stack."""

    id: str
    logical_id: str
    type: str
    physical_id: str
    status: str
    reason: str


@dataclass(frozen=True)
class Order:
    """A launch or an update, decided: all that AWS is to be told."""

    name: str
    product: str
    version: str
    path: str
    parameters: Mapping[str, str]
    kept: tuple[str, ...]
    tags: Mapping[str, str]


class Desk(Protocol):
    """Service Catalog as an end user meets it."""

    def offers(self, name: str) -> list[Offer]: ...
    def form(self, product: str, version: str, path: str) -> Form: ...
    def provisioned(self) -> list[Provisioned]: ...
    def launch(self, order: Order) -> str: ...
    def update(self, order: Order) -> str: ...
    def terminate(self, name: str) -> str: ...
    def record(self, ident: str) -> Record: ...
    def wait(self, attempt: int) -> None: ...


def pairs(given: Iterable[str], option: str) -> dict[str, str]:
    """`KEY=VALUE` arguments."""
    found: dict[str, str] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise fail(f"{option} {text}", "is not of the form KEY=VALUE", f"Example: {option} Size=small.")
        if key in found:
            raise fail(f"{option} {text}", f"'{key}' is given twice", "Give each key once.")
        found[key] = value
    return found


def offered(desk: Desk, product: str, name: str) -> Offer:
    """The product of this name that the caller may launch."""
    found = desk.offers(name)
    if not found:
        raise fail(
            product,
            f"no product named '{name}' is there for you to launch",
            "Publish it (catalog publish), and be one of `access:` in its portfolio.",
        )
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise fail(
            product, f"several products are named '{name}' ({ids})", "Launch it in the console, by its id."
        )
    return found[0]


def version_of(offer: Offer, product: str, wanted: str | None) -> Version:
    """The version asked for, else the highest that is not deprecated."""
    if wanted is not None:
        found = [version for version in offer.versions if version.name == wanted]
        if not found:
            names = [version.name for version in offer.versions]
            raise fail(product, f"there is no version {wanted} to launch", did_you_mean(wanted, names))
        return found[-1]
    current = [version for version in offer.versions if not version.deprecated]
    if not current:
        raise fail(product, "all its versions are deprecated", "Ask its owner for a new one.")
    try:
        return max(current, key=lambda version: order(version.name))
    except ValueError:
        return current[-1]  # versions of somebody else, who counts in another way


def path_of(offer: Offer, product: str, wanted: str | None) -> Path:
    """The portfolio asked for, else the only one."""
    names = [path.name for path in offer.paths]
    found = [path for path in offer.paths if wanted in (None, path.name, path.id)]
    if wanted is not None and not found:
        raise fail(product, f"it is in no portfolio '{wanted}' for you", did_you_mean(wanted, names))
    if len(found) > 1:
        raise fail(product, f"it is in several portfolios: {', '.join(names)}", "Choose with --portfolio.")
    return found[0]


def fill(
    form: Form,
    product: str,
    parameters: Mapping[str, str],
    tags: Mapping[str, str],
    known: Iterable[str] = (),
) -> None:
    """Raises FactoryError with everything that the form does not accept; `known` parameters have a value already."""
    where, problems = Where(product), []
    fields = {field.name: field for field in form.fields}
    problems += [
        Problem(where, f"there is no parameter '{name}'", did_you_mean(name, fields))
        for name in parameters
        if name not in fields
    ]
    for field in form.fields:
        value = parameters.get(field.name)
        if value is None and field.default is None and field.name not in known:
            problems.append(Problem(where, _missing(field), f"Add --param {field.name}={_sample(field)}."))
        if value is not None and field.allowed and value not in field.allowed:
            what = f"parameter {field.name} cannot be '{value}'"
            problems.append(Problem(where, what, f"One of {', '.join(field.allowed)}."))
    for key, values in form.tags.items():
        if tags.get(key) in values or (key not in tags and len(values) < 2):
            continue
        what = f"tag '{key}' cannot be '{tags[key]}'" if key in tags else f"tag '{key}' must be chosen"
        problems.append(Problem(where, what, f"Add --tag {key}= and one of {', '.join(values)}."))
    if problems:
        raise FactoryError(*problems)


def _missing(field: Field) -> str:
    told = [field.description.rstrip("."), field.rule.rstrip(".")]
    return ". ".join([f"parameter {field.name} is missing", *filter(None, told)])


def _sample(field: Field) -> str:
    return "|".join(field.allowed) if field.allowed else "…"


def free_name(wanted: str | None, product: str, taken: Iterable[str]) -> str:
    """The name asked for, else the product's id, with a number where that is taken."""
    if wanted is not None:
        return wanted
    names, name, number = set(taken), product, 1
    while name in names:
        number += 1
        name = f"{product}-{number}"
    return name


def named(desk: Desk, name: str) -> Provisioned:
    """What is launched under this name."""
    known = {each.name: each for each in desk.provisioned()}
    if name not in known:
        remedy = did_you_mean(name, known) or "Nothing is launched."
        raise fail(name, "nothing of this name is launched", remedy)
    return known[name]


def ended(desk: Desk, ident: str, tell: Callable[[str], None]) -> Record:
    """The record at its end, told of on the way."""
    status, attempt = "", 0
    while True:
        record = desk.record(ident)
        if record.status != status:
            status = record.status
            tell(status)
        if status in ENDED:
            return record
        desk.wait(attempt)
        attempt += 1


def follow(desk: Desk, ident: str, tell: Callable[[str], None], *, name: str) -> Record:
    """The record at its end; raises AwsError where it failed."""
    record = ended(desk, ident, tell)
    if record.status == "FAILED":
        reason = " ".join(record.errors) or "AWS gives no reason"
        remedy = f"What is left of it goes with `catalog terminate {name}`."
        raise AwsError(Problem(Where(f"record {ident}"), reason, remedy))
    return record


def outputs_text(record: Record) -> str:
    """Outputs, with what they mean."""
    lines: list[str] = []
    for key, value, description in record.outputs:
        lines += [f"{key}: {value}"] + ([f"  {description}"] if description else [])
    return "".join(f"{line}\n" for line in lines)


def rows(launched: Sequence[Provisioned]) -> list[list[str]]:
    """A table of what is launched."""
    return [["NAME", "STATUS", "PRODUCT", "VERSION", "ID"]] + [
        [each.name, each.status, each.product_name, each.version_name, each.id] for each in launched
    ]
