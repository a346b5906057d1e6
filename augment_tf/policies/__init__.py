"""Layers that give each image operations of its own, by a published policy."""

from augment_tf.policies.aug_mix import AugMix
from augment_tf.policies.auto_augment import AutoAugment
from augment_tf.policies.rand_augment import RandAugment
from augment_tf.policies.trivial_augment import TrivialAugmentWide

__all__ = ["AugMix", "AutoAugment", "RandAugment", "TrivialAugmentWide"]
