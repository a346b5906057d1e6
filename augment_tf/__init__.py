"""Image augmentation for Keras: exact, fast and reproducible."""

