"""Photographs in folders of parts and classes."""
