"""Pure statistics: comparisons of arms, their intervals and their power."""
