"""Bad weather on request, for tests: throttling, latency, failures, death, and AWS's slowness to agree with itself.

Set by the environment variable CATALOG_WEATHER or, for one request, by the header `x-catalog-weather`: words such as
`throttle=0.3 latency=50 fail=7 die=9 kill=9 settle=2 seed=4`.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields

from generator.errors import did_you_mean, fail
from generator.local.service import ServiceError

VARIABLE = "CATALOG_WEATHER"
HEADER = "x-catalog-weather"


@dataclass(frozen=True)
class Forecast:
    """What to expect."""

    throttle: float = 0.0  # share of the calls that are throttled
    latency: float = 0.0  # milliseconds before each answer
    fail: int = 0  # the call, counted from 1, that ends in an internal failure and does nothing
    die: int = 0  # the call before which the process dies, as by kill -9
    kill: int = 0  # the call after which the process dies, its answer unsent
    settle: int = 0  # how many times something new is not seen yet by the calls that depend on it
    seed: int = 0  # of the throttling


def forecast(text: str) -> Forecast:
    known = {field.name: field.type for field in fields(Forecast)}
    values: dict[str, float] = {}
    for word in text.replace(",", " ").split():
        name, _, number = word.partition("=")
        if name not in known:
            raise fail(VARIABLE, f"there is no weather '{name}'", did_you_mean(name, known))
        try:
            values[name] = float(number) if known[name] == "float" else int(number)
        except ValueError:
            raise fail(VARIABLE, f"'{word}' needs a number", "Example: throttle=0.3 latency=50.") from None
    return Forecast(**values)  # type: ignore[arg-type]  # each value was converted to its field's type


class Weather:
    """The sky over one local AWS in one process: it counts calls and remembers what is still settling."""

    def __init__(self, usual: Forecast) -> None:
        self.usual = usual
        self._calls = 0
        self._random = random.Random(usual.seed)  # noqa: S311 - reproducible on purpose
        self._settling: dict[str, int] = {}
        self._lock = threading.Lock()

    @classmethod
    def from_environment(cls) -> Weather:
        return cls(forecast(os.environ.get(VARIABLE, "")))

    def now(self, headers: Mapping[str, str]) -> Forecast:
        return forecast(headers[HEADER]) if HEADER in headers else self.usual

    def before(self, today: Forecast) -> int:
        """Raises what the weather brings; the number of this call."""
        with self._lock:
            self._calls += 1
            number, throttled = self._calls, self._random.random() < today.throttle
        if today.latency:
            time.sleep(today.latency / 1000)
        if number == today.die:
            os._exit(137)
        if number == today.fail:
            raise ServiceError("InternalFailure", "The weather forecast asked for this failure.", status=500)
        if throttled:
            raise ServiceError("ThrottlingException", "Rate exceeded")
        return number

    def after(self, today: Forecast, number: int) -> None:
        if number == today.kill:
            os._exit(137)

    def unsettle(self, key: str, today: Forecast) -> None:
        """Something was made that others will not see at once."""
        if today.settle:
            with self._lock:
                self._settling[key] = today.settle

    def unseen(self, key: str) -> bool:
        """Whether this look is one of those that come too early."""
        with self._lock:
            left = self._settling.get(key, 0)
            if left:
                self._settling[key] = left - 1
            return left > 0
