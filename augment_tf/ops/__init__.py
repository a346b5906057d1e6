"""Functions on tensors that the layers are built from."""
