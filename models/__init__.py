"""Networks trained from scratch, or from weights of ImageNet."""

import importlib

_MODULES = {
    "ResNet10": "models.resnet",
    "ResNet101": "models.resnet",
    "ResNet18": "models.resnet",
    "ResNet34": "models.resnet",
    "ResNet4": "models.resnet",
    "ResNet50": "models.resnet",
    "build_network": "models.resnet",
    "without_fused": "models.batch_norm",
}
__all__ = list(_MODULES)


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Only now, because it imports Keras: configs need no more than
    # `models.config`, and listing them must be quick.
    return getattr(importlib.import_module(_MODULES[name]), name)
