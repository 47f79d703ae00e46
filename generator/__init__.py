"""Declarative AWS Service Catalog products: from YAML to published provisioning artifacts."""

__version__ = "0.1.0"
