"""The policies of the people around a portfolio's SageMaker projects, as its `governance:` asks. Pure.

Data scientists launch, start pipelines and read what comes out; MLOps engineers also approve models and move
deployments on; administrators look after everybody's projects, and approve nothing. What a project makes is named
`sagemaker-…`, which is what these rights are limited to. Condition keys are the service authorization reference's:
`sagemaker:ModelApprovalStatus` is there when a request sets the approval.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from generator.catalogue import Catalogue, Portfolio, Target
from generator.launch_role import Grant
from generator.launch_role.model import Condition
from generator.policies.policy import ACCOUNT, PARTITION, Policy, as_template, equals, of_grants
from generator.policies.users import rights

ADMINISTRATOR, ENGINEER, SCIENTIST = "administrator", "mlops-engineer", "data-scientist"
_APPROVAL = "sagemaker:ModelApprovalStatus"
_DESCRIPTIONS = {
    ADMINISTRATOR: "Look after all projects",
    ENGINEER: "Launch, approve models and deploy",
    SCIENTIST: "Launch, train and look",
}

# (service, resource after the account, actions); "*" is for actions that take no resource.
Rows = tuple[tuple[str, str, tuple[str, ...]], ...]

_LOOK: Rows = (
    ("sagemaker", "*", ("ListEndpoints", "ListModelPackageGroups", "ListModelPackages", "ListPipelines")),
    ("sagemaker", "pipeline/sagemaker-*", ("DescribePipeline", "ListPipelineExecutions")),
    ("sagemaker", "pipeline/sagemaker-*/execution/*", (
        "DescribePipelineDefinitionForExecution", "DescribePipelineExecution", "ListPipelineExecutionSteps",
        "ListPipelineParametersForExecution",
    )),
    ("sagemaker", "model-package-group/sagemaker-*", ("DescribeModelPackageGroup",)),
    ("sagemaker", "model-package/sagemaker-*", ("DescribeModelPackage",)),
    ("sagemaker", "endpoint/sagemaker-*", ("DescribeEndpoint",)),
    ("sagemaker", "training-job/pipelines-*", ("DescribeTrainingJob",)),
    ("sagemaker", "processing-job/pipelines-*", ("DescribeProcessingJob",)),
    ("codepipeline", "*", ("ListPipelines",)),
    ("codepipeline", "sagemaker-*", (
        "GetPipeline", "GetPipelineExecution", "GetPipelineState", "ListActionExecutions", "ListPipelineExecutions",
    )),
    ("codebuild", "project/sagemaker-*", ("BatchGetBuilds", "BatchGetProjects", "ListBuildsForProject")),
    # The patterns cover both forms of a log group's ARN, with and without `:*`.
    ("logs", "log-group:/aws/codebuild/sagemaker-*", ("DescribeLogStreams", "FilterLogEvents")),
    ("logs", "log-group:/aws/codebuild/sagemaker-*:log-stream:*", ("GetLogEvents",)),
    ("logs", "log-group:/aws/sagemaker/*", ("DescribeLogStreams", "FilterLogEvents")),
    ("logs", "log-group:/aws/sagemaker/*:log-stream:*", ("GetLogEvents",)),
    ("cloudwatch", "*", ("DescribeAlarms", "GetMetricData", "ListMetrics")),
)  # fmt: skip
_WORK: Rows = (
    ("sagemaker", "pipeline/sagemaker-*", ("StartPipelineExecution",)),
    ("sagemaker", "pipeline/sagemaker-*/execution/*", ("RetryPipelineExecution", "StopPipelineExecution")),
    ("sagemaker", "endpoint/sagemaker-*", ("InvokeEndpoint", "InvokeEndpointAsync")),
    ("codecommit", "*", ("ListRepositories",)),
    ("codecommit", "sagemaker-*", ("GetBranch", "GetRepository", "GitPull", "ListBranches")),
    ("codecommit", "sagemaker-*-model-build", ("GitPush",)),
)  # fmt: skip
_DEPLOY: Rows = (
    # What is pushed there is deployed.
    ("codecommit", "sagemaker-*-model-deploy", ("GitPush",)),
    ("codepipeline", "sagemaker-*", ("StartPipelineExecution", "StopPipelineExecution")),
    ("codepipeline", "sagemaker-*/*", ("DisableStageTransition", "EnableStageTransition", "RetryStageExecution")),
    ("codepipeline", "sagemaker-*/*/*", ("PutApprovalResult",)),
    ("codebuild", "project/sagemaker-*", ("RetryBuild", "StartBuild", "StopBuild")),
    ("cloudformation", "stack/sagemaker-*/*", ("DescribeStackEvents", "DescribeStackResources", "DescribeStacks")),
    # A stage whose update cannot be rolled back, and one that left the pipeline; their stacks know the role to work as.
    ("cloudformation", "stack/sagemaker-*-deploy-*/*", ("ContinueUpdateRollback", "DeleteStack")),
    ("cloudwatch", "dashboard/sagemaker-*", ("GetDashboard",)),
)  # fmt: skip
_ACCOUNT_WIDE = (
    "DescribeProvisionedProduct",
    "DescribeRecord",
    "ListRecordHistory",
    "SearchProvisionedProducts",
    "TerminateProvisionedProduct",
    "UpdateProvisionedProduct",
)
_CATALOGUE_READ = (
    "DescribeConstraint",
    "DescribePortfolio",
    "DescribeProductAsAdmin",
    "ListConstraintsForPortfolio",
    "ListPortfolios",
    "ListPrincipalsForPortfolio",
    "ListTagOptions",
    "SearchProductsAsAdmin",
)
# IAM takes no policy without a statement; this one denies what no service has.
_NO_RIGHTS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "none:null", "Resource": "*"}],
}
_DOMAIN = ("DescribeDomain", "DescribeUserProfile", "ListDomains", "ListUserProfiles")


def name(catalogue: str, portfolio: str, persona: str) -> str:
    return f"catalog-persona-{catalogue}-{portfolio}-{persona}"


def stack(catalogue: str) -> str:
    """The stack of the personas' policies, in the account of the portfolios."""
    return f"catalog-personas-{catalogue}"


def template(catalogue: str, found: Iterable[Policy]) -> str:
    """The stack's template; empty without policies. They outlive the stack: people have attached them."""
    body = {**as_template(found), "Metadata": {"Stack": stack(catalogue)}}
    for resource in body["Resources"].values():
        resource |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    return canonical(body) if body["Resources"] else ""


def grown(wanted: str, deployed: str) -> str:
    """The wanted template with what only the deployed one has, whose policies people may have attached.

    They stay in the stack, so that a persona that comes back gets the policy that it had. A further document of a policy
    that needs fewer now is left without rights: who attached it must not keep what the persona has lost.
    """
    if not wanted or not deployed:
        return wanted
    body, before = json.loads(wanted), json.loads(deployed)
    names = {each["Properties"]["ManagedPolicyName"] for each in body["Resources"].values()}
    for logical_id in before["Resources"].keys() - body["Resources"].keys():
        resource = before["Resources"][logical_id]
        further = re.fullmatch(r"(.+)-\d+", resource["Properties"]["ManagedPolicyName"])
        if further and further[1] in names:
            resource["Properties"]["PolicyDocument"] = _NO_RIGHTS
        body["Resources"][logical_id] = resource
        body["Outputs"][logical_id] = before["Outputs"][logical_id]
    return canonical(body)


def canonical(body: Mapping[str, Any]) -> str:
    return json.dumps(body, indent=1, sort_keys=True)


def personas(catalogue: Catalogue, target: Target) -> list[Policy]:
    """A policy for each persona that a portfolio's governance names, with whom it is for in its notes."""
    return [
        _persona(persona, portfolio, catalogue, target)
        for portfolio in catalogue.portfolios.values()
        for persona in portfolio.spec.governance.personas
    ]


def _persona(persona: str, portfolio: Portfolio, catalogue: Catalogue, target: Target) -> Policy:
    theirs = rights(portfolio, catalogue, target)
    grants = set(theirs.grants) | set(_rows(_LOOK, target))
    if persona == ADMINISTRATOR:
        grants |= set(_administration(target))
    else:
        grants |= set(_rows(_WORK, target))
    if persona == ENGINEER:
        grants |= set(_rows(_DEPLOY, target)) | set(_on_packages(target, ()))
        refused: list[dict[str, Any]] = []
    else:
        if persona == SCIENTIST:
            grants |= set(_on_packages(target, (("Null", _APPROVAL, ("true",)),)))
        refused = _no_approval()
    return of_grants(
        name(catalogue.name, portfolio.id, persona),
        f"{_DESCRIPTIONS[persona]}, in portfolio {catalogue.name}/{portfolio.id}",
        catalogue,
        target,
        grants,
        [*theirs.denials, *refused],
        [*_whom(persona, portfolio, catalogue.name), *theirs.notes],
    )


def _rows(rows: Rows, target: Target) -> Iterator[Grant]:
    for service, resource, actions in rows:
        for region in target.spec.regions if resource != "*" else ("",):
            arn = f"arn:{PARTITION}:{service}:{region}:{ACCOUNT}:{resource}" if region else "*"
            if service == "cloudwatch" and region:  # dashboards have no region
                arn = f"arn:{PARTITION}:cloudwatch::{ACCOUNT}:{resource}"
            yield from (Grant(f"{service}:{action}", arn) for action in actions)


def _on_packages(target: Target, where: tuple[Condition, ...]) -> Iterator[Grant]:
    for region in target.spec.regions:
        arn = f"arn:{PARTITION}:sagemaker:{region}:{ACCOUNT}:model-package/sagemaker-*"
        yield Grant("sagemaker:UpdateModelPackage", arn, where)


def _administration(target: Target) -> Iterator[Grant]:
    everybodys = equals("servicecatalog:accountLevel", "self")
    yield from (Grant(f"servicecatalog:{action}", "*", (everybodys,)) for action in _ACCOUNT_WIDE)
    yield from (Grant(f"servicecatalog:{action}", "*") for action in _CATALOGUE_READ)
    yield from (Grant(f"sagemaker:{action}", "*") for action in _DOMAIN)
    for region in target.spec.regions:
        arn = f"arn:{PARTITION}:sagemaker:{region}:{ACCOUNT}:domain/*"
        keys = ("ForAllValues:StringEquals", "aws:TagKeys", ("sagemaker:projectS3TemplatesLocation",))
        # A request without tags would satisfy a condition on all of them.
        some: Condition = ("Null", "aws:TagKeys", ("false",))
        yield Grant("sagemaker:AddTags", arn, tuple(sorted((keys, some))))


def _no_approval() -> list[dict[str, Any]]:
    """Whatever else is attached: neither an approval set later, nor a version that is born approved."""
    return [
        _refused("UpdateModelPackage", {"Null": {_APPROVAL: "false"}}),
        _refused("CreateModelPackage", {"StringEquals": {_APPROVAL: "Approved"}}),
    ]


def _refused(action: str, condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": f"sagemaker:{action}", "Resource": "*", "Condition": condition}


def _whom(persona: str, portfolio: Portfolio, catalogue: str) -> Iterable[str]:
    policy = name(catalogue, portfolio.id, persona)
    for access in portfolio.spec.access:
        if access.persona == persona:
            kind = (
                "role" if access.role else "user" if access.user else "group" if access.group else "principal"
            )
            kind = "permission set of" if access.pattern else kind
            who = access.role or access.user or access.group or access.arn or access.pattern
            yield f"{policy} is for the {kind} {who}"
