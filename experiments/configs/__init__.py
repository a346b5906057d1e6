"""Configs of experiments: the fields, the recipes, their names."""
