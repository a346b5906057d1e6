"""Variations of images by AugLy: in files, or anew at each step."""
