"""He against Xavier initialization, crossed with three augmentations.

The He arms are those of `tinyimagenet_fair`; a Xavier arm differs from its He
arm in the initializer of the convolutions alone.

Expected accuracy, hours, hardware: not run yet.
Command:
    python main.py --study=tinyimagenet_init --data_dir=DIR
"""

from dataclasses import replace

from experiments.configs.schema import Study
from experiments.configs.tinyimagenet_fair import EXPERIMENTS as _FAIR
from experiments.configs.tinyimagenet_fair import PREFIX

_HE = [
    e
    for e in _FAIR
    if e.name.removeprefix(PREFIX) in ("baseline", "random_erase", "salmix")
]

EXPERIMENTS = tuple(
    replace(
        he,
        name=he.name.replace(PREFIX, "tinyimagenet_xavier_"),
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
