"""The same work as `benchmarks/layers.py`, by libraries of PyTorch's world.

Runs in an environment of its own; see there. Torchvision (on images of
Pillow) and albumentations work on single images, in one process a core, which
puts them into batches but need not hand those over, in their favor.
"Torchvision, batch" and kornia get whole batches and all cores; torchvision
then gives all images of a batch the same operation.
"""

import multiprocessing
import os
import sys

import numpy as np
from worker import serve

BATCH = 64


def torchvision(size):
    import torch
    from torchvision.transforms import InterpolationMode, v2

    torch.set_num_threads(1)
    bilinear = InterpolationMode.BILINEAR
    return {
        "RandAugment": lambda: v2.RandAugment(2, 9),
        "TrivialAugmentWide": v2.TrivialAugmentWide,
        "AutoAugment": v2.AutoAugment,
        "AugMix": lambda: v2.AugMix(3, 3, all_ops=False),
        "AutoContrast": lambda: v2.RandomAutocontrast(1.0),
        "Equalize": lambda: v2.RandomEqualize(1.0),
        "Solarize": lambda: v2.RandomSolarize(128, 1.0),
        "Posterize": lambda: v2.RandomPosterize(4, 1.0),
        "Sharpness": lambda: v2.RandomAdjustSharpness(1.7, 1.0),
        "RandomGrayscale": lambda: v2.RandomGrayscale(1.0),
        "GaussianBlur": lambda: v2.GaussianBlur(13, (0.1, 2.0)),
        "RandomAffine": lambda: v2.RandomAffine(
            15, (0.1, 0.1), (0.9, 1.1), interpolation=bilinear
        ),
        "RandomFlip": v2.RandomHorizontalFlip,
        "RandomCrop": lambda: v2.RandomCrop(size, padding=4),
        "RandomResizedCrop": lambda: v2.RandomResizedCrop(size),
        "ColorJitter": lambda: v2.ColorJitter(0.4, 0.4, 0.4),
    }


def torchvision_batch(size):
    from torchvision.transforms import v2

    both = torchvision(size)
    both["RandomErasing"] = lambda: v2.RandomErasing(1.0)
    both["CutMix"] = lambda: v2.CutMix(num_classes=200)
    both["MixUp"] = lambda: v2.MixUp(alpha=0.2, num_classes=200)
    return both


def albumentations(size):
    import albumentations as a
    import cv2

    cv2.setNumThreads(0)
    return {
        "AutoContrast": lambda: a.AutoContrast(p=1),
        "Equalize": lambda: a.Equalize(p=1),
        "Solarize": lambda: a.Solarize((0.5, 0.5), p=1),
        "Posterize": lambda: a.Posterize(4, p=1),
        "Sharpness": lambda: a.Sharpen(p=1),
        "RandomGrayscale": lambda: a.ToGray(p=1),
        "GaussianBlur": lambda: a.GaussianBlur((13, 13), (0.1, 2.0), p=1),
        "RandomAffine": lambda: a.Affine(
            scale=(0.9, 1.1),
            rotate=(-15, 15),
            translate_percent=(-0.1, 0.1),
            p=1,
        ),
        "RandomFlip": a.HorizontalFlip,
        "RandomCrop": lambda: a.Compose(
            [a.PadIfNeeded(size + 8, size + 8), a.RandomCrop(size, size)]
        ),
        "RandomResizedCrop": lambda: a.RandomResizedCrop((size, size)),
        "ColorJitter": lambda: a.ColorJitter(0.4, 0.4, 0.4, 0, p=1),
        "RandomErasing": lambda: a.Erasing(p=1),
        "Cutout": lambda: a.CoarseDropout((1, 1), (0.5, 0.5), (0.5, 0.5), p=1),
        "GridMask": lambda: a.GridDropout(p=1),
    }


def kornia(size):
    import kornia.augmentation as k
    from kornia.augmentation import auto

    return {
        "RandAugment": lambda: auto.RandAugment(2, 9),
        "TrivialAugmentWide": auto.TrivialAugment,
        "AutoAugment": auto.AutoAugment,
        "AutoContrast": lambda: k.RandomAutoContrast(p=1),
        "Equalize": lambda: k.RandomEqualize(p=1),
        "Solarize": lambda: k.RandomSolarize(0.0, 0.0, p=1),
        "Posterize": lambda: k.RandomPosterize((4, 4), p=1),
        "Sharpness": lambda: k.RandomSharpness(0.7, p=1),
        "RandomGrayscale": lambda: k.RandomGrayscale(p=1),
        "GaussianBlur": lambda: k.RandomGaussianBlur((13, 13), (0.1, 2.0), p=1),
        "RandomAffine": lambda: k.RandomAffine(15, (0.1, 0.1), (0.9, 1.1), p=1),
        "RandomFlip": lambda: k.RandomHorizontalFlip(p=0.5),
        "RandomCrop": lambda: k.RandomCrop((size, size), padding=4),
        "RandomResizedCrop": lambda: k.RandomResizedCrop((size, size)),
        "ColorJitter": lambda: k.ColorJitter(0.4, 0.4, 0.4, p=1),
        "RandomErasing": lambda: k.RandomErasing(p=1),
        "CutMix": lambda: k.RandomCutMixV2(data_keys=["input", "class"], p=1),
        "MixUp": lambda: k.RandomMixUpV2(data_keys=["input", "class"], p=1),
    }


SIDES = {
    "torchvision": torchvision,
    "torchvision, batch": torchvision_batch,
    "albumentations": albumentations,
    "kornia": kornia,
}
SINGLE = ("torchvision", "albumentations")


def single_images(side, name, images):
    cores = os.cpu_count()
    pool = multiprocessing.Pool(cores, start_process, (side, name, images))

    def augment(count):
        pool.map(augment_in_process, [count // cores] * cores, chunksize=1)

    return augment


def start_process(side, name, images):
    global apply, pictures, collected
    collected = images.copy()
    transform = SIDES[side](images.shape[1])[name]()
    if side == "albumentations":

        def apply(image):
            return transform(image=image)["image"]

        pictures = images
    else:
        import PIL.Image

        apply, pictures = transform, list(map(PIL.Image.fromarray, images))


def augment_in_process(count):
    """Augments images and collects them in batches, as training needs them."""
    for number in range(count):
        place = number % len(pictures)
        collected[place] = apply(pictures[place])


def batches(side, name, images):
    import torch

    transform = SIDES[side](images.shape[1])[name]()
    torch.set_num_threads(os.cpu_count())
    batch = torch.from_numpy(images.transpose(0, 3, 1, 2).copy())
    if side == "kornia":
        batch = batch.to(torch.float32) / 255
    labels = torch.arange(len(images)) % 200
    takes_labels = name in ("CutMix", "MixUp")

    def augment(count):
        for _ in range(count // BATCH):
            if takes_labels:
                transform(batch, labels)
            else:
                transform(batch)

    return augment


if __name__ == "__main__":
    side, name, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    shape = (BATCH, size, size, 3)
    drawn = np.random.default_rng(0).integers(0, 256, shape, "uint8")
    make = single_images if side in SINGLE else batches
    serve(make(side, name, drawn))
