"""Errors as CloudFormation answers them: code, message and HTTP status.

Owns the exception and the few codes that several modules raise; the wording stands where the mistake is found.
"""

from __future__ import annotations


class Fault(Exception):
    """An error answer; `code` and `message` are what a client reads."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


def invalid(message: str) -> Fault:
    """ValidationError, CloudFormation's answer to nearly every mistake."""
    return Fault("ValidationError", message)


def template_error(message: str) -> Fault:
    """A misused intrinsic function or a name that leads nowhere."""
    return invalid(f"Template error: {message}")


def format_error(message: str) -> Fault:
    """A template that is not shaped like one."""
    return invalid(f"Template format error: {message}")
