"""Means and deviations of the channels, on the [0, 1] scale.

Apart from the networks, so that a config can name them without Keras.
"""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
