"""The values of a comparison: bumps, effects, and how they are told. Nothing is compared here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

SHOWN = 6  # effects that a plan shows of a product; `catalog diff` shows all


class Bump(StrEnum):
    """The part of a version that an effect asks to be raised."""

    PATCH = "PATCH"
    MINOR = "MINOR"
    MAJOR = "MAJOR"

    @property
    def rank(self) -> int:
        return list(Bump).index(self)


@dataclass(frozen=True)
class Effect:
    """One thing that differs: what it concerns, what becomes of it, and the bump it deserves.

    `certain` is False where only the launch, or AWS, could tell: the effect then counts as the worse of what may be.
    """

    bump: Bump
    subject: str
    what: str
    certain: bool = True

    def __str__(self) -> str:
        return f"{self.bump}: {self.subject} {self.what}" + ("" if self.certain else " (may be)")


def sort_key(effect: Effect) -> tuple[int, str, str]:
    return (-effect.bump.rank, effect.subject, effect.what)


@dataclass(frozen=True)
class Comparison:
    """All that differs from the published version `base`, the gravest first."""

    base: str
    effects: tuple[Effect, ...]

    @property
    def bump(self) -> Bump:
        """What the new version has to be: PATCH where nothing weighs more."""
        return max((effect.bump for effect in self.effects), key=lambda each: each.rank, default=Bump.PATCH)

    @property
    def reasons(self) -> tuple[Effect, ...]:
        """The effects that ask for the bump."""
        return tuple(effect for effect in self.effects if effect.bump == self.bump)

    def lines(self, most: int | None = None) -> list[str]:
        """The bump and why, then what else differs; with `most`, no more effects than that."""
        if not self.effects:
            return [f"{self.bump} since {self.base}: nothing that CloudFormation would see"]
        shown = self.effects if most is None or len(self.effects) <= most else self.effects[:most]
        rest = len(self.effects) - len(shown)
        more = [f"  … and {rest} more; catalog diff shows them"] if rest else []
        return [f"{self.bump} since {self.base}:", *(f"  {effect}" for effect in shown), *more]


def joined(names: Iterable[str], most: int = 4) -> str:
    """A few names, and how many more there are."""
    listed = list(names)
    rest = len(listed) - most
    return ", ".join(listed[:most]) + (f" and {rest} more" if rest > 0 else "")
