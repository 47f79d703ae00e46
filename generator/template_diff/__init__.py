"""What a new template means to those who run the published one: its effects, each with the version bump it deserves.

Both templates are compared as CloudFormation would take them, not as text: conditions and mappings are followed, new
parameters have their defaults, and what grants permissions is compared grant by grant. Pure; no version is decided here.
`comparison` does it; importing this package brings the values alone, which versions need without it.
"""

from generator.template_diff.model import Bump, Comparison, Effect

__all__ = ["Bump", "Comparison", "Effect"]
