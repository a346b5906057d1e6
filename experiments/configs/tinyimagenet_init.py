"""He against Xavier initialization: does it change what augmentations gain?

A sweep of model.initializer with three arms. The He arms are those of
`tinyimagenet_fair`; a Xavier arm differs from its He arm in the initializer of
the convolutions alone. Study `tinyimagenet_xavier` is the Xavier arms alone.

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
        experiments=tuple(e.name for e in _HE),
        seeds=3,
        sweep=("model.initializer=he_normal_fan_out,glorot_uniform",),
    ),
    Study(
        name="tinyimagenet_xavier",
        summary="three augmentations with Xavier",
        experiments=tuple(e.name for e in EXPERIMENTS),
        seeds=3,
    ),
)
