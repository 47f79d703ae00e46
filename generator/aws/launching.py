"""Service Catalog's end-user calls, for the verbs that launch; whoever launches needs no right to administer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path as Folder
from typing import Any

from botocore.exceptions import ClientError

from generator.aws.session import Sessions, real_sessions, told
from generator.catalogue import Target
from generator.errors import AwsError, Problem, Where
from generator.launch import Event, Field, Form, Offer, Order, Path, Provisioned, Record, Version

DENIED = ("AccessDenied", "AccessDeniedException")
PATIENCE = 5.0  # seconds between two looks at a record


class AwsDesk:
    """See `generator.launch.Desk`. `as_owner` gives the session of who launched something, where that is ours to choose."""

    def __init__(
        self,
        sessions: Sessions,
        region: str,
        as_owner: Callable[[str], Sessions] | None = None,
    ) -> None:
        self._sessions, self._region, self._as_owner = sessions, region, as_owner
        self._sc = sessions.client("servicecatalog", region)

    def acting_for(self, owner: str) -> AwsDesk:
        """A desk as the owner of something launched, where there is a choice; else this one."""
        if self._as_owner is None:
            return self
        return AwsDesk(self._as_owner(owner), self._region, self._as_owner)

    def offers(self, name: str) -> list[Offer]:
        with _told("search products"):
            pages = self._pages("search_products", "ProductViewSummaries")
            ids = [each["ProductId"] for each in pages if each["Name"] == name]
            return [self._offer(ident) for ident in ids]

    def _offer(self, ident: str) -> Offer:
        found = self._sc.describe_product(Id=ident)
        paths = self._pages("list_launch_paths", "LaunchPathSummaries", ProductId=ident)
        return Offer(
            ident,
            found["ProductViewSummary"]["Name"],
            tuple(
                Version(each["Id"], each.get("Name", ""), each.get("Guidance") == "DEPRECATED")
                for each in found["ProvisioningArtifacts"]
            ),
            tuple(Path(each["Id"], each["Name"]) for each in paths),
        )

    def form(self, product: str, version: str, path: str) -> Form:
        with _told("read the launch form"):
            found = self._sc.describe_provisioning_parameters(
                ProductId=product, ProvisioningArtifactId=version, PathId=path
            )
        tags = {each["Key"]: tuple(each["Values"]) for each in found["TagOptions"] if each["Values"]}
        return Form(tuple(_field(each) for each in found["ProvisioningArtifactParameters"]), tags)

    def provisioned(self) -> list[Provisioned]:
        with _told("list what is launched"):
            everybody = {"Key": "Account", "Value": "self"}
            found = self._pages(
                "search_provisioned_products",
                "ProvisionedProducts",
                AccessLevelFilter=everybody,
                SortBy="name",
            )
            return [
                Provisioned(
                    id=each["Id"],
                    name=each["Name"],
                    status=each["Status"],
                    product=each.get("ProductId", ""),
                    product_name=each.get("ProductName", each.get("ProductId", "")),
                    version=each.get("ProvisioningArtifactId", ""),
                    version_name=each.get("ProvisioningArtifactName", ""),
                    message=each.get("StatusMessage", ""),
                    owner=each.get("UserArn", ""),
                )
                for each in found
            ]

    def launch(self, order: Order) -> str:
        with _told(f"launch {order.name}"):
            answer = self._sc.provision_product(
                ProductId=order.product,
                ProvisioningArtifactId=order.version,
                PathId=order.path,
                ProvisionedProductName=order.name,
                ProvisioningParameters=[{"Key": k, "Value": v} for k, v in order.parameters.items()],
                Tags=[{"Key": k, "Value": v} for k, v in order.tags.items()],
            )
        return str(answer["RecordDetail"]["RecordId"])

    def update(self, order: Order) -> str:
        kept = [{"Key": key, "UsePreviousValue": True} for key in order.kept]
        values = [{"Key": k, "Value": v} for k, v in order.parameters.items()]
        tags = [{"Key": k, "Value": v} for k, v in order.tags.items()]
        with _told(f"update {order.name}"):
            answer = self._sc.update_provisioned_product(
                ProvisionedProductName=order.name,
                ProductId=order.product,
                ProvisioningArtifactId=order.version,
                PathId=order.path,
                ProvisioningParameters=[*values, *kept],
                **({"Tags": tags} if tags else {}),
            )
        return str(answer["RecordDetail"]["RecordId"])

    def terminate(self, name: str) -> str:
        with _told(f"terminate {name}"):
            answer = self._sc.terminate_provisioned_product(ProvisionedProductName=name)
        return str(answer["RecordDetail"]["RecordId"])

    def record(self, ident: str) -> Record:
        outputs: list[dict[str, str]] = []
        asked: dict[str, str] = {"Id": ident}
        with _told(f"follow record {ident}"):
            while True:
                found = self._sc.describe_record(**asked)
                outputs += found.get("RecordOutputs", [])
                if not found.get("NextPageToken"):
                    break
                asked["PageToken"] = found["NextPageToken"]
        detail = found["RecordDetail"]
        return Record(
            ident,
            detail["Status"],
            tuple(each.get("Description", "") for each in detail.get("RecordErrors", [])),
            tuple((o["OutputKey"], o.get("OutputValue", ""), o.get("Description", "")) for o in outputs),
            detail.get("LaunchRoleArn", ""),
        )

    def stack_of(self, name: str) -> str:
        """The stack of what is launched under a name; empty where there is none."""
        with _told(f"find the stack of {name}"):
            found = self._pages(
                "search_provisioned_products",
                "ProvisionedProducts",
                AccessLevelFilter={"Key": "Account", "Value": "self"},
                Filters={"SearchQuery": [f"name:{name}"]},
            )
        return next((each.get("PhysicalId", "") for each in found if each["Name"] == name), "")

    def events(self, stack: str) -> list[Event]:
        """All of a stack's events, the oldest first; of one that is gone too."""
        client = self._sessions.client("cloudformation", self._region)
        with _told("read the stack's events"):
            pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
            found = [each for page in pages for each in page["StackEvents"]]
        return [
            Event(
                id=each["EventId"],
                logical_id=each.get("LogicalResourceId", ""),
                type=each.get("ResourceType", ""),
                physical_id=each.get("PhysicalResourceId", ""),
                status=each.get("ResourceStatus", ""),
                reason=each.get("ResourceStatusReason", ""),
            )
            for each in reversed(found)
        ]

    def wait(self, attempt: int) -> None:
        del attempt
        time.sleep(self._sessions.patience * PATIENCE)

    def _pages(self, operation: str, member: str, **asked: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = getattr(self._sc, operation)(**asked)
            found += answer[member]
            if not answer.get("NextPageToken"):
                return found
            asked["PageToken"] = answer["NextPageToken"]


def _field(parameter: dict[str, Any]) -> Field:
    constraints = parameter.get("ParameterConstraints", {})
    return Field(
        name=parameter["ParameterKey"],
        description=parameter.get("Description", ""),
        default=parameter.get("DefaultValue"),
        allowed=tuple(constraints.get("AllowedValues", ())),
        rule=constraints.get("ConstraintDescription", ""),
        kind=parameter.get("ParameterType", "String"),
        pattern=constraints.get("AllowedPattern", ""),
        longest=constraints.get("MaxLength", ""),
        least=constraints.get("MinValue", ""),
        most=constraints.get("MaxValue", ""),
    )


@contextmanager
def _told(what: str) -> Iterator[None]:
    """AWS's refusals in an end user's terms."""
    try:
        with told(what):
            yield
    except AwsError as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and cause.response["Error"].get("Code") in DENIED:
            remedy = "An end user needs the managed policy AWSServiceCatalogEndUserFullAccess, or its like."
            problem = error.problems[0]
            raise AwsError(Problem(Where(problem.where.file), problem.problem, remedy)) from error
        raise


def desk(
    target: Target, state: Folder, region: str, persona: str, *, run_code: bool | None = None
) -> AwsDesk:
    """A desk in the target's account: with the user's own credentials, in the local AWS as somebody of this role.

    There `run_code` says whether functions and builds really run, else the environment does.
    """
    if target.is_local:
        from generator import local

        aws = local.open_state(state, account=target.spec.account, run_code=run_code)

        def acting(arn: str) -> Sessions:
            if ":role/" in arn:
                return Sessions(lambda where: aws.session_as(arn, where), patience=0.01)
            return Sessions(aws.session, patience=0.01)

        return AwsDesk(acting(persona), region, acting)
    # Not as the target's role, which is the publisher's.
    spec = target.spec.model_copy(update={"role": ""})
    own = Target(target.id, spec, target.document)
    return AwsDesk(real_sessions(own), region)
