"""Laws of IAM that hold for every policy: hypothesis looks for one that breaks them."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import translate
from re import DOTALL, fullmatch
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from generator.local.iam import Caller, Decision, Policies, Request, evaluate
from generator.local.iam.patterns import arn_like, like, resource_like

ACCOUNT = "111122223333"
ANA = f"arn:aws:iam::{ACCOUNT}:user/ana"
DEV = f"arn:aws:iam::{ACCOUNT}:role/dev"
CALLERS = (
    Caller.user(ANA, tags={"team": "red"}),
    Caller.role(DEV, "ana"),
    Caller.federated_user(ANA, "guest"),
    Caller.root(ACCOUNT),
    Caller.user("arn:aws:iam::999988887777:user/eve"),
    Caller.service("sns.amazonaws.com"),
    Caller.anonymous(),
)
ACTIONS = ("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "kms:Decrypt", "ec2:DescribeVpcs")
RESOURCES = (
    "arn:aws:s3:::b/k",
    "arn:aws:s3:::b",
    f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q",
    f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k",
    "*",
)
PRINCIPALS: tuple[Any, ...] = (
    "*",
    {"AWS": ACCOUNT},
    {"AWS": ANA},
    {"AWS": DEV},
    {"AWS": f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/ana"},
    {"AWS": "999988887777"},
    {"Service": "sns.amazonaws.com"},
)
CONDITIONS: tuple[dict[str, Any], ...] = (
    {},
    {"StringEquals": {"aws:PrincipalTag/team": "red"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": "red"}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
    {"Null": {"aws:TagKeys": "true"}},
)
# No shrinking budget is lost on the clock, and the same cases run everywhere.
laws = settings(max_examples=150, deadline=None, derandomize=True)


def statements(*, principal: bool) -> st.SearchStrategy[dict[str, Any]]:
    fixed: dict[str, Any] = {
        "Effect": st.sampled_from(["Allow", "Allow", "Deny"]),
        "Condition": st.sampled_from(CONDITIONS),
    }
    action = st.sampled_from(["Action", "NotAction"])
    resource = st.sampled_from(["Resource", "NotResource"])
    patterns = st.lists(
        st.sampled_from(["*", "s3:*", "s3:Get*", "kms:?ecrypt", *ACTIONS]), min_size=1, max_size=2
    )
    arns = st.lists(
        st.sampled_from(["*", "arn:aws:s3:::*", "arn:aws:s3:::b/${aws:username}", *RESOURCES]),
        min_size=1,
        max_size=2,
    )

    def build(parts: tuple[dict[str, Any], str, list[str], str, list[str], Any]) -> dict[str, Any]:
        base, action_name, actions, resource_name, resources, who = parts
        return (
            base
            | {action_name: actions, resource_name: resources}
            | ({"Principal": who} if principal else {})
        )

    who = st.sampled_from(PRINCIPALS)
    return st.tuples(st.fixed_dictionaries(fixed), action, patterns, resource, arns, who).map(build)


def documents(*, principal: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(statements(principal=principal), min_size=1, max_size=4).map(document)


def document(body: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": body}


REQUESTS = st.builds(
    Request,
    st.sampled_from(CALLERS),
    st.sampled_from(ACTIONS),
    st.sampled_from(RESOURCES),
    st.sampled_from([{}, {"aws:TagKeys": ["a"]}, {"aws:TagKeys": ["a", "c"]}]),
    st.just(ACCOUNT),
)
GIVEN = st.fixed_dictionaries(
    {"identity": st.lists(documents(), max_size=2), "resource": documents(principal=True) | st.none()},
    optional={
        "boundary": documents(),
        "session": st.lists(documents(), max_size=2),
        "service_control": st.lists(st.lists(documents(), max_size=2), max_size=2),
        "endpoint": documents(principal=True),
    },
)
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
DENY = ALLOW | {"Effect": "Deny"}


def decide(request: Request, given_policies: dict[str, Any]) -> Decision:
    return evaluate(request, Policies.of(**given_policies))


@laws
@given(REQUESTS, GIVEN, st.sampled_from(["identity", "resource", "boundary", "service_control", "endpoint"]))
def test_an_explicit_deny_always_wins(request: Request, policies: dict[str, Any], where: str) -> None:
    in_account, root = request.caller.in_account, request.caller.kind == "root"
    if (where == "service_control" and not in_account) or (
        where in ("identity", "boundary") and (not in_account or root)
    ):
        return  # these do not bind such callers, which the tables show
    denial = document([DENY | ({"Principal": "*"} if where in ("resource", "endpoint") else {})])
    if where == "identity":
        policies = policies | {"identity": [*policies["identity"], denial]}
    elif where == "service_control":
        policies = policies | {"service_control": [*policies.get("service_control", []), [denial]]}
    else:
        policies = policies | {where: denial}
    assert decide(request, policies).effect == "explicit_deny"


@laws
@given(REQUESTS, GIVEN, statements(principal=False), statements(principal=True))
def test_an_allow_never_takes_away(
    request: Request, policies: dict[str, Any], allow: dict[str, Any], public: dict[str, Any]
) -> None:
    if not decide(request, policies).allowed:
        return
    more = policies | {"identity": [*policies["identity"], document([allow | {"Effect": "Allow"}])]}
    assert decide(request, more).allowed
    body = [] if policies["resource"] is None else policies["resource"]["Statement"]
    assert decide(request, policies | {"resource": document([*body, public | {"Effect": "Allow"}])}).allowed


@laws
@given(REQUESTS, GIVEN, statements(principal=False))
def test_a_deny_never_grants(request: Request, policies: dict[str, Any], deny: dict[str, Any]) -> None:
    if decide(request, policies).allowed:
        return
    more = policies | {"identity": [*policies["identity"], document([deny | {"Effect": "Deny"}])]}
    assert not decide(request, more).allowed


@laws
@given(REQUESTS, GIVEN)
def test_limits_only_limit(request: Request, policies: dict[str, Any]) -> None:
    """Boundary, session policy, SCP and endpoint policy take away; without them at least as much is allowed."""
    if request.caller.kind == "federated_user" or not decide(request, policies).allowed:
        return  # a federated user without session policies has less
    for limit in ("boundary", "session", "service_control", "endpoint"):
        rest = {name: value for name, value in policies.items() if name != limit}
        assert decide(request, rest).allowed


@laws
@given(REQUESTS, GIVEN, st.randoms(use_true_random=False))
def test_order_does_not_matter(request: Request, policies: dict[str, Any], random: Any) -> None:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            return value | {"Statement": random.sample(value["Statement"], len(value["Statement"]))}
        return value

    other = {name: shuffled(value) for name, value in policies.items()}
    other["identity"] = [
        shuffled(one) for one in random.sample(policies["identity"], len(policies["identity"]))
    ]
    first, second = decide(request, policies), decide(request, other)
    assert first.effect == second.effect
    if not first.allowed:
        assert first.by == second.by


@laws
@given(
    st.sampled_from(ACTIONS),
    st.lists(st.sampled_from(["s3:*", "s3:Get*", "*", *ACTIONS]), min_size=1, max_size=3),
)
def test_not_action_is_the_complement(action: str, patterns: list[str]) -> None:
    request = Request(CALLERS[0], action)
    one = decide(
        request, {"identity": [document([{"Effect": "Allow", "Action": patterns, "Resource": "*"}])]}
    )
    other = decide(
        request, {"identity": [document([{"Effect": "Allow", "NotAction": patterns, "Resource": "*"}])]}
    )
    assert one.allowed is not other.allowed


@laws
@given(
    st.sampled_from(RESOURCES),
    st.lists(st.sampled_from(["*", "arn:aws:s3:::*", *RESOURCES]), min_size=1, max_size=3),
)
def test_not_resource_is_the_complement(resource: str, patterns: list[str]) -> None:
    request = Request(CALLERS[0], "s3:GetObject", resource, resource_account=ACCOUNT)
    one = decide(
        request, {"identity": [document([{"Effect": "Allow", "Action": "*", "Resource": patterns}])]}
    )
    other = decide(
        request, {"identity": [document([{"Effect": "Allow", "Action": "*", "NotResource": patterns}])]}
    )
    assert one.allowed is not other.allowed


@laws
@given(st.text(max_size=40))
def test_star_matches_everything(text: str) -> None:
    assert like(text, "*")
    assert resource_like(text, "*")
    assert resource_like(f"arn:aws:s3:::{text}", "arn:aws:s3:::*")
    assert arn_like(f"arn:aws:s3:::{text}", "arn:aws:s3:::*")


@laws
@given(st.text("ab*?.", max_size=8), st.text("ab*?.", max_size=12))
def test_wildcards_are_those_of_a_glob(pattern: str, text: str) -> None:
    """Against the standard library's translation, an implementation of its own."""
    expected = fullmatch(translate(pattern), text, DOTALL) is not None
    assert like(text, pattern) is expected
    assert resource_like(f"arn:aws:s3:::{text}", f"arn:aws:s3:::{pattern}") is expected


@laws
@given(st.text("ab:/*", max_size=8), st.text("ab:/", max_size=12))
def test_arn_operators_are_stricter_than_resource_matching(pattern: str, text: str) -> None:
    value, wanted = f"arn:aws:s{text}", f"arn:aws:s{pattern}"
    if wanted.count(":") == value.count(":") == 5 and arn_like(value, wanted):
        assert resource_like(value, wanted)


@laws
@given(REQUESTS, GIVEN)
def test_names_of_actions_and_keys_ignore_case(request: Request, policies: dict[str, Any]) -> None:
    shouted = replace(
        request,
        action=request.action.upper(),
        context={key.upper(): value for key, value in request.context.items()},
    )
    assert decide(request, policies).effect == decide(shouted, policies).effect
