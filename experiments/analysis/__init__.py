"""Analysis of trained networks: predictions, robustness, explanations."""
