"""The error answers that most of CloudFormation's mistakes share; the wording stands where the mistake is found."""

from __future__ import annotations

from generator.local.service import ServiceError

__all__ = ["ServiceError", "format_error", "invalid", "template_error"]


def invalid(message: str) -> ServiceError:
    """ValidationError, CloudFormation's answer to nearly every mistake."""
    return ServiceError("ValidationError", message)


def template_error(message: str) -> ServiceError:
    """A misused intrinsic function or a name that leads nowhere."""
    return invalid(f"Template error: {message}")


def format_error(message: str) -> ServiceError:
    """A template that is not shaped like one."""
    return invalid(f"Template format error: {message}")
