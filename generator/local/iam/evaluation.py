"""IAM's decision: may this caller do this action on this resource, and which policy says so?

Owns the order and the interplay of the policy types. It is pure: the policies that apply are handed in by
whoever knows which are attached where, and nothing is read or remembered. Each decision is logged, with the policies
that it was made from, at the level of debugging.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from generator.local.iam.caller import Caller, Named, excepted, named
from generator.local.iam.conditions import Context, Value, holds
from generator.local.iam.organization import FULL_ACCESS, RESOURCE_CONTROLLED
from generator.local.iam.patterns import account_of, action_like, resource_like
from generator.local.iam.policy import Policy, Statement
from generator.local.iam.validation import Document, parse

log = logging.getLogger("catalog.local.iam")
Outcome = Literal["allowed", "explicit_deny", "implicit_deny"]
Layer = Literal[
    "service_control",
    "resource_control",
    "endpoint",
    "resource",
    "trust",
    "identity",
    "boundary",
    "session",
    "root",
]

# The owner's root user keeps these whatever the bucket policy denies, so that nobody locks themselves out.
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html
_ROOTS_OWN = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})


@dataclass(frozen=True)
class Request:
    """One call to be judged. `resource` is an ARN, or `*` for actions that have no resource.

    `resource_account` matters where the ARN names no account (S3) and the resource is not the caller's own.
    """

    caller: Caller
    action: str
    resource: str = "*"
    context: Mapping[str, Value] = field(default_factory=dict)
    resource_account: str = ""

    @property
    def service(self) -> str:
        return self.action.partition(":")[0].lower()

    @property
    def owner(self) -> str:
        return self.resource_account or account_of(self.resource) or self.caller.account

    @property
    def assumes_role(self) -> bool:
        return self.service == "sts" and ":iam::" in self.resource and ":role/" in self.resource

    @property
    def uses_key(self) -> bool:
        return self.service == "kms" and ":key/" in self.resource


Levels = tuple[tuple[Policy, ...], ...]


@dataclass(frozen=True)
class Policies:
    """Every policy that applies to a request.

    The organisation's come as levels, from the root to the account, each of which must allow; no levels
    means that none apply (no organisation, or its management account). `resource` is the policy of the
    resource: bucket policy, key policy, or the trust policy of a role to be assumed.
    """

    identity: tuple[Policy, ...] = ()
    resource: Policy | None = None
    boundary: Policy | None = None
    session: tuple[Policy, ...] | None = None
    service_control: Levels = ()
    resource_control: Levels = ()
    endpoint: Policy | None = None

    @classmethod
    def of(
        cls,
        *,
        identity: Iterable[Document] = (),
        resource: Document | None = None,
        trust: Document | None = None,
        boundary: Document | None = None,
        session: Iterable[Document] | None = None,
        service_control: Sequence[Sequence[Document]] = (),
        resource_control: Sequence[Sequence[Document]] = (),
        endpoint: Document | None = None,
    ) -> Policies:
        """The same from plain documents; a role's trust policy has a grammar of its own."""
        if trust is not None:
            resource_policy: Policy | None = parse(trust, "trust")
        else:
            resource_policy = None if resource is None else parse(resource, "resource")
        return cls(
            tuple(parse(one) for one in identity),
            resource_policy,
            None if boundary is None else parse(boundary),
            None if session is None else tuple(parse(one, "session") for one in session),
            tuple(tuple(parse(one, "service_control") for one in level) for level in service_control),
            # Parsed as resource policies: RCPFullAWSAccess allows, which no written RCP may.
            tuple(tuple(parse(one, "resource") for one in level) for level in resource_control),
            None if endpoint is None else parse(endpoint, "endpoint"),
        )


@dataclass(frozen=True)
class Decision:
    """The answer and who gave it: the policy type, and the statement where one matched."""

    allowed: bool
    effect: Outcome
    by: Layer
    request: Request
    policy: str = ""
    statement: str = ""


@dataclass(frozen=True)
class _Match:
    """A statement that covers the request, and how closely it names the caller."""

    layer: Layer
    policy: Policy
    statement: Statement
    named: Named = Named.CALLER


def evaluate(request: Request, policies: Policies) -> Decision:
    """The decision of IAM. An explicit denial anywhere wins; then every layer that can limit must allow."""
    decision = _Evaluation(request, policies).decide()
    log.debug(
        "%s: %s asks for %s on %s",
        decision.effect,
        request.caller.arn,
        request.action,
        request.resource,
        extra={"decision": decision, "policies": policies},
    )
    return decision


class _Evaluation:
    def __init__(self, request: Request, policies: Policies) -> None:
        self.request = request
        self.caller = request.caller
        self.policies = policies
        self.context = Context.of(_context(request))
        self.resource_layer: Layer = "trust" if request.assumes_role else "resource"
        exempt = self.caller.service_linked
        # SCPs bind the principals of their accounts, RCPs whoever touches a resource of theirs.
        self.service_control = policies.service_control if self.caller.in_account and not exempt else ()
        bound = request.service in RESOURCE_CONTROLLED and request.action.lower() != "kms:retiregrant"
        self.resource_control = policies.resource_control if bound and not exempt else ()

    def decide(self) -> Decision:
        for match in self._matches("Deny"):
            return self._decision("explicit_deny", match)
        if self.caller.kind == "root" and self.request.assumes_role:
            return self._implicit("root")
        organisation: tuple[tuple[Layer, Levels], ...] = (
            ("service_control", self.service_control),
            ("resource_control", self.resource_control),
        )
        for layer, levels in organisation:
            if not all(self._allow(layer, level) for level in levels):
                return self._implicit(layer)
        endpoint = self.policies.endpoint
        if endpoint is not None and not self._allow("endpoint", (endpoint,)):
            return self._implicit("endpoint")
        granted = self._granted()
        if not self.caller.in_account:
            return self._decision("allowed", granted) if granted else self._implicit(self.resource_layer)
        if self.request.owner != self.caller.account:
            # Two evaluations: the resource's account says yes to the caller, and the caller's own to the call.
            return self._own(granted) if granted else self._implicit(self.resource_layer)
        return self._same_account(granted)

    def _same_account(self, granted: _Match | None) -> Decision:
        if granted is not None and granted.named is Named.CALLER:
            return self._decision("allowed", granted)
        if granted is not None and granted.named is Named.ROLE:
            return self._limits() or self._decision("allowed", granted)
        # Keys and roles are closed to their own account until their policy opens them to it.
        if granted is None and (self.request.uses_key or self.request.assumes_role):
            return self._implicit(self.resource_layer)
        return self._own(granted)

    def _own(self, granted: _Match | None) -> Decision:
        """What the caller's own account says: identity policies, then what limits them."""
        if self.caller.kind == "root":
            root = _Match("root", FULL_ACCESS, FULL_ACCESS.statements[0])
            return self._decision("allowed", granted or root)
        allowed = self._allow("identity", self.policies.identity)
        if allowed is None:
            return self._implicit("identity")
        return self._limits() or self._decision("allowed", allowed)

    def _limits(self) -> Decision | None:
        boundary, session = self.policies.boundary, self.policies.session
        if boundary is not None and not self._allow("boundary", (boundary,)):
            return self._implicit("boundary")
        if session is None:
            # Without a session policy a federated user has only what resources grant to it by name.
            return self._implicit("session") if self.caller.kind == "federated_user" else None
        return None if self._allow("session", session) else self._implicit("session")

    def _granted(self) -> _Match | None:
        """The closest grant of the resource's policy."""
        policy = self.policies.resource
        if policy is None:
            return None
        return max(
            self._in(self.resource_layer, policy, "Allow"), key=lambda match: match.named, default=None
        )

    def _matches(self, effect: Literal["Allow", "Deny"]) -> Iterable[_Match]:
        policies = self.policies
        layers: list[tuple[Layer, Iterable[Policy]]] = [
            ("service_control", (policy for level in self.service_control for policy in level)),
            ("resource_control", (policy for level in self.resource_control for policy in level)),
            ("endpoint", () if policies.endpoint is None else (policies.endpoint,)),
            (
                self.resource_layer,
                () if self._own_bucket() or policies.resource is None else (policies.resource,),
            ),
        ]
        if self.caller.in_account and self.caller.kind != "root":
            layers += [
                ("identity", policies.identity),
                ("boundary", () if policies.boundary is None else (policies.boundary,)),
                ("session", policies.session or ()),
            ]
        for layer, attached in layers:
            for policy in attached:
                yield from self._in(layer, policy, effect)

    def _own_bucket(self) -> bool:
        own = self.caller.kind == "root" and self.request.owner == self.caller.account
        return own and self.request.action.lower() in _ROOTS_OWN

    def _allow(self, layer: Layer, policies: Iterable[Policy]) -> _Match | None:
        return next((match for policy in policies for match in self._in(layer, policy, "Allow")), None)

    def _in(self, layer: Layer, policy: Policy, effect: Literal["Allow", "Deny"]) -> Iterable[_Match]:
        for statement in policy.statements:
            if statement.effect == effect and (how := self._covers(policy, statement)):
                yield _Match(layer, policy, statement, how)

    def _covers(self, policy: Policy, statement: Statement) -> Named:
        how = self._names(statement)
        if (
            how is not Named.NOT
            and _listed(
                statement.actions,
                statement.not_actions,
                lambda entry: action_like(self.request.action, entry),
            )
            and self._on(policy, statement)
            and all(holds(test, self.context, variables=policy.variables) for test in statement.conditions)
        ):
            return how
        return Named.NOT

    def _names(self, statement: Statement) -> Named:
        if statement.principals is not None:
            return named(self.caller, statement.principals)
        if statement.not_principals is None:
            return Named.CALLER
        if statement.effect == "Allow":
            listed = named(self.caller, statement.not_principals)
            return Named.NOT if listed else Named.CALLER
        # A Deny with NotPrincipal hits whoever has a permissions boundary, listed or not.
        bounded = self.policies.boundary is not None and self.caller.kind in ("user", "role")
        spared = not bounded and excepted(self.caller, statement.not_principals)
        return Named.NOT if spared else Named.CALLER

    def _on(self, policy: Policy, statement: Statement) -> bool:
        if statement.resources is None and statement.not_resources is None:
            return True
        lookup = self.context.variable if policy.variables else None
        return _listed(
            statement.resources,
            statement.not_resources,
            lambda entry: resource_like(self.request.resource, entry, lookup),
        )

    def _decision(self, effect: Outcome, match: _Match) -> Decision:
        return Decision(
            effect == "allowed", effect, match.layer, self.request, match.policy.name, match.statement.label
        )

    def _implicit(self, layer: Layer) -> Decision:
        return Decision(False, "implicit_deny", layer, self.request)


def _listed(
    entries: tuple[str, ...] | None, others: tuple[str, ...] | None, like: Callable[[str], bool]
) -> bool:
    if entries is not None:
        return any(like(entry) for entry in entries)
    return not any(like(entry) for entry in others or ())


def _context(request: Request) -> dict[str, Value]:
    """The caller's keys, under those that were given: who calls may know better (a session's tags)."""
    keys = {key.lower(): value for key, value in request.caller.context().items()}
    if request.owner:
        keys["aws:resourceaccount"] = request.owner
    return keys | {key.lower(): value for key, value in request.context.items()}
