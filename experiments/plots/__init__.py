"""Figures, each from data to a matplotlib `Figure`.

`Figure` alone, without pyplot: no backend is chosen, no display is needed,
and a figure that nobody holds any more is gone.
"""
