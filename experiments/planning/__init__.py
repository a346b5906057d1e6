"""Looks ahead: images, time and detectable differences before training."""
