"""Results that others published, and what they are from."""
