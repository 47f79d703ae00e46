"""What a request to CloudFormation asks of IAM, by the service authorization reference.

What its resources need of the caller, where no service role stands in, is asked resource by resource: see
`generator.local.enforcement`.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudformation.html
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from generator.local.authorization.question import Question, tag_keys, tags_on
from generator.local.iam.conditions import Value
from generator.local.service import Call
from generator.local.stacks.store import Store

_PASSED = {"iam:PassedToService": "cloudformation.amazonaws.com"}
_WITHOUT_STACK = frozenset(
    {
        "EstimateTemplateCost",
        "GetTemplateSummary",
        "ListExports",
        "ListImports",
        "ListStacks",
        "ValidateTemplate",
    }
)


def questions(call: Call) -> Iterator[Question]:
    """The permissions of one request."""
    params, context = call.params, dict[str, Value]()
    if url := params.get("TemplateURL"):
        context["cloudformation:TemplateUrl"] = url
    if role := params.get("RoleARN"):
        context["cloudformation:RoleArn"] = role
    if name := params.get("ChangeSetName"):
        context["cloudformation:ChangeSetName"] = name
    sent = {tag["Key"]: tag["Value"] for tag in params.get("Tags", [])}
    resource, tags = _stack(call)
    action = f"cloudformation:{call.operation}"
    yield Question(action, resource, context | tag_keys(sent) | tags_on(tags))
    if sent and call.operation in ("CreateStack", "UpdateStack", "CreateChangeSet"):
        yield Question("cloudformation:TagResource", resource, tag_keys(sent) | tags_on(tags))
    if role:
        yield Question("iam:PassRole", role, _PASSED)
    if url:
        yield Question("s3:GetObject", _object(call, url))


def _stack(call: Call) -> tuple[str, dict[str, str]]:
    """The ARN that a request is about, and the stack's tags."""
    everywhere = f"arn:{call.partition}:cloudformation:{call.region}:{call.account}:stack/"
    name = call.params.get("StackName") or _of_change_set(call)
    if not name:
        return ("*" if call.operation in _WITHOUT_STACK else everywhere + "*/*"), {}
    found = Store(call.tx, call.account, call.region).stack(name)
    if found is None:
        return (name if name.startswith("arn:") else f"{everywhere}{name}/*"), {}
    return found.id, dict(found.tags)


def _of_change_set(call: Call) -> str:
    """A change set by its own ARN tells no stack; its rows do."""
    ident = str(call.params.get("ChangeSetName", ""))
    if not ident.startswith("arn:"):
        return ""
    found = call.tx.value("SELECT stack FROM cfn_change_set WHERE id = ?", ident)
    return str(found or "")


def _object(call: Call, url: str) -> str:
    parts = urlsplit(url)
    bucket, host = parts.netloc.partition(".s3")[0], parts.netloc
    path = unquote(parts.path.lstrip("/"))
    return f"arn:{call.partition}:s3:::{path if bucket == host else f'{bucket}/{path}'}"
