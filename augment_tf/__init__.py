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
from augment_tf.saliency import fine_grained_saliency
from augment_tf.saliency_mix import SaliencyMix
from augment_tf.saliency_opencv import opencv_saliency
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
    "SaliencyMix",
    "Sequence",
    "fine_grained_saliency",
    "opencv_saliency",
]
