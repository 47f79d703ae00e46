"""The catalogues of this folder: tests.publish's, under the same fixture."""

from tests.publish.conftest import catalogue

__all__ = ["catalogue"]
