"""A launch role without one of its actions: what then fails, on the way from launch to termination."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from generator.local import LocalAws, iam

from .conftest import REGION, Person
from .shop import reasons

Statements = list[dict[str, Any]]

# Actions that a role has and whose absence no life here shows, each with its reason.
SPARE: Mapping[str, str] = {
    "cloudformation:UntagResource": "for tags that leave the stack; Service Catalog only adds to them",
    "application-autoscaling:(Tag|Untag)Resource": "targets have the stack's tags only: sent with the creation, never taken",
    "iam:ListRoleTags": "the registry's read handler names it; GetRole tells the tags already",
    "iam:UpdateRoleDescription": "the registry's update handler names it; UpdateRole changes the description",
    "codecommit:ListRepositories": "the registry's handlers name it; nothing documents the call",
    "codecommit:UpdateRepositoryName": "for a new name in place, which a role for that name would come with",
    "ecr:(Set|Delete)RepositoryPolicy": "the registry's update handler names it, whether there is a policy is not told",
    "s3:(ListBucket|ListTagsForResource|TagResource|UntagResource)": (
        "the registry's handlers name it; the documented calls for a bucket's tags are GetBucketTagging and PutBucketTagging"
    ),
    "cloudwatch:(GetMetricData|ListTagsForResource)": "the registry names it; read for predictive scaling and tags",
    "kms:(Decrypt|RetireGrant)": "the registry names it for what the service does with the volume's key later",
    "ec2:(DescribeInstances|DeleteNetworkInterfacePermission)": "the registry names it; for tidying after a failure",
    "cloudformation:(DescribeStackInstance|ListStackSetOperationResults)": (
        "the registry names it, for what went wrong in one account; the operation and the list of instances tell how it went"
    ),
    "sqs:GetQueueUrl": "the registry's create handler names it; CreateQueue answers with the URL",
    "ec2:UpdateSecurityGroupRuleDescriptionsEgress": (
        "the registry names it; documented are new rules for those that changed, descriptions included"
    ),
}

# The same for one product alone.
SPARE_OF: Mapping[str, Mapping[str, str]] = {
    "custom-model-endpoint": {
        "kms:(CreateGrant|DescribeKey)": "for targets that give it a key; local gives none"
    },
    "mlops-github-codepipeline": {
        "codestar-connections:PassConnection": "for connections with the older form of ARN; the form takes both"
    },
}


@dataclass(frozen=True)
class Pattern:
    """One resource of one statement, with the actions that the statement allows on it."""

    statement: int
    resource: str
    actions: tuple[str, ...]


# Resources of a role whose absence nothing here shows, whatever the actions on them.
SPARE_PATTERNS: Mapping[str, str] = {
    r"arn:aws:codestar-connections:.*": "the older form of a connection's ARN, which the form takes too",
    r"arn:aws:logs:[^:]+:\d+:log-group:.*:\*": "IAM writes a log group's ARN with and without the end; the API gives both",
}
# A launch role may read every asset of its template; the seeds of these are read by their own functions alone.
SEEDED_BY_FUNCTIONS = (
    "mlops-custom-seed",
    "mlops-github-codepipeline",
    "mlops-github-jenkins",
    "mlops-gitlab",
)


class Role:
    """The policies of a launch role in the local AWS, to be put there again with less in them."""

    def __init__(self, aws: LocalAws, name: str) -> None:
        session: Any = aws.session(REGION)
        self.iam, self.name = session.client("iam"), name
        self.statements: Statements = []
        for policy in self.iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
            arn = policy["PolicyArn"]
            version = self.iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = self.iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"][
                "Document"
            ]
            self.statements += document["Statement"]
            self.iam.detach_role_policy(RoleName=name, PolicyArn=arn)
        for policy in self.iam.list_role_policies(RoleName=name)["PolicyNames"]:
            document = self.iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            self.statements += document["Statement"]
            self.iam.delete_role_policy(RoleName=name, PolicyName=policy)
        self.without()

    @property
    def actions(self) -> list[str]:
        return sorted({action for each in self.statements for action in _list(each["Action"])})

    @property
    def patterns(self) -> list[Pattern]:
        return [
            Pattern(number, resource, tuple(_list(each["Action"])))
            for number, each in enumerate(self.statements)
            for resource in _list(each["Resource"])
        ]

    def without(self, *gone: str | Pattern) -> None:
        """Put all but these actions and patterns into one inline policy."""
        document = json.dumps(self.document(*gone))
        self.iam.put_role_policy(RoleName=self.name, PolicyName="all", PolicyDocument=document)

    def document(self, *gone: str | Pattern) -> dict[str, Any]:
        """The policy without these actions and patterns."""
        left = [
            {
                **each,
                "Action": [action for action in _list(each["Action"]) if action not in gone],
                "Resource": [
                    resource for resource in _list(each["Resource"]) if (number, resource) not in patterns
                ],
            }
            for patterns in [{(one.statement, one.resource) for one in gone if isinstance(one, Pattern)}]
            for number, each in enumerate(self.statements)
        ]
        held = [each for each in left if each["Action"] and each["Resource"]]
        return {"Version": "2012-10-17", "Statement": held}


def _list(value: Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value]


def first_failure(person: Person, versions: Sequence[str], *, name: str = "it") -> str:
    """Plan, launch, update to each version, terminate, as far as it goes; what the failing record says, if one does."""
    plan = person.plan(name, person.version("1.0.0"))
    if plan:
        return plan
    launched = person.launch(name, **person.form(person.version("1.0.0"), whole=True))
    if reasons(launched):
        return reasons(launched)
    for version in versions:
        said = reasons(person.update(name, version))
        if said:
            return said
    return reasons(person.terminate(name))


class Asked(logging.Handler):
    """Every permission that one role was asked for and had, with the policies that it was judged by."""

    def __init__(self, role: Role) -> None:
        super().__init__(logging.DEBUG)
        self._role = role
        self._of: dict[str, dict[Any, tuple[iam.Request, iam.Policies]]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        decision: iam.Decision = vars(record)["decision"]
        request = decision.request
        if decision.allowed and f"/{self._role.name}/" in request.caller.arn:
            key = (request.resource, repr(sorted(request.context.items())))
            self._of.setdefault(request.action, {})[key] = (request, vars(record)["policies"])

    @contextmanager
    def listening(self) -> Iterator[None]:
        logger = logging.getLogger("catalog.local.iam")
        before = logger.level, logger.propagate
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)
            logger.level, logger.propagate = before

    def missed(self, gone: str | Pattern) -> bool:
        """Whether something that the role allowed would be denied without this action or pattern."""
        actions = (gone,) if isinstance(gone, str) else gone.actions
        asked = [each for action in actions for each in self._of.get(action, {}).values()]
        whole = iam.Policies.of(identity=[self._role.document()]).identity
        left = iam.Policies.of(identity=[self._role.document(gone)]).identity
        return any(
            iam.evaluate(request, replace(policies, identity=whole)).allowed
            and not iam.evaluate(request, replace(policies, identity=left)).allowed
            for request, policies in asked
        )


def needless(product: str, pattern: Pattern) -> bool:
    """Whether there is a reason that nothing here misses this resource: its own, or that of each action on it."""
    return (
        any(re.fullmatch(each, pattern.resource) for each in SPARE_PATTERNS)
        or (product in SEEDED_BY_FUNCTIONS and "/assets/seed-" in pattern.resource)
        or all(spare(product, action) for action in pattern.actions)
    )


def spare(product: str, action: str) -> bool:
    """Whether there is a reason that nothing here misses this action."""
    return any(re.fullmatch(pattern, action) for pattern in (*SPARE, *SPARE_OF.get(product, {})))
