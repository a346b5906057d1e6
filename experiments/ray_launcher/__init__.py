"""Runs of a study side by side on a Ray cluster."""
