"""How a trained network does on images that are not as they should be."""
