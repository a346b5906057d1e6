"""Named experiments, and what runs and compares them."""
