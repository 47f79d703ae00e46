"""CloudFormation, whole: importing this registers all of its operations."""

from __future__ import annotations

from . import change_set_api, stack_api, template_api
from .api import SERVICE
from .sets import api as stack_set_api
from .sets import looking as stack_set_looking

__all__ = ["SERVICE", "change_set_api", "stack_api", "stack_set_api", "stack_set_looking", "template_api"]
