"""AugLy's variations of images: in files, and at each step."""
