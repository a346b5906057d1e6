"""Image augmentation for Keras: exact, fast and reproducible."""

from augment_tf.base import Augmentation
from augment_tf.color_jitter import ColorJitter
from augment_tf.cutmix import CutMix
from augment_tf.mixup import MixUp
from augment_tf.pca_lighting import PCALighting
from augment_tf.random_crop import RandomCrop
from augment_tf.random_erasing import RandomErasing
from augment_tf.random_flip import RandomFlip
from augment_tf.random_resized_crop import RandomResizedCrop
from augment_tf.sequence import Sequence

__all__ = [
    "Augmentation",
    "ColorJitter",
    "CutMix",
    "MixUp",
    "PCALighting",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomResizedCrop",
    "Sequence",
]
