"""What a run asks of its network; importing this does not import Keras."""

from dataclasses import dataclass
from typing import Literal

# Of the channels, on the [0, 1] scale.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Model:
    """The arguments of `models.resnet.ResNet50` of these names."""

    name: Literal["ResNet18", "ResNet34", "ResNet50", "ResNet101"] = "ResNet50"
    stem: Literal["imagenet", "small"] = "imagenet"
    width: int = 64
    initializer: str = "he_normal_fan_out"
    head_initializer: str = "linear_uniform"
    # "linear_uniform" for what PyTorch does where nobody says otherwise.
    head_bias_initializer: str = "zeros"
    # Logits; None: as many as the data has classes.
    classes: int | None = None
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
