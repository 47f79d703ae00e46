"""Instance types of SageMaker, as options name them: ml.m5.large, or ml.m5.* for any size.

Owns which of them a list takes, which a seed begins with, and which SageMaker takes no key for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fnmatch import fnmatchcase

# Families with disks of their own, which are encrypted by the hardware: SageMaker refuses a key for them.
LOCAL_DISKS = re.compile(r"ml\.([a-z]+\d+[a-z]*d[a-z]*|g[5-9]e?|p[5-9][a-z0-9-]*|trn\w+|dl1)\.")
SEEDS_OWN = "ml.m5.large"  # what every seed begins with by itself


def taken(instance_type: str, listed: Sequence[str]) -> bool:
    """Whether a list takes the type; an empty one takes all."""
    return not listed or any(fnmatchcase(instance_type, each) for each in listed)


def begun_with(listed: Sequence[str]) -> str:
    """What a seed begins with: its own choice if the list takes that, else the first that is named in full; "" without one."""
    if taken(SEEDS_OWN, listed):
        return SEEDS_OWN
    return next((each for each in listed if not each.endswith("*")), "")
