"""Taking permissions away from launch roles: those that no version needs which anybody may still launch, update or run.

Service Catalog pins a launch role on what was launched with it, so that a role covers every version somebody runs,
retired ones too; CloudFormation pins SageMaker's on the stacks of its projects. Where anything is in doubt nothing is taken away, and the plan says why. Nothing is written here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from generator import launch_role, project_templates, template, usage
from generator.bundle import Bundle
from generator.catalogue import Target
from generator.errors import FactoryError, Where, fail
from generator.gateway import Gateway
from generator.launch_role import Delivery, Grant, LaunchRole, Scope
from generator.model import Artifact, Launched, State

_ASSET = re.compile(r"assets/([\w.-]+)/[0-9a-f]{64}\.zip")


@dataclass(frozen=True)
class Pruned:
    """A role with only what somebody may still need, and what it no longer has."""

    role: LaunchRole
    gone: frozenset[Grant]


# --- deciding


def offered(states: Iterable[State], product: str, again: Collection[str] = ()) -> frozenset[str]:
    """The versions that somebody may launch, or will be when `again` are offered anew."""
    return frozenset(
        version
        for version, artifact in _artifacts(states, product)
        if (artifact.active and artifact.guidance == "DEFAULT") or version in again
    )


def living(
    states: Sequence[State], product: str, again: Collection[str], launched: Iterable[Launched]
) -> frozenset[str]:
    """The versions that somebody may still need: on offer, launched, or to be updated to.

    A deprecated version is no longer launched, but whoever runs another one may update to it.
    """
    found = offered(states, product, again) | {each.version for each in launched if each.product == product}
    if not found:
        return found
    deprecated = {version for version, artifact in _artifacts(states, product) if artifact.active}
    return found | deprecated


def doubt(role: LaunchRole, states: Sequence[State], launched: Iterable[Launched]) -> str:
    """Why nobody can say which versions are needed; empty when everybody can."""
    known = {version for version, _ in _artifacts(states, role.product)}
    for each in launched:
        if each.product == role.product and each.version not in known:
            return f"{each.name} in account {each.account} runs a version that is no longer there"
        if each.product != role.product and each.role == role.name:
            return f"{each.name} in account {each.account} was launched with this role, as another product"
    return ""


def _artifacts(states: Iterable[State], product: str) -> Iterator[tuple[str, Artifact]]:
    for state in states:
        if product in state.products:
            yield from state.products[product].artifacts.items()


def offered_again(bundle: Bundle | None, states: Iterable[State]) -> frozenset[str]:
    """Published versions that the YAML puts back on offer, after they were inactive or deprecated."""
    if bundle is None:
        return frozenset()
    spec = bundle.product.spec
    return frozenset(
        version
        for version, artifact in _artifacts(states, bundle.id)
        if version not in (*spec.inactive_versions, *spec.deprecated_versions)
        and not (artifact.active and artifact.guidance == "DEFAULT")
    )


# --- reading


def _there(state: State, role: LaunchRole) -> Collection[str]:
    """The published versions that are launched under the role."""
    if role.delivery is Delivery.SAGEMAKER:
        return state.projects.get(role.product, {}).keys()
    return state.products[role.product].artifacts.keys() if role.product in state.products else ()


class Needs:
    """What published versions need, worked out from their templates as they are in the artifact bucket."""

    def __init__(self, catalogue: str, target: Target, gateway: Gateway, states: Mapping[str, State]) -> None:
        self._catalogue, self._target, self._gateway, self._states = catalogue, target, gateway, states

    def of(self, role: LaunchRole, version: str) -> frozenset[Grant]:
        """The grants of a version in all regions. Raises FactoryError when its template cannot be had or understood."""
        texts: set[str] = set()
        for region, state in self._states.items():
            if version not in _there(state, role):
                continue
            text = self._gateway.artifact_template(region, role.product, version)
            if text is None:
                raise fail(f"{role.product} {version}", f"its template is not in bucket {state.bucket}")
            texts.add(text)
        grants: frozenset[Grant] = frozenset()
        for text in sorted(texts):
            grants |= self.of_template(role, version, text)
        return grants

    def of_template(self, role: LaunchRole, version: str, text: str) -> frozenset[Grant]:
        """The grants of a template; `version` says whose it is. Raises FactoryError when it cannot be understood."""
        spec = self._target.spec
        scope = Scope(
            catalogue=self._catalogue,
            product=role.product,
            regions=role.regions,
            boundary=spec.permissions_boundary or None,
            launch_boundary=spec.launch_boundary or None,
            assets=tuple(
                f"{self._target.bucket(region)}/assets/{name}/*.zip"
                for name in sorted(set(_ASSET.findall(text)))
                for region in spec.regions
            ),
            delivery=role.delivery,
        )
        body = template.parse(text, Where(f"{role.product} {version}"))
        return launch_role.synthesise(body, scope)[0].grants


class Pruning:
    """Decides role by role; `notes` says of each role that keeps more than is on offer why it does."""

    def __init__(
        self, target: Target, needs: Needs, census: usage.Census, states: Mapping[str, State]
    ) -> None:
        self._target, self._needs, self._census, self._states = target, needs, census, states
        self.notes: list[str] = []

    def pruned(self, role: LaunchRole, bundle: Bundle | None) -> Pruned | None:
        """The role without what nobody can need; None where nothing goes."""
        if role.delivery is Delivery.SAGEMAKER:
            return self._pruned_project(role, bundle)
        states = list(self._states.values())
        again = offered_again(bundle, states)
        current = bundle.role.grants if bundle and bundle.role else frozenset()
        try:
            needed = current | self._of(role, offered(states, role.product, again))
            spare = role.grants - needed
            if not spare:
                return None
            launched, silent = self._census.launched(
                usage.shares_of(role.product, states), {*self._target.spec.regions, *role.regions}
            )
            ours = usage.by_product(launched, role.product, role.name)
            if why := "; ".join(silent) or doubt(role, states, ours):
                self._note(role, f"{_grants(spare)} that no version on offer needs stay: {why}")
                return None
            needed |= self._of(role, living(states, role.product, again, ours))
        except FactoryError as error:
            self._note(role, f"nothing is taken away: {error}")
            return None
        gone = role.grants - needed
        if kept := spare - gone:
            running = [
                f"{version} ({', '.join(names)})"
                for version, names in usage.told(ours).items()
                if version not in offered(states, role.product, again)
            ]
            self._note(
                role,
                f"{_grants(kept)} stay for versions that somebody runs or may update to: {', '.join(running)}",
            )
        return Pruned(replace(role, grants=needed), gone) if gone else None

    def _pruned_project(self, role: LaunchRole, bundle: Bundle | None) -> Pruned | None:
        """The same for SageMaker's delivery: what a project runs is asked of its stack, which tells role and template."""
        states, spec = list(self._states.values()), project_templates.spec_of(bundle)
        current = [each.grants for each in (bundle.roles if bundle else ()) if each.key == role.key]
        try:
            offered = project_templates.offered(states, role.product, spec)
            needed = frozenset[Grant]().union(*current) | self._of(role, offered)
            spare = role.grants - needed
            if not spare:
                return None
            stacks, silent = self._census.projects({*self._target.spec.regions, *role.regions})
            ours = [each for each in stacks if each.role == role.name]
            changing = [f"{each.name} is being changed" for each in ours if not each.settled]
            if why := "; ".join((*silent, *changing)):
                self._note(role, f"{_grants(spare)} that no version on offer needs stay: {why}")
                return None
            for each in ours:
                needed |= self._needs.of_template(role, f"in {each.name}", each.template)
            if offered or ours:
                needed |= self._of(role, project_templates.living(states, role.product, spec))
        except FactoryError as error:
            self._note(role, f"nothing is taken away: {error}")
            return None
        gone = role.grants - needed
        if kept := spare - gone:
            running = ", ".join(each.name for each in ours) or "none now"
            self._note(
                role,
                f"{_grants(kept)} stay for what projects run or may be updated to; projects: {running}",
            )
        return Pruned(replace(role, grants=needed), gone) if gone else None

    def _of(self, role: LaunchRole, versions: Iterable[str]) -> frozenset[Grant]:
        found: frozenset[Grant] = frozenset()
        for version in sorted(versions):
            found |= self._needs.of(role, version)
        return found

    def _note(self, role: LaunchRole, text: str) -> None:
        self.notes.append(f"launch role {role.name}: {text}")


def _grants(grants: Collection[Grant]) -> str:
    return f"{len(grants)} grant{'s' if len(grants) != 1 else ''}"
