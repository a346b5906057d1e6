"""Ways to carry out the runs of a study."""
