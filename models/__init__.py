"""Networks trained from scratch."""

from models.batch_norm import without_fused
from models.resnet import ResNet18, ResNet34, ResNet50, ResNet101

__all__ = ["ResNet101", "ResNet18", "ResNet34", "ResNet50", "without_fused"]
