"""He against Xavier initialization, crossed with three augmentations.

The He arms are those of `tinyimagenet_fair`; a Xavier arm differs from its He
arm in the initializer of the convolutions alone. Not run to its end here yet.
"""

from dataclasses import replace

from experiments.configs import tinyimagenet_fair
from experiments.configs.schema import Study

_PREFIX = "tinyimagenet_fair_"
_HE = [
    e
    for e in tinyimagenet_fair.EXPERIMENTS
    if e.name.removeprefix(_PREFIX) in ("baseline", "random_erase", "salmix")
]

EXPERIMENTS = tuple(
    replace(
        he,
        name=he.name.replace(_PREFIX, "tinyimagenet_xavier_"),
        summary=f"{he.summary}, Xavier initialization",
        model=replace(he.model, initializer="glorot_uniform"),
    )
    for he in _HE
)

STUDIES = (
    Study(
        name="tinyimagenet_init",
        summary="He against Xavier, each with three augmentations",
        experiments=tuple(e.name for e in (*_HE, *EXPERIMENTS)),
        seeds=3,
    ),
)
