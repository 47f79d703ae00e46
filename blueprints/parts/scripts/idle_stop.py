"""Stop this notebook instance once nobody has used it for the given number of minutes.

Runs on the instance, as root, every few minutes: on the Python (3.9) and the AWS CLI that the platform brings, out of
reach of what its user can write to. A kernel that computes counts as use, and so does recent output of a kernel or a
terminal; an open browser tab does not. While Jupyter does not answer, the last use that was seen counts, so that an
instance with a hung server ends too.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import time
import urllib.request
from calendar import timegm
from pathlib import Path
from typing import Any

JUPYTER = os.environ.get("JUPYTER_URL", "https://localhost:8443")
METADATA = Path(os.environ.get("INSTANCE_METADATA", "/opt/ml/metadata/resource-metadata.json"))
AT_WORK = ("busy", "starting", "restarting", "autorestarting")


def ask(path: str) -> Any:
    # Jupyter's certificate is self-signed, and a proxy set up for the internet must not see the loopback.
    unverified = ssl.create_default_context()
    unverified.check_hostname, unverified.verify_mode = False, ssl.CERT_NONE
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=unverified)
    )
    with opener.open(JUPYTER + path, timeout=20) as answer:
        return json.load(answer)


def seconds(timestamp: str) -> int:
    """Jupyter's 2026-01-31T12:00:00.123456Z as seconds since 1970."""
    return timegm(time.strptime(timestamp.partition(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S"))


def last_use(now: int) -> int:
    """When a kernel or a terminal was last used; 0 where there is none."""
    # A session may have lost its kernel, and a kernel may belong to no session.
    kernels = [session.get("kernel") or {} for session in ask("/api/sessions")] + ask("/api/kernels")
    if any(kernel.get("execution_state") in AT_WORK for kernel in kernels):
        return now
    places = kernels + ask("/api/terminals")
    return max([seconds(place["last_activity"]) for place in places if place.get("last_activity")], default=0)


def main(minutes: int) -> int:
    now = int(time.time())
    state = Path(os.environ["RUNTIME_DIRECTORY"]) / "last-use"  # systemd names it; gone after a restart
    try:
        known = int(state.read_text())
    except (FileNotFoundError, ValueError):
        known = now  # the first look after a start: nobody has had the time to be idle
    try:
        known = max(known, last_use(now))
    except (OSError, ValueError, TypeError, AttributeError) as error:  # none, no JSON, or other JSON
        print(f"Jupyter gives no answer: {error}", file=sys.stderr)
    known = min(known, now)  # a clock that was set back must not keep the instance running
    state.write_text(str(known))
    idle = now - known
    print(f"idle for {idle // 60} of {minutes} minutes")
    if idle < minutes * 60:
        return 0
    arn = json.loads(METADATA.read_text())["ResourceArn"]
    region, name = arn.split(":")[3], arn.rpartition("/")[2]
    print(f"stopping {name}")
    stop = [
        "aws",
        "sagemaker",
        "stop-notebook-instance",
        "--region",
        region,
        "--notebook-instance-name",
        name,
    ]
    # Where it fails, the next run tries again. The words come from the instance's own metadata.
    return subprocess.call(stop, timeout=120)  # noqa: S603


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
