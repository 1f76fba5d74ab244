"""Holdfast follows stolen money and holds it before it is gone."""

__version__ = "0.1.0"
