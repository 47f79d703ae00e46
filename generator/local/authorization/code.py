"""What requests to CodeBuild, CodeCommit and EventBridge ask of IAM, for the operations that are the local AWS's own.

Stack sets too, which have ARNs of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from generator.local.authorization.question import Question
from generator.local.service import Call


def questions(call: Call) -> Iterator[Question]:
    """The permissions of one request: on the projects, repositories or buses that it names."""
    action = f"{call.service}:{call.operation}"
    for resource in dict.fromkeys(_resources(call)):
        yield Question(action, resource)


def stack_sets(call: Call) -> Iterator[Question]:
    """The permissions of a request about stack sets: on the stack set, and for the roles that it takes."""
    params, action = call.params, f"cloudformation:{call.operation}"
    name = params.get("StackSetName", "*").partition(":")[0]
    yield Question(action, call.arn(f"stackset/{name}:*"))
    if role := params.get("AdministrationRoleARN"):
        yield Question("iam:PassRole", role, {"iam:PassedToService": "cloudformation.amazonaws.com"})


def _resources(call: Call) -> Iterator[str]:
    params = call.params
    match call.service:
        case "codeconnections" | "codestar-connections":
            yield params.get("ConnectionArn") or params.get("ResourceArn") or "*"
        case "codecommit":
            yield call.arn(params.get("repositoryName", "*"))
        case "events":
            for entry in params.get("Entries", []):
                bus = entry.get("EventBusName") or "default"
                yield bus if bus.startswith("arn:") else call.arn(f"event-bus/{bus}")
        case _:
            # A build is asked about as its project.
            builds = [*params.get("ids", []), *([params["id"]] if "id" in params else [])]
            names = [params["projectName"]] if "projectName" in params else []
            names += [ident.rpartition("/")[2].partition(":")[0] for ident in builds]
            for name in names:
                yield call.arn(f"project/{name}")
            if not names:
                yield "*"
