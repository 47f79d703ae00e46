"""What a target of a rule gets of an event: all of it, a part, a constant, or a text that is filled in. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

_STEP: Final = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]")
_PLACE: Final = re.compile(r"<([\w.-]+)>")


def shown(target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    """The text that a target is sent."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return json.dumps(_at(event, target["InputPath"]))
    if target.get("InputTransformer"):
        return _filled(target["InputTransformer"], event, rule_arn)
    return json.dumps(event)


def _at(event: Any, path: str) -> Any:
    """The value at a path such as $.detail.names[0]; None where there is none."""
    found = event
    for step in _STEP.finditer(path.removeprefix("$")):
        name, number = step[1] or step[2], step[3]
        if name is not None:
            found = found.get(name) if isinstance(found, Mapping) else None
        else:
            found = found[int(number)] if isinstance(found, list) and int(number) < len(found) else None
    return found


def _filled(transformer: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str) -> str:
    values: dict[str, Any] = {
        name: _at(event, path) for name, path in transformer.get("InputPathsMap", {}).items()
    }
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_arn.rpartition("/")[2],
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    template = str(transformer["InputTemplate"])
    whole: list[str] = []
    end, quoted = 0, False
    for place in _PLACE.finditer(template):
        before = template[end : place.start()]
        whole.append(before)
        quoted ^= len(re.findall(r'(?<!\\)"', before)) % 2 == 1
        end = place.end()
        if place[1] not in values:
            whole.append(place[0])
            continue
        value = values[place[1]]
        # Within quotes a text is put as it is, everything else as JSON.
        text = json.dumps("" if value is None else value)
        whole.append(text[1:-1] if quoted and (value is None or isinstance(value, str)) else text)
    return "".join([*whole, template[end:]])
