"""Arms by name, and arms that a command line spells out.

An arm is the part that one side of a comparison adds to the shared recipe.
"""

import ast
import difflib
import re
from dataclasses import asdict, dataclass, replace

from pydantic import ValidationError

from experiments.configs.schema import layer
from experiments.errors import ConfigError

# Layers that an arm can have: those of augment_tf, which takes seconds to
# import, and AugLy. Besides them any of "keras/NAME" and "keras_cv/NAME".
LAYERS = (
    "AugLy",
    "AugMix",
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
    "RandomApply",
    "RandomAffine",
    "RandomChannelShift",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomGrayscale",
    "RandomHue",
    "RandomResizedCrop",
    "ResizeMix",
    "SaliencyMix",
    "Sharpness",
    "Solarize",
    "TrivialAugmentWide",
)
# Layers that contain others, and the option that holds them.
_CONTAINERS = {"OneOf": "layers", "RandomApply": "layer", "Sequence": "layers"}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
# Begins the value of a swept field at the end of an experiment's name. No arm
# of a command line may have it in its own name.
VALUE_MARK = "@"


@dataclass(frozen=True)
class Arm:
    """Layers and a seed offset that are added to a recipe.

    Attributes:
        name: Of a file name's characters.
        summary: In a few words.
        layers: Follow those of the recipe.
        seed_offset: See `Experiment`.
        title: Name in reports; without one, the summary is.
    """

    name: str
    summary: str
    layers: tuple = ()
    seed_offset: int | None = None
    title: str | None = None


ARMS = {
    arm.name: arm
    for arm in (
        Arm(
            "baseline",
            "the recipe's crops and flips only",
            title="Baseline",
        ),
        Arm("random_erase", "Random Erasing", (layer("RandomErasing"),)),
        Arm(
            "salmix",
            "SaliencyMix, a box per image",
            (layer("SaliencyMix"),),
            title="SaliencyMix",
        ),
        Arm(
            "salmix_per_batch",
            "SaliencyMix, a box per batch",
            (layer("SaliencyMix", box="per_batch"),),
        ),
        Arm(
            "salmix_float",
            "SaliencyMix with the official code's misread saliency",
            (layer("SaliencyMix", saliency="opencv_float"),),
            title="SaliencyMix, misread saliency",
        ),
        Arm("cutmix", "CutMix", (layer("CutMix"),)),
        Arm("mixup", "MixUp", (layer("MixUp"),)),
        Arm("randaugment", "RandAugment", (layer("RandAugment"),)),
        Arm("resizemix", "ResizeMix", (layer("ResizeMix"),)),
        Arm("fmix", "FMix", (layer("FMix"),)),
        Arm("cutout", "Cutout", (layer("Cutout"),)),
        Arm(
            "trivialaugment",
            "TrivialAugment, wide",
            (layer("TrivialAugmentWide"),),
        ),
        Arm("autoaugment", "AutoAugment", (layer("AutoAugment"),)),
        Arm("augmix", "AugMix", (layer("AugMix"),)),
        Arm("gridmask", "GridMask", (layer("GridMask"),)),
        Arm(
            "keras_cv_gridmask",
            "GridMask of KerasCV",
            (layer("keras_cv/GridMask"),),
        ),
        Arm(
            "keras_randaugment",
            "RandAugment of Keras",
            (layer("keras/RandAugment", value_range=(0, 255)),),
        ),
        Arm(
            "keras_cv_augmix",
            "AugMix of KerasCV",
            (layer("keras_cv/AugMix", value_range=(0, 255)),),
        ),
        Arm(
            "fouriermix",
            "FourierMix of KerasCV",
            (layer("keras_cv/FourierMix"),),
        ),
        Arm(
            "placebo",
            "the baseline again, with other random numbers",
            seed_offset=1000,
            title="Placebo",
        ),
    )
}
# Display names of experiments whose arm is in no other study.
_TITLES = {
    "demo_flip": "Flipping",
    "catsdogs_original": "No augmentation",
    "catsdogs_augly": "AugLy in files",
    "catsdogs_fair_original": "No augmentation",
    "catsdogs_fair_augly": "AugLy in files",
    "catsdogs_fair_augly_online": "AugLy at each step",
} | {
    f"tinyimagenet_xavier_{arm.name}": f"{arm.title or arm.summary}, Xavier"
    for arm in ARMS.values()
}
# Names of experiments begin with one of these.
_PREFIX = re.compile(
    "^(demo|fair_(laptop|small|standard|large)|tinyimagenet(_fair|_pocket)?"
    "|catsdogs(_fair)?)_"
)


def display_name(experiment):
    """Returns an arm's name for a report's text, tables and figures.

    Only built-in arms have one; an arm of the command line keeps the name that
    its user gave it. The name is derived and is in no file of a run. It is
    unique within a study: in a report of several studies, two baselines are
    both called "Baseline", and the keys tell them apart. The same holds for
    the values of a sweep, which the name lacks.

    Args:
        experiment: A run's config as config.json has it, or the name of an
            experiment or an arm.

    Returns:
        A string, on one line.

    Example:

    >>> from experiments.configs.arms import display_name
    >>> display_name({"name": "tinyimagenet_pocket_random_erase"})
    'Random Erasing'
    >>> display_name("salmix")
    'SaliencyMix'
    >>> display_name("demo_my_mix")
    'my_mix'
    >>> display_name("demo_cutmix@epochs=5")
    'CutMix'
    """
    name = experiment if isinstance(experiment, str) else experiment["name"]
    name, _, _ = name.partition(VALUE_MARK)
    key = _PREFIX.sub("", name)
    if key in ARMS:
        return ARMS[key].title or ARMS[key].summary
    return _TITLES.get(name, key)


def add_arm(recipe, prefix, arm):
    """Adds an arm to a recipe.

    Args:
        recipe: The `Experiment` that all arms share.
        prefix: Of the experiment's name.
        arm: An `Arm`.
    """
    return replace(
        recipe,
        name=f"{prefix}{arm.name}",
        summary=f"controlled: {arm.summary}",
        augment=(*recipe.augment, *arm.layers),
        seed_offset=arm.seed_offset,
    )


def parse_arm(text):
    """Reads an `Arm` from a text, "both=RandomErasing(fill='noise') + CutMix".

    Nothing in it is executed. Layers are those of `LAYERS`, "keras/NAME" and
    "keras_cv/NAME", with options by name, or arms of `ARMS`. Layers
    inside `OneOf` and `RandomApply` come first: "OneOf(CutMix(), MixUp())".

    Raises:
        ConfigError: if the text is no arm. Options are checked elsewhere.
    """
    name, equals, expression = text.partition("=")
    name = name.strip()
    if not equals or not _NAME.fullmatch(name):
        raise ConfigError(
            "--arm expects NAME=LAYER(OPTION=VALUE, ...) + ..., NAME of "
            f"letters, digits, '_', '-' and '.'. Received: {text!r}."
        )
    expression = expression.strip()
    try:
        tree = ast.parse(expression, mode="eval").body
        layers = _layers(tree, text)
    # The last two are raised if the text is nested too deeply.
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _not_an_arm(text) from error
    return Arm(name, expression, layers)


def _layers(node, text):
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _layers(node.left, text) + _layers(node.right, text)
    if isinstance(node, ast.Name) and node.id in ARMS:
        arm = ARMS[node.id]
        if arm.seed_offset is None:
            return arm.layers
    options = {}
    library = ""
    # keras/RandAugment(...) reads as a division.
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        if not isinstance(node.left, ast.Name):
            raise _not_an_arm(text)
        library, node = f"{node.left.id}/", node.right
    parts = ()
    if isinstance(node, ast.Call):
        if not all(keyword.arg for keyword in node.keywords):
            raise _unnamed_option(text)
        options = {k.arg: ast.literal_eval(k.value) for k in node.keywords}
        parts, node = node.args, node.func
    if not isinstance(node, ast.Name):
        raise _not_an_arm(text)
    name = library + node.id
    if not library and name not in LAYERS:
        close = difflib.get_close_matches(name, LAYERS, cutoff=0.5) or LAYERS
        raise ConfigError(
            f"--arm {text}: there is no layer {name!r}. Known: "
            f"{', '.join(close)}; see --list."
        )
    if name in _CONTAINERS:
        options = {**_parts(name, parts, text), **options}
    elif parts:
        raise _unnamed_option(text)
    try:
        return (layer(name, **options),)
    except ValidationError as error:
        problem = error.errors()[0].get("ctx", {}).get("error", error)
        raise ConfigError(f"--arm {text}: {problem}.") from error


def _parts(name, nodes, text):
    """Builds the option of a layer that contains others."""
    parts = [_combine(_layers(node, text)) for node in nodes]
    option = _CONTAINERS[name]
    if not all(parts) or not parts or (option == "layer" and len(parts) > 1):
        one = name == "RandomApply"
        raise ConfigError(
            f"--arm {text}: {name} expects {'a layer' if one else 'layers'} "
            "first, such as "
            + ("RandomApply(CutMix(), " if one else "OneOf(CutMix(), MixUp(), ")
            + "per='batch')."
        )
    return {option: parts[0] if option == "layer" else parts}


def _combine(layers):
    """Converts layers to the dictionary of one, or None without layers."""
    specs = [asdict(each) for each in layers]
    if len(specs) > 1:
        return asdict(layer("Sequence", layers=specs))
    return specs[0] if specs else None


def _unnamed_option(text):
    return ConfigError(
        f"--arm {text}: options are given by name, such as CutMix(alpha=0.5)."
    )


def _not_an_arm(text):
    return ConfigError(
        f"--arm {text}: expected layers joined by +, such as RandomErasing("
        "scale=(0.02, 0.1)) + CutMix, their options numbers, text, lists or "
        "dictionaries."
    )
