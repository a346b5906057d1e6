"""Tiny ImageNet: 200 classes, 100,000 train and 10,000 val images of 64x64.

Prepared once with tensorflow-datasets, out of a zip file, an extracted
folder or the public archive; read from the records from then on. Importing
this package registers the builder, so that this prepares, too:

    tfds.load("tiny_imagenet", data_dir=..., builder_kwargs={"images": ...})

What is prepared, `tfds.load("tiny_imagenet", data_dir=...)` reads without
this package.
"""

from pipelines.tiny_imagenet.source import TinyImageNet

__all__ = ["TinyImageNet"]
