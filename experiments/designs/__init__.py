"""Designs of studies: which runs are made, as results come in."""
