"""Data sets that tensorflow-datasets has prepared."""
