"""What AWS says when it denies a call: the action, the resource, the policy that decided, and what would allow it.

Owns reading those sentences, which services word in their own ways. It asks nobody and decides nothing.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from generator.launch_role.actions import action

_SENTENCE = re.compile(
    r"(?:User: (?P<who>\S+) )?is not authorized to perform:? (?P<action>[\w-]+:\w+)"
    r"""(?: on resource:? ["']?(?P<resource>[^\s"',]+))?"""
    r"(?P<rest>.*)",
    re.DOTALL,
)
_SILENT = re.compile(r"no (?P<layer>[\w -]+?) allows the", re.DOTALL)
_EXPLICIT = re.compile(r"with an explicit deny in (?:an?|the) (?P<layer>[\w -]+)", re.DOTALL)
# What services say that name no action; EC2 hides it in a message that only sts:DecodeAuthorizationMessage opens.
_NAMELESS = re.compile(
    r"access ?denied|unauthorizedoperation|not authorized|status code: 403\b|accessdeniedexception",
    re.IGNORECASE,
)
_IDENTITY = "identity-based policy"


@dataclass(frozen=True, order=True)
class Denial:
    """One call that AWS denied. `action` is empty where the service does not name it; then `said` is all there is.

    `layer` is the kind of policy that decided, in AWS's words; `explicit` that one of them denies it.
    """

    action: str
    resource: str
    layer: str
    explicit: bool
    said: str

    @property
    def statement(self) -> Mapping[str, str] | None:
        """The smallest statement that allows the call; None where no Allow would, or nobody knows the action."""
        if self.explicit or not self.action:
            return None
        return {"Effect": "Allow", "Action": self.action, "Resource": self.resource or "*"}

    @property
    def remedy(self) -> str:
        """What to do about it, in a sentence."""
        if not self.action:
            return "AWS names no action here: CloudTrail has the event, with its errorCode AccessDenied."
        if self.explicit:
            return f"No Allow overrides a denial: change the {self.layer} that denies it."
        return f"Allow it in the {self.layer}."


def denials(text: str) -> tuple[Denial, ...]:
    """Every denial that a message tells of; none where it tells of something else."""
    found: list[Denial] = []
    # A message may hold several: they are parted where the next one begins.
    for part in re.split(r"(?=User: \S+ is not authorized to perform)", text):
        said = " ".join(part.split())
        sentence = _SENTENCE.search(said)
        if sentence is not None:
            found.append(_named(sentence, said))
        elif _NAMELESS.search(said):
            found.append(Denial("", "", _IDENTITY, False, said))
    named = [each for each in found if each.action]
    return tuple(dict.fromkeys(named or found))


def _named(sentence: re.Match[str], said: str) -> Denial:
    known = action(sentence["action"])  # services write SNS:CreateTopic too
    rest = sentence["rest"]
    explicit, silent = _EXPLICIT.search(rest), _SILENT.search(rest)
    layer = explicit or silent
    return Denial(
        str(known) if known else sentence["action"],
        (sentence["resource"] or "").rstrip(".;)"),
        layer["layer"].strip() if layer else _IDENTITY,
        explicit is not None,
        said,
    )
