"""Image augmentation for Keras: exact, fast and reproducible.

On a CPU, set the environment variable `TF_ENABLE_ONEDNN_OPTS=1` before
TensorFlow is imported. TensorFlow does so by itself only on processors with
AVX-512 VNNI. The layers multiply no matrices, but oneDNN has an allocator that
keeps the memory of large tensors. Without it, the operating system allocates
and clears every page of every batch again, and a chain of crops and color
changes takes up to three times as long (benchmarks/published_chain.py). A
library cannot set this for its users, since it changes the last bits of
networks.
"""

from augment_tf.auto_contrast import AutoContrast
from augment_tf.base import Augmentation
from augment_tf.channel_shuffle import ChannelShuffle
from augment_tf.color_jitter import ColorJitter
from augment_tf.cutmix import CutMix
from augment_tf.cutout import Cutout
from augment_tf.equalize import Equalize
from augment_tf.fmix import FMix
from augment_tf.gaussian_blur import GaussianBlur
from augment_tf.grid_mask import GridMask
from augment_tf.mapping import map_dataset
from augment_tf.mixup import MixUp
from augment_tf.one_of import OneOf
from augment_tf.ops.saliency import fine_grained_saliency
from augment_tf.ops.saliency_opencv import opencv_saliency
from augment_tf.pca_lighting import PCALighting
from augment_tf.policies import (
    AugMix,
    AutoAugment,
    RandAugment,
    TrivialAugmentWide,
)
from augment_tf.posterize import Posterize
from augment_tf.random_affine import RandomAffine
from augment_tf.random_apply import RandomApply
from augment_tf.random_channel_shift import RandomChannelShift
from augment_tf.random_crop import RandomCrop
from augment_tf.random_erasing import RandomErasing
from augment_tf.random_flip import RandomFlip
from augment_tf.random_grayscale import RandomGrayscale
from augment_tf.random_hue import RandomHue
from augment_tf.random_resized_crop import RandomResizedCrop
from augment_tf.resize_mix import ResizeMix
from augment_tf.saliency_mix import SaliencyMix
from augment_tf.sequence import Sequence
from augment_tf.sharpness import Sharpness
from augment_tf.solarize import Solarize
from augment_tf.version import __version__

__all__ = [
    "AugMix",
    "Augmentation",
    "AutoAugment",
    "AutoContrast",
    "ChannelShuffle",
    "ColorJitter",
    "CutMix",
    "Cutout",
    "Equalize",
    "FMix",
    "GaussianBlur",
    "GridMask",
    "MixUp",
    "OneOf",
    "PCALighting",
    "Posterize",
    "RandAugment",
    "RandomAffine",
    "RandomApply",
    "RandomChannelShift",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomGrayscale",
    "RandomHue",
    "RandomResizedCrop",
    "ResizeMix",
    "SaliencyMix",
    "Sequence",
    "Sharpness",
    "Solarize",
    "TrivialAugmentWide",
    "__version__",
    "fine_grained_saliency",
    "map_dataset",
    "opencv_saliency",
]
