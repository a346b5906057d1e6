"""PCA lighting: shifts along the principal components of color."""

import keras
import tensorflow as tf

from augment_tf.ops import arguments, sampling
from augment_tf.ops.color_matrix import ColorTransform

# Covariance of ImageNet's pixels, scaled to [0, 1]: its eigenvalues, and its
# eigenvectors as columns.
EIGENVALUES = (0.2175, 0.0188, 0.0045)
EIGENVECTORS = (
    (-0.5675, 0.7192, 0.4009),
    (-0.5808, -0.0045, -0.8140),
    (-0.5836, -0.6948, 0.4203),
)


@keras.saving.register_keras_serializable(package="augment_tf")
class PCALighting(ColorTransform):
    """Adds one random color to all pixels of an image, like colored light.

    For each image three factors are drawn from a normal distribution; the
    color is the sum of the eigenvectors of ImageNet's colors, each times its
    eigenvalue and its factor. Results are not clipped: as in the published
    recipes, they may leave [0, 255] a little.

    References:
        - Krizhevsky et al., ImageNet Classification with Deep Convolutional
          Neural Networks (2012), section 4.1; eigenvalues and eigenvectors
          as in fb.resnet.torch.

    Args:
        std: Float, at least 0. Standard deviation of the three factors.
        seed: Integer or None; see `augment_tf.Augmentation`.

    Input shape:
        (batch, height, width, 3) or (height, width, 3), in [0, 255].

    Output shape:
        The input's, always float32.

    Raises:
        ValueError: if `std` is negative.

    Example:

    >>> import augment_tf
    >>> import tensorflow as tf
    >>> images = tf.zeros((1, 4, 4, 3))
    >>> lit = augment_tf.PCALighting(std=0.1).apply(images, seed=(0, 1))
    >>> bool(tf.reduce_all(lit == lit[:, :1, :1]))
    True
    """

    def __init__(self, std=0.1, seed=None, **kwargs):
        super().__init__(seed=seed, **kwargs)
        self.std = arguments.number("std", std, minimum=0.0)

    def get_random_transformation(self, images, seed):
        shape = (tf.shape(images)[0], 3)
        return {"factors": self.std * sampling.normal(seed, shape)}

    def color_transform(self, means, transformation):
        weights = 255.0 * tf.constant(EIGENVECTORS, tf.float64) * EIGENVALUES
        factors = transformation["factors"][:, tf.newaxis]
        # Not a matrix product: accelerators round its factors.
        shift = tf.reduce_sum(weights * factors, axis=2)
        count = tf.shape(shift)[:1]
        return tf.eye(3, batch_shape=count, dtype=tf.float64), shift

    def get_config(self):
        return {**super().get_config(), "std": self.std}
