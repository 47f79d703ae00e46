"""What the front door notes of moto's answers: the access keys that IAM hands out and takes back, and roles that are new."""

from __future__ import annotations

import re

from generator.local.identity import REVOKED, administrator
from generator.local.service import Call
from generator.local.weather import Forecast, Weather
from generator.local.wire import Request, Response, asked

OF_KEYS = frozenset({"CreateAccessKey", "DeleteAccessKey", "UpdateAccessKey"})


def action(request: Request) -> str:
    """The action of a request to IAM."""
    return asked(request).operation


def note_key(call: Call, request: Request, response: Response) -> None:
    """What became of an access key: a new one stands for its user from now on, one that is gone for nobody."""
    form = asked(request)
    if form.operation != "CreateAccessKey":
        usable = form.operation == "UpdateAccessKey" and form.body.get("Status") == "Active"
        with call.state.write() as tx:
            tx.execute(
                "UPDATE credential SET expires=? WHERE access_key=? AND account=?",
                None if usable else REVOKED,
                form.body["AccessKeyId"],
                call.account,
            )
        return
    text = response.body.decode()
    client = call.client("iam", identity=administrator(call.account))
    user = client.get_user(UserName=_element(text, "UserName"))["User"]  # its ARN has a path
    with call.state.write() as tx:
        tx.insert(
            "credential",
            {
                "access_key": _element(text, "AccessKeyId"),
                "account": call.account,
                "arn": user["Arn"],
                "user_id": user["UserId"],
                "role_arn": "",
                "expires": None,
            },
        )


def note_role(weather: Weather, today: Forecast, response: Response) -> None:
    """Other services do not see a new role at once."""
    weather.unsettle(f"role {_element(response.body.decode(), 'Arn')}", today)


def _element(xml: str, name: str) -> str:
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found[1] if found else ""
