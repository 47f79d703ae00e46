"""The SAM transform, by AWS's own translator; its only door. Pure: it asks no account.

Local paths (`CodeUri: ./src`) are packaged by the SAM CLI before a template is published; here they are refused as
CloudFormation refuses them. Policies are named by their names alone as far as AWS's usual ones go (`AWSLambda…`): no
list of managed policies is loaded from anywhere.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, Final

from .fault import invalid

TRANSFORM: Final = "AWS::Serverless-2016-10-31"


def expand(template: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The template with its serverless resources expanded; `values` are those of parameters and pseudo parameters.

    Raises ValidationError with what the translator says.
    """
    # Imported late: it takes a second, and few templates need it.
    from samtranslator.model.exceptions import InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # what is wrong is raised
    given = {name: value for name, value in values.items() if isinstance(value, str)}
    session = SimpleNamespace(region_name=given["AWS::Region"])
    document = {**_copied(template), "Transform": TRANSFORM}
    try:
        expanded = Translator({}, Parser(), boto_session=session).translate(document, given)
    except InvalidDocumentException as error:
        said = ", ".join(str(cause.message) for cause in error.causes)
        raise invalid(
            f"Transform {TRANSFORM} failed with: Invalid Serverless Application Specification document. Number of errors "
            f"found: {len(error.causes)}. {said}"
        ) from error
    found: dict[str, Any] = {
        name: value for name, value in expanded.items() if name not in ("Transform", "Globals")
    }
    return found


def _copied(node: Any) -> Any:
    """A copy that the translator may write into."""
    if isinstance(node, Mapping):
        return {name: _copied(item) for name, item in node.items()}
    return [_copied(item) for item in node] if isinstance(node, (list, tuple)) else node
