"""Commands of main.py: their flags, and the functions that they call."""
