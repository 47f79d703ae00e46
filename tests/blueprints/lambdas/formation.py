"""What of CloudFormation the functions ask for: stacks and StackSets whose operations take their time, on loopback."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs

from .loopback import ACCOUNT, REGION

Asked = dict[str, list[str]]


@dataclass
class Stack:
    """A stack, and what it is seen as one look after the other; the last stays."""

    statuses: list[str]
    deletion: list[str] = field(default_factory=lambda: ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"])
    role: str = ""

    def look(self) -> str:
        return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@dataclass
class StackSet:
    """A StackSet by the accounts, and the unit, of its instances."""

    accounts: list[str]
    unit: str = ""
    failed: tuple[str, ...] = ()  # accounts in which no stack could be made
    busy: int = 0  # how often it is still at what somebody else began
    ends_as: str = "SUCCEEDED"
    polls: int = 2
    asked: Asked = field(default_factory=dict)


class Missing(Exception):
    """There is no StackSet of this name."""


class Busy(Exception):
    """A StackSet does one thing at a time."""


class CloudFormation(BaseHTTPRequestHandler):
    """Speaks the query protocol, two stacks to a page."""

    stacks: dict[str, Stack]
    sets: dict[str, StackSet]
    refused: str = ""

    def do_POST(self) -> None:
        asked = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        action = asked["Action"][0]
        if action == self.refused:
            self._send(
                403,
                f"<Error><Code>AccessDenied</Code><Message>no {action}</Message></Error>",
                "ErrorResponse",
            )
            return
        try:
            self._send(200, getattr(self, f"_{action.lower()}")(asked), f"{action}Response")
        except Busy:
            self._send(409, "<Error><Code>OperationInProgressException</Code></Error>", "ErrorResponse")
        except Missing:
            self._send(404, "<Error><Code>StackSetNotFoundException</Code></Error>", "ErrorResponse")

    def _liststacks(self, asked: Asked) -> str:
        start = int(asked.get("NextToken", ["0"])[0])
        wanted = {value[0] for key, value in asked.items() if key.startswith("StackStatusFilter.member.")}
        assert wanted, "an account has deleted stacks of ninety days"
        looked = {name: self.stacks[name].look() for name in sorted(self.stacks)[start : start + 2]}
        found = "".join(
            f"<member><StackId>{arn(name)}</StackId><StackName>{name}</StackName>"
            f"<StackStatus>{status}</StackStatus></member>"
            for name, status in looked.items()
            if status in wanted
        )
        more = f"<NextToken>{start + 2}</NextToken>" if start + 2 < len(self.stacks) else ""
        return f"<ListStacksResult><StackSummaries>{found}</StackSummaries>{more}</ListStacksResult>"

    def _deletestack(self, asked: Asked) -> str:
        stack = self.stacks[asked["StackName"][0].split("/")[1]]
        assert not stack.statuses[0].endswith("_IN_PROGRESS"), "CloudFormation refuses that"
        stack.role, stack.statuses = asked["RoleARN"][0], stack.deletion
        return ""

    def _describestackevents(self, asked: Asked) -> str:
        stack = asked["StackName"][0]
        events = "".join(
            f"<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{physical}</PhysicalResourceId>"
            f"<ResourceStatus>DELETE_FAILED</ResourceStatus><ResourceStatusReason>{reason}</ResourceStatusReason></member>"
            for logical, physical, reason in (("stack", stack, "[Topic]"), ("Topic", "arn", "it is held"))
        )
        return f"<DescribeStackEventsResult><StackEvents>{events}</StackEvents></DescribeStackEventsResult>"

    def _liststacksets(self, asked: Asked) -> str:
        assert asked["Status"] == ["ACTIVE"]
        found = "".join(f"<member><StackSetName>{name}</StackSetName></member>" for name in sorted(self.sets))
        return f"<ListStackSetsResult><Summaries>{found}</Summaries></ListStackSetsResult>"

    def _liststackinstances(self, asked: Asked) -> str:
        name = asked["StackSetName"][0]
        if name not in self.sets:
            raise Missing
        of = self.sets[name]
        unit = f"<OrganizationalUnitId>{of.unit}</OrganizationalUnitId>" if of.unit else ""
        found = "".join(
            f"<member><Account>{account}</Account><Region>{REGION}</Region>{unit}"
            f"{'' if account in of.failed else f'<StackId>{arn(name)}</StackId>'}</member>"
            for account in of.accounts
        )
        return f"<ListStackInstancesResult><Summaries>{found}</Summaries></ListStackInstancesResult>"

    def _deletestackinstances(self, asked: Asked) -> str:
        of = self._free(asked)
        of.asked = asked
        return "<DeleteStackInstancesResult><OperationId>one</OperationId></DeleteStackInstancesResult>"

    def _describestacksetoperation(self, asked: Asked) -> str:
        of = self.sets[asked["StackSetName"][0]]
        of.polls -= 1
        status = "RUNNING" if of.polls > 0 else of.ends_as
        if status == "SUCCEEDED":
            of.accounts = []
        return (
            f"<DescribeStackSetOperationResult><StackSetOperation><Status>{status}</Status></StackSetOperation>"
            "</DescribeStackSetOperationResult>"
        )

    def _liststacksetoperationresults(self, asked: Asked) -> str:
        found = "".join(
            f"<member><Account>{account}</Account><Status>FAILED</Status>"
            "<StatusReason>it is held</StatusReason></member>"
            for account in self.sets[asked["StackSetName"][0]].accounts
        )
        return f"<ListStackSetOperationResultsResult><Summaries>{found}</Summaries></ListStackSetOperationResultsResult>"

    def _deletestackset(self, asked: Asked) -> str:
        assert not self._free(asked).accounts, "CloudFormation refuses a StackSet that is not empty"
        del self.sets[asked["StackSetName"][0]]
        return "<DeleteStackSetResult/>"

    def _free(self, asked: Asked) -> StackSet:
        of = self.sets[asked["StackSetName"][0]]
        of.busy -= 1
        if of.busy >= 0:
            raise Busy
        return of

    def _send(self, status: int, content: str, name: str) -> None:
        body = (
            f'<{name} xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">{content}</{name}>'.encode()
        )
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """The tests look at the stacks."""


def arn(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1"
