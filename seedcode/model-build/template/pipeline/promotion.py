"""The pipeline as an artefact: what ran in one environment is created and started in the next, and nothing else.

A package is the compiled definition with the surroundings it was compiled for. Promoting it exchanges these for those
of the environment that it is promoted to, value by value, and leaves every step, image, parameter and code as it is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.settings import Settings
from pipeline.sources import CODE, DATA, Folder

FORMAT = 1
# What may be there or not; the definition has another shape without it.
OPTIONAL = ("project_id", "kms_key", "subnets", "security_groups")


class NotPromotable(Exception):
    """The package does not fit this environment or this code; the message says why."""


@dataclass(frozen=True)
class Package:
    definition: Mapping[str, Any]
    surroundings: Settings

    @classmethod
    def read(cls, text: str) -> Package:
        """Read what `text` wrote.

        Raises:
            NotPromotable: it is no package.
        """
        try:
            found = json.loads(text)
            if found["format"] != FORMAT:
                raise NotPromotable(f"a package of format {found['format']}, this code reads {FORMAT}")
            given = found["surroundings"]
            lists = {name: tuple(given[name]) for name in ("subnets", "security_groups")}
            return cls(found["definition"], Settings(**{**given, **lists}))
        except (ValueError, KeyError, TypeError) as error:
            raise NotPromotable(f"no package: {error!r}") from None

    @property
    def text(self) -> str:
        content = {"format": FORMAT, "surroundings": asdict(self.surroundings), "definition": self.definition}
        return json.dumps(content, indent=2) + "\n"

    def promoted(self, target: Settings) -> str:
        """The definition as JSON, for the surroundings of another environment.

        Raises:
            NotPromotable: they differ in more than values, or this checkout is not what was packaged.
        """
        origin = self.surroundings
        if origin.region != target.region:
            raise NotPromotable(f"packaged for {origin.region}, whose images {target.region} does not have")
        for name in OPTIONAL:
            if bool(getattr(origin, name)) != bool(getattr(target, name)):
                there, missing = ("", "no ") if getattr(origin, name) else ("no ", "")
                raise NotPromotable(f"packaged with {there}{name}, and here is {missing}{name}")
        text = json.dumps(self.definition)
        for folder in (CODE, DATA):
            if Folder.read(folder).uri(origin.prefix) not in text:
                raise NotPromotable(f"packaged from another {folder}/ than this checkout has")
        return json.dumps(_exchanged(self.definition, origin, target))


def _exchanged(value: Any, origin: Settings, target: Settings) -> Any:
    if isinstance(value, dict):
        return {key: _of_key(key, item, origin, target) for key, item in value.items()}
    if isinstance(value, list):
        return [_exchanged(item, origin, target) for item in value]
    if isinstance(value, str):
        if value == origin.prefix or value.startswith(f"{origin.prefix}/"):
            return target.prefix + value[len(origin.prefix) :]
        if value == origin.role_arn:
            return target.role_arn
    return value


def _of_key(key: str, value: Any, origin: Settings, target: Settings) -> Any:
    """Values that are known by where they stand; by themselves they could be anything."""
    known = {
        "ModelPackageGroupName": (origin.model_package_group, target.model_package_group),
        "KmsKeyId": (origin.kms_key, target.kms_key),
        "VolumeKmsKeyId": (origin.kms_key, target.kms_key),
        "Subnets": ([*origin.subnets], [*target.subnets]),
        "SecurityGroupIds": ([*origin.security_groups], [*target.security_groups]),
        "Tags": (origin.tags, target.tags),
    }
    if key in known and value == known[key][0]:
        return known[key][1]
    return _exchanged(value, origin, target)
