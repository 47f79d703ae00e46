"""IAM's policy evaluation for the local AWS: plain policies and a request in, a decision out.

Owns the language and the logic of IAM. It holds no state, calls no service and knows nothing of who is
attached to what: see `evaluation.Policies`.
"""

from generator.local.iam.caller import Caller
from generator.local.iam.denial import advice, message, remedy
from generator.local.iam.evaluation import Decision, Policies, Request, evaluate
from generator.local.iam.organization import FULL_ACCESS, RESOURCE_FULL_ACCESS
from generator.local.iam.policy import Policy
from generator.local.iam.validation import MalformedPolicy, parse

__all__ = [
    "FULL_ACCESS",
    "RESOURCE_FULL_ACCESS",
    "Caller",
    "Decision",
    "MalformedPolicy",
    "Policies",
    "Policy",
    "Request",
    "advice",
    "evaluate",
    "message",
    "parse",
    "remedy",
]
