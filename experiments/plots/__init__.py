"""Figures, each from data to a PNG file."""
