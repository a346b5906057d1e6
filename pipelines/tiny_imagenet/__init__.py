"""Tiny ImageNet: 200 classes, 100,000 train and 10,000 val images of 64x64.

tensorflow-datasets prepares it once, from a zip file, an extracted folder or
the public archive; afterwards it is read from the records. Importing this
package registers the builder, so this call prepares it, too:

    tfds.load("tiny_imagenet", data_dir=..., builder_kwargs={"images": ...})

Prepared records can be read without this package, by
`tfds.load("tiny_imagenet", data_dir=...)`.
"""

from pipelines.tiny_imagenet.source import TinyImageNet

__all__ = ["TinyImageNet"]
