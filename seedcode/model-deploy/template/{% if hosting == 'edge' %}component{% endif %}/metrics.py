"""What the service tells CloudWatch of its requests: counted by the minute, sent while there is a network, kept for hours without.

The stage's alarms and its dashboard read it. Nothing here makes a request wait or fail.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

log = logging.getLogger(__name__)
NAMESPACE = "SageMakerEdge"
MINUTE = 60
KEPT = 600  # minutes without a network; what is older is lost
AT_ONCE = 100  # minutes in a call, which takes a thousand figures
DISTINCT = 150  # values of a figure


@dataclass
class Minute:
    """A minute without requests is told, too: the device is there."""

    requests: int = 0
    failures: int = 0
    milliseconds: Counter[float] = field(default_factory=Counter)


class Metrics:
    """The figures of one device, which belong to its stage as well."""

    def __init__(self, cloudwatch: Any, stage: str, device: str, clock: Callable[[], float] = time.time) -> None:
        self._cloudwatch = cloudwatch
        of_stage = {"Name": "Stage", "Value": stage}
        self._dimensions = ([of_stage], [of_stage, {"Name": "Device", "Value": device}])
        self._clock = clock
        self._minutes: dict[int, Minute] = {}
        self._lock = threading.Lock()

    def count(self, milliseconds: float, *, failed: bool) -> None:
        """One request. Times are rounded to two digits, so that percentiles stay and few values have to travel."""
        with self._lock:
            minute = self._now()
            minute.requests += 1
            minute.failures += failed
            minute.milliseconds[float(f"{milliseconds:.2g}")] += 1

    def send(self) -> None:
        """Send the minutes that are over; what CloudWatch does not take now waits for the next time."""
        with self._lock:
            self._now()
            over = sorted(self._minutes)[:-1]
        for first in range(0, len(over), AT_ONCE):
            starts = over[first : first + AT_ONCE]
            figures = [figure for start in starts for figure in self._figures(start, self._minutes[start])]
            try:
                self._cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=figures)
            except (BotoCoreError, ClientError) as error:
                log.warning("%d minutes of metrics wait: %s", len(over) - first, error)
                break
            with self._lock:
                for start in starts:
                    del self._minutes[start]
        with self._lock:
            for start in sorted(self._minutes)[:-KEPT]:
                del self._minutes[start]

    def run(self) -> None:
        """Send every minute, for ever."""
        while True:
            time.sleep(MINUTE)
            self.send()

    def _now(self) -> Minute:
        return self._minutes.setdefault(int(self._clock()) // MINUTE * MINUTE, Minute())

    def _figures(self, start: int, minute: Minute) -> Iterator[dict[str, Any]]:
        for dimensions in self._dimensions:
            common = {"Timestamp": datetime.fromtimestamp(start, UTC), "Dimensions": dimensions}
            yield {**common, "MetricName": "Invocations", "Unit": "Count", "Value": minute.requests}
            yield {**common, "MetricName": "Errors", "Unit": "Count", "Value": minute.failures}
            if minute.milliseconds:
                values = minute.milliseconds.most_common(DISTINCT)
                yield {
                    **common,
                    "MetricName": "ModelLatency",
                    "Unit": "Milliseconds",
                    "Values": [value for value, _ in values],
                    "Counts": [count for _, count in values],
                }
