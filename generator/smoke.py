"""The smoke test: a few products launched, updated and terminated for real, and all that AWS denied on the way.

Owns which products, with which values, in which order, and the tidying up. It talks to AWS through the `Stage` alone
and prints nothing; whether it may run at all is the command's to ask.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

from generator.blueprint import RAW
from generator.catalogue import Product
from generator.denial import Denial, denials
from generator.errors import AwsError
from generator.launch import Desk, Event, Field, Form, Order, Path, Record, Version, ended
from generator.version import order

PREFIX = "smoke-"
LAUNCH, UPDATE, TERMINATE = "launch", "update", "terminate"
PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"
_NOTHING_NEW = "no updates are to be performed"

Tell = Callable[[str], None]


class Stage(Desk, Protocol):
    """A desk that also shows what became of a stack."""

    def stack_of(self, name: str) -> str:
        """The stack of what is launched under a name; empty where there is none."""

    def events(self, stack: str) -> list[Event]:
        """All of a stack's events, the oldest first; of one that is gone too."""


@dataclass(frozen=True)
class Values:
    """What to fill a form with: what somebody gave, and what the update changes."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A product to be tried: what it is launched with, and to what it is then updated."""

    product: str
    name: str
    launch: Order
    update: Order
    versions: tuple[str, str]
    changes: Mapping[str, str]


@dataclass(frozen=True)
class Denied:
    """A denial, where it was met, and the role that lacks the permission."""

    step: str
    logical_id: str
    type: str
    role: str
    denial: Denial


@dataclass(frozen=True)
class Step:
    name: str
    status: str
    why: str = ""


@dataclass(frozen=True)
class Trial:
    """What became of one product. `left` is what is launched still; `kept` what its template retains."""

    product: str
    name: str = ""
    versions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    denied: tuple[Denied, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    left: bool = False
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def status(self) -> str:
        found = {step.status for step in self.steps}
        return FAILED if FAILED in found else PASSED if PASSED in found else SKIPPED


# --- which products, and with what


def candidates(products: Mapping[str, Product], named: Sequence[str]) -> list[list[Product]]:
    """Groups of products of which the first that can be launched is tried: those named, else one of each blueprint."""
    if named:
        return [[products[name]] for name in sorted(set(named))]
    groups: dict[str, list[Product]] = {}
    for product in products.values():
        if "service-catalog" not in product.spec.delivery:
            continue  # SageMaker Studio makes its projects from S3
        kind = product.spec.blueprint
        groups.setdefault(f"{kind}/{product.id}" if kind == RAW else kind, []).append(product)
    return list(groups.values())


def sample(form: Field, word: str) -> str | None:
    """A value that a parameter without a default takes; None where only a person can know.

    A pattern that takes the word asks for a name; a text without a pattern might mean anything.
    """
    if form.allowed:
        return form.allowed[0]
    if form.kind == "Number" and form.least:
        return form.least
    if form.kind != "String" or not form.pattern:
        return None
    for candidate in (word, word.replace("-", "")):
        long = form.longest and len(candidate) > int(form.longest)
        if not long and _fits(form.pattern, candidate):
            return candidate
    return None


def _fits(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:  # CloudFormation's patterns are Java's
        return False


def filled(form: Form, given: Mapping[str, str], word: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters to launch with, and the names of those that nobody knows a value of."""
    names = {field.name for field in form.fields}
    values = {name: value for name, value in given.items() if name in names}
    missing: list[str] = []
    for each in form.fields:
        if each.name in values or each.default is not None:
            continue
        value = sample(each, word)
        if value is None:
            missing.append(each.name)
        else:
            values[each.name] = value
    return values, tuple(missing)


def changed(form: Form, values: Mapping[str, str]) -> dict[str, str]:
    """One parameter with another value that it takes: a choice, else a number; nothing where there is none."""
    for each in form.fields:
        now = values.get(each.name, each.default)
        others = [value for value in each.allowed if value != now]
        if others:
            return {each.name: others[0]}
    for each in form.fields:
        now = values.get(each.name, each.default)
        if each.kind != "Number" or now is None or not re.fullmatch(r"-?\d+", now):
            continue
        if each.most and int(now) < float(each.most):
            return {each.name: str(int(now) + 1)}
        if each.least and int(now) > float(each.least):
            return {each.name: str(int(now) - 1)}
    return {}


def case(desk: Desk, product: Product, values: Values, word: str) -> Case | Trial:
    """What is to be done with a product; a skipped trial where it cannot be launched, saying why."""
    offers = desk.offers(product.spec.name)
    if not offers:
        return skipped(product.id, "it is not there for you to launch")
    offer = offers[0]
    if len(offers) > 1:
        return skipped(product.id, f"several products are named '{offer.name}'")
    before, after = _versions(offer.versions)
    if after is None or before is None:
        return skipped(product.id, "all its versions are deprecated")
    path = offer.paths[0]
    form, next_form = _forms(desk, offer.id, path, before, after)
    parameters, missing = filled(form, values.parameters, word)
    more, also_missing = filled(next_form, {**parameters, **values.parameters}, word)
    if absent := sorted({*missing, *also_missing}):
        told = ", ".join(f"--param {product.id}.{name}=…" for name in absent)
        return skipped(product.id, f"nobody knows a value of {', '.join(absent)}; give {told}")
    changes = dict(values.changes) or changed(next_form, more)
    tags = {key: values.tags.get(key, allowed[0]) for key, allowed in form.tags.items()}
    name = f"{word}-{product.id}"
    kept = {each.name for each in form.fields} & {each.name for each in next_form.fields}
    new = {key: value for key, value in more.items() if key not in kept} | changes
    return Case(
        product.id,
        name,
        Order(name, offer.id, before.id, path.id, parameters, (), tags),
        Order(name, offer.id, after.id, path.id, new, tuple(sorted(kept - new.keys())), {}),
        (before.name, after.name),
        changes,
    )


def skipped(product: str, why: str) -> Trial:
    return Trial(product, steps=(Step(LAUNCH, SKIPPED, why),))


def _versions(offered: Sequence[Version]) -> tuple[Version | None, Version | None]:
    """The version to launch and the one to update to: the two highest, or the only one twice."""
    current = sorted((each for each in offered if not each.deprecated), key=lambda each: order(each.name))
    if not current:
        return None, None
    return current[-2:][0], current[-1]


def _forms(desk: Desk, product: str, path: Path, before: Version, after: Version) -> tuple[Form, Form]:
    form = desk.form(product, before.id, path.id)
    return form, form if before == after else desk.form(product, after.id, path.id)


# --- the trial itself


class _Try:
    """One product's way through launch, update and termination, and what was met on it."""

    def __init__(self, stage: Stage, case: Case, tell: Tell) -> None:
        self._stage, self._case, self._tell = stage, case, tell
        versions = tuple(dict.fromkeys(case.versions))
        self.trial = Trial(case.product, case.name, versions, changes=case.changes)
        self._stack = ""
        self._seen: set[str] = set()

    def step(self, name: str, begin: Callable[[], str]) -> bool:
        """One operation to its end; whether it succeeded. The stack's events are read for every denial, not the first."""
        self._tell(f"{name} {self._case.name}")
        texts: list[str] = []
        try:
            record = ended(self._stage, begin(), lambda _status: None)
            texts += self._why(record)
        except AwsError as error:
            texts += [problem.problem for problem in error.problems]
        self._note(name, texts)
        status = FAILED if texts else PASSED
        self._add(Step(name, status, " ".join(dict.fromkeys(texts))))
        self._tell(f"{name} {self._case.name}: {status}")
        return not texts

    def _why(self, record: Record) -> list[str]:
        if record.role:
            self.trial = replace(self.trial, role=record.role)
        if record.status != "FAILED":
            return []
        found = list(record.errors) or ["AWS gives no reason"]
        if all(_NOTHING_NEW in text.lower() for text in found):
            return []  # an update that changes nothing
        return found

    def _note(self, step: str, texts: Sequence[str]) -> None:
        """Denials from the stack's events, which name the resource, then from the record, which has the rest."""
        found: list[Denied] = []
        events = self._events()
        for event in events:
            if event.status.endswith("_FAILED"):
                found += self._denied(step, event.reason, event.logical_id, event.type)
            elif event.status == "DELETE_SKIPPED" and event.physical_id:
                self.trial = replace(self.trial, kept=(*self.trial.kept, (event.type, event.physical_id)))
        known = {(each.denial.action, each.denial.resource) for each in found}
        for text in texts:
            found += [
                each
                for each in self._denied(step, text, "", "")
                if (each.denial.action, each.denial.resource) not in known
                and (each.denial.action or not found)
            ]
        new = tuple(each for each in dict.fromkeys(found) if each not in self.trial.denied)
        self.trial = replace(self.trial, denied=self.trial.denied + new)

    def _denied(self, step: str, text: str, logical_id: str, kind: str) -> Iterator[Denied]:
        for each in denials(text):
            yield Denied(step, logical_id, kind, self.trial.role, each)

    def _events(self) -> list[Event]:
        try:
            self._stack = self._stack or self._stage.stack_of(self._case.name)
            found = self._stage.events(self._stack) if self._stack else []
        except AwsError as error:
            self._tell(f"{self._case.name}: its stack's events cannot be read: {error}")
            return []
        new = [event for event in found if event.id not in self._seen]
        self._seen |= {event.id for event in new}
        return new

    def _add(self, step: Step) -> None:
        self.trial = replace(self.trial, steps=(*self.trial.steps, step))

    def skip(self, name: str, why: str) -> None:
        self._add(Step(name, SKIPPED, why))

    @contextmanager
    def tidied(self) -> Iterator[None]:
        """However it ends, an interruption included, what was launched is terminated."""
        try:
            yield
        finally:
            self._tidy()

    def _tidy(self) -> None:
        name = self._case.name
        try:
            there = any(each.name == name for each in self._stage.provisioned())
        except AwsError as error:
            self._add(Step(TERMINATE, FAILED, str(error)))
            there, self.trial = False, replace(self.trial, left=True)
        else:
            if not there:
                self.skip(TERMINATE, "nothing of it was launched")
        if there and not self.step(TERMINATE, lambda: self._stage.terminate(name)):
            self.trial = replace(self.trial, left=True)


def run(stage: Stage, case: Case, tell: Tell) -> Trial:
    """Launch, update and terminate one product; what AWS refuses is in the trial, not raised."""
    attempt = _Try(stage, case, tell)
    with attempt.tidied():
        if attempt.step(LAUNCH, lambda: stage.launch(case.launch)):
            attempt.step(UPDATE, lambda: stage.update(case.update))
        else:
            attempt.skip(UPDATE, "it was not launched")
    return attempt.trial


def leftovers(desk: Desk) -> list[str]:
    """What an earlier run that was killed left launched."""
    return sorted(each.name for each in desk.provisioned() if each.name.startswith(PREFIX))
