"""What policies are made of: operations on the bytes of one image.

`apply_chains` gives every image of a batch operations of its own.
"""

from augment_tf.ops.chains import (
    OPERATIONS,
    apply_chains,
    change_images,
)

__all__ = ["OPERATIONS", "apply_chains", "change_images"]
