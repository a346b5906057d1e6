"""Image functions of AugLy that can be used, with their parameters."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Number:
    """A parameter in [low, high]; `default` stands in for AugLy's own."""

    low: float = 0.0
    high: float = 100.0
    whole: bool = False
    default: object = None

    def accepts(self, value):
        # AugLy refuses subclasses, such as NumPy's numbers.
        kinds = (int,) if self.whole else (int, float)
        return type(value) in kinds and self.low <= value <= self.high

    def __str__(self):
        kind = "an integer" if self.whole else "a number"
        bounds = f"in [{self.low}, {self.high}]"
        return f"{kind} {bounds} or a pair (low, high) of such"


@dataclass(frozen=True)
class Choice:
    """A parameter that is one of some values."""

    values: tuple
    default: object = None

    def accepts(self, value):
        return value in self.values

    def __str__(self):
        return f"one of {', '.join(map(repr, self.values))}"


@dataclass(frozen=True)
class Integers:
    """A parameter that is a row of integers in [0, high]."""

    high: int
    length: int | None = None
    default: object = None

    def accepts(self, value):
        return (
            isinstance(value, tuple)
            and len(value) == (self.length or max(len(value), 1))
            and all(type(v) is int and 0 <= v <= self.high for v in value)
        )

    def __str__(self):
        return f"{self.length or 'a list of'} integers in [0, {self.high}]"


_SHARE = Number(0.0, 1.0)
_COLOR = Integers(255, length=3)
# Drawn anew for each image. AugLy's default is one seed, the same for all.
_SEED = Number(0, 2**32 - 1, whole=True, default=(0, 2**32 - 1))

# What works with today's Pillow and NumPy and is a function of its arguments.
# Left out: perspective_transform and meme_format, which call what Pillow and
# NumPy have removed; what takes a function, a second image or a font; and the
# opacity of overlay_text, which changes nothing on images without alpha.
OPERATIONS = {
    "blur": {"radius": Number(0.01, 100.0)},
    "brightness": {"factor": Number()},
    "change_aspect_ratio": {"ratio": Number(0.1, 10.0)},
    "color_jitter": {
        "brightness_factor": Number(),
        "contrast_factor": Number(),
        "saturation_factor": Number(),
    },
    "contrast": {"factor": Number()},
    "crop": {"x1": _SHARE, "y1": _SHARE, "x2": _SHARE, "y2": _SHARE},
    "encoding_quality": {"quality": Number(0, 100, whole=True)},
    "grayscale": {"mode": Choice(("luminosity", "average"))},
    "hflip": {},
    "opacity": {"level": _SHARE},
    "overlay_emoji": {
        "opacity": _SHARE,
        "emoji_size": _SHARE,
        "x_pos": _SHARE,
        "y_pos": _SHARE,
    },
    "overlay_onto_screenshot": {"crop_src_to_fit": Choice((False, True))},
    "overlay_stripes": {
        "line_width": _SHARE,
        "line_color": _COLOR,
        "line_angle": Number(-360.0, 360.0),
        "line_density": Number(0.0, 0.99),
        "line_type": Choice(("solid", "dotted", "dashed")),
        "line_opacity": _SHARE,
    },
    "overlay_text": {
        # Positions in the font's list of characters: here 1, 2, 3, 4, 5.
        # AugLy's default is drawn anew whenever Python starts.
        "text": Integers(1019, default=(5, 6, 7, 8, 9)),
        "font_size": _SHARE,
        "color": _COLOR,
        "x_pos": _SHARE,
        "y_pos": _SHARE,
    },
    "pad": {
        "w_factor": Number(0.0, 4.0),
        "h_factor": Number(0.0, 4.0),
        "color": _COLOR,
    },
    "pad_square": {"color": _COLOR},
    "pixelization": {"ratio": Number(0.01, 1.0)},
    "random_noise": {
        "mean": Number(-1.0, 1.0),
        "var": _SHARE,
        "seed": _SEED,
    },
    "resize": {
        "width": Number(1, 10_000, whole=True),
        "height": Number(1, 10_000, whole=True),
    },
    "rotate": {"degrees": Number(-360.0, 360.0)},
    "saturation": {"factor": Number()},
    "scale": {"factor": Number(0.01, 10.0)},
    "sharpen": {"factor": Number()},
    "shuffle_pixels": {"factor": _SHARE, "seed": _SEED},
    "skew": {"skew_factor": Number(-10.0, 10.0), "axis": Choice((0, 1))},
    "vflip": {},
}
