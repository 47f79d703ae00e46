"""Errors that moto names otherwise than AWS does, and that code in the field tells by their name.

Owns the table of them. It changes the name of an error and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from generator.local.wire import Request, Response

# By the target of a JSON service's operation: moto's name of the error, and AWS's.
_NAMES: Final[Mapping[str, tuple[str, str]]] = {
    # What creates a pipeline or updates it asks first whether there is one.
    "SageMaker.DescribePipeline": ("ValidationException", "ResourceNotFound"),
}


def reworded(request: Request, response: Response) -> Response:
    """The response with the error's name as AWS has it."""
    target = request.headers.get("x-amz-target", "")
    if response.status < 400 or target not in _NAMES:
        return response
    ours, theirs = _NAMES[target]
    content = json.loads(response.body)
    if content.get("__type") != ours:
        return response
    headers = {
        k: v for k, v in response.headers.items() if k.lower() not in ("content-length", "x-amzn-errortype")
    }
    return Response(response.status, headers, json.dumps({**content, "__type": theirs}).encode())
