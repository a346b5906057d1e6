"""Where in an image a trained network sees a class."""
