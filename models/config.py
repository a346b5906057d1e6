"""Config of a network; importing this module does not import Keras."""

from typing import Annotated, Literal

from annotated_types import Ge, Le
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

# Channels of ImageNet, on the [0, 1] scale.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


# One for each channel.
_Shares = tuple[
    Annotated[float, Ge(0), Le(1)],
    Annotated[float, Ge(0), Le(1)],
    Annotated[float, Ge(0), Le(1)],
]
_Divisors = tuple[
    Annotated[float, Ge(0.001), Le(1000)],
    Annotated[float, Ge(0.001), Le(1000)],
    Annotated[float, Ge(0.001), Le(1000)],
]


@dataclass(
    frozen=True,
    config=ConfigDict(strict=True, allow_inf_nan=False, extra="forbid"),
)
class Model:
    """The arguments of `models.resnet.ResNet50` of these names.

    Raises:
        ValueError: if a value has another type, or is outside its range.
    """

    # "ResNet4", of one block, is for tests; "ResNet10" for first tries.
    name: Literal[
        "ResNet4", "ResNet10", "ResNet18", "ResNet34", "ResNet50", "ResNet101"
    ] = "ResNet50"
    # None: trained from scratch. "imagenet": the network and the weights of
    # keras.applications, see `models.imagenet`.
    weights: Literal["imagenet"] | None = None
    # "imagenet" halves images twice before the first block, "small" never.
    stem: Literal["imagenet", "small"] = "imagenet"
    # Channels of the first block.
    width: Annotated[int, Ge(1), Le(4096)] = 64
    # Of convolutions, by a name in `models.initializers`, or one of Keras's.
    initializer: str = "he_normal_fan_out"
    head_initializer: str = "linear_uniform"
    # "linear_uniform" for what PyTorch does where nobody says otherwise.
    head_bias_initializer: str = "zeros"
    # Logits; None: as many as the data has classes.
    classes: Annotated[int, Ge(2), Le(1_000_000)] | None = None
    # Of the images' channels on the [0, 1] scale; the first layer normalizes.
    mean: _Shares = IMAGENET_MEAN
    std: _Divisors = IMAGENET_STD
