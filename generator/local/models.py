"""Botocore's service models, read from the installed package alone and never from the user's home."""

from __future__ import annotations

from functools import cache

from botocore.loaders import Loader
from botocore.model import ServiceModel


@cache
def loader() -> Loader:
    # The default search path includes ~/.aws/models, which could change what the services are.
    found = Loader(include_default_search_paths=False)
    found.search_paths.append(found.BUILTIN_DATA_PATH)
    return found


@cache
def service_model(name: str) -> ServiceModel:
    return ServiceModel(loader().load_service_model(name, "service-2"), name)
