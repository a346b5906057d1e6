"""Plans, before training: images, time and detectable differences."""
