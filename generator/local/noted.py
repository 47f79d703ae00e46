"""What the front door notes of moto's answers: the access keys that IAM hands out, and roles that are new."""

from __future__ import annotations

import re

from generator.local.service import Identity
from generator.local.state import State
from generator.local.weather import Forecast, Weather
from generator.local.wire import Request, Response, asked


def action(request: Request) -> str:
    """The action of a request to IAM."""
    return asked(request).operation


def note_key(state: State, account: str, response: Response) -> None:
    """A new access key stands for its user from now on."""
    text = response.body.decode()
    key, user = _element(text, "AccessKeyId"), _element(text, "UserName")
    identity = Identity(account, f"arn:aws:iam::{account}:user/{user}", f"AIDA{key[4:]}")
    with state.write() as tx:
        tx.insert(
            "credential",
            {
                "access_key": key,
                "account": account,
                "arn": identity.arn,
                "user_id": identity.user_id,
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
