"""AugLy's operations: all of them run, and repeat; wrong ones are refused."""

import doctest
import inspect
import io
import json
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import PIL.Image
import pytest

from pipelines import shapes
from pipelines.augly import operations
from pipelines.augly.library import load_augly
from pipelines.augly.operations import (
    OPERATIONS,
    SLIGHT,
    apply,
    check_operations,
    draw,
    vary,
)
from pipelines.errors import DataError

# Settings under which each operation changes an image visibly.
VISIBLE = {
    "blur": {"radius": (2.0, 4.0)},
    "brightness": {"factor": (0.5, 0.8)},
    "change_aspect_ratio": {"ratio": (1.2, 2.0)},
    "color_jitter": {
        "brightness_factor": (0.5, 0.8),
        "contrast_factor": (1.2, 1.5),
        "saturation_factor": (0.0, 0.5),
    },
    "contrast": {"factor": (0.2, 0.6)},
    "crop": {"x1": (0.0, 0.3), "y1": 0.1, "x2": (0.7, 1.0), "y2": 0.9},
    "encoding_quality": {"quality": (5, 20)},
    "grayscale": {"mode": "average"},
    "opacity": {"level": (0.2, 0.8)},
    "overlay_emoji": {"emoji_size": (0.3, 0.5), "opacity": 0.7},
    "overlay_stripes": {
        "line_color": (255, 0, 0),
        "line_angle": (-60.0, 60.0),
        "line_type": "dashed",
        "line_width": 0.4,
    },
    "overlay_text": {"text": (7, 8, 9), "color": (0, 255, 0)},
    "pad": {"w_factor": (0.1, 0.3), "color": (9, 9, 9)},
    "pixelization": {"ratio": (0.1, 0.3)},
    "random_noise": {"var": (0.01, 0.05)},
    "resize": {"width": (20, 60), "height": 40},
    "rotate": {"degrees": (5.0, 40.0)},
    "saturation": {"factor": (0.0, 0.5)},
    "scale": {"factor": (0.3, 1.7)},
    "sharpen": {"factor": (3.0, 5.0)},
    "shuffle_pixels": {"factor": (0.2, 1.0)},
    "skew": {"skew_factor": (0.2, 0.8), "axis": 1},
}


@pytest.fixture(scope="module")
def photos(data_dir):
    """A cat and a dog, at most 160 pixels wide and high."""
    images = []
    with zipfile.ZipFile(data_dir / "cats-and-dogs-test.zip") as archive:
        names = [n for n in archive.namelist() if n.endswith(".jpg")]
        for name in (min(names), max(names)):
            image = PIL.Image.open(io.BytesIO(archive.read(name)))
            image = image.convert("RGB")
            image.thumbnail((160, 160))
            images.append(image)
    return images


@pytest.fixture(params=["drawn", "photographs"], scope="module")
def pictures(request):
    """Two drawn images, and the photographs where there are some."""
    if request.param == "photographs":
        return request.getfixturevalue("photos")
    drawn = [shapes.draw(label, 96, [0, label]) for label in (0, 3)]
    return [PIL.Image.fromarray(each).resize((128, 96)) for each in drawn]


@pytest.fixture
def image():
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3))
    return PIL.Image.fromarray(pixels.astype(np.uint8))


def is_same(first, second):
    return first.size == second.size and first.tobytes() == second.tobytes()


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_works_and_repeats(pictures, name):
    operations = check_operations({name: VISIBLE.get(name, {})})
    for picture in pictures:
        before = picture.tobytes()
        varied, drawn = vary(picture, operations, np.random.default_rng(1))
        again, _ = vary(picture, operations, np.random.default_rng(1))
        assert varied.mode == "RGB"
        assert not is_same(varied, picture)
        assert picture.tobytes() == before
        assert is_same(varied, again)
        # What a manifest records is enough to do it again.
        assert is_same(apply(picture, json.loads(json.dumps(drawn))), varied)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_works_with_augly_s_own_values(pictures, name):
    varied, drawn = vary(pictures[0], {name: {}}, np.random.default_rng(1))
    assert [each["name"] for each in drawn] == [name]
    assert varied.mode == "RGB"
    assert 0 not in varied.size


def test_parameters_are_augly_s():
    for name, function in load_augly().items():
        known = inspect.signature(inspect.unwrap(function)).parameters
        assert set(OPERATIONS[name]) <= set(known), name
    assert set(load_augly()) == set(OPERATIONS)


@pytest.mark.parametrize("name", ["random_noise", "shuffle_pixels"])
def test_global_generator_is_left_alone(image, name):
    from augly import image as augly

    np.random.seed(5)
    expected = np.random.random(3)
    np.random.seed(5)
    ours = apply(image, [{"name": name, "parameters": {"seed": 7}}])
    np.testing.assert_array_equal(np.random.random(3), expected)
    assert is_same(ours, getattr(augly, name)(image, seed=7))


def test_threads_do_not_disturb_each_other(image):
    operations = check_operations(VISIBLE)

    def one(seed):
        return vary(image, operations, np.random.default_rng(seed))[0]

    alone = [one(seed) for seed in range(16)]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(one, range(16)))
    for one_alone, one_together in zip(alone, together, strict=True):
        assert is_same(one_alone, one_together)
    assert not is_same(alone[0], alone[1])


def test_a_brightness_factor_scales_pixels():
    """The one operation whose result can be told by hand."""
    gray = PIL.Image.new("RGB", (4, 3), (100, 50, 10))
    varied, drawn = vary(
        gray, {"brightness": {"factor": 1.5}}, np.random.default_rng()
    )
    assert drawn == [{"name": "brightness", "parameters": {"factor": 1.5}}]
    assert varied.getpixel((2, 1)) == (150, 75, 15)


def test_order_of_the_dictionary_is_the_order_of_application(image):
    pad, gray = {"pad": {"color": (255, 0, 0)}}, {"grayscale": {}}
    random = np.random.default_rng(0)
    red, _ = vary(image, gray | pad, random)
    assert red.getpixel((0, 0)) == (255, 0, 0)
    assert vary(image, pad | gray, random)[0].getpixel((0, 0)) == (76, 76, 76)


def draws(name, settings, count=4_000):
    random = np.random.default_rng(0)
    return [draw({name: settings}, random) for _ in range(count)]


def test_ranges_are_drawn_uniformly():
    values = [
        drawn[0]["parameters"]["degrees"]
        for drawn in draws("rotate", {"degrees": (-15.0, 5.0)})
    ]
    assert min(values) >= -15.0
    assert max(values) <= 5.0
    # A uniform draw has standard deviation width / sqrt(12).
    assert np.mean(values) == pytest.approx(-5.0, abs=4 * 5.8 / 4_000**0.5)
    assert np.std(values) == pytest.approx(20 / 12**0.5, rel=0.05)


def test_integers_include_both_ends():
    values = [
        drawn[0]["parameters"]["quality"]
        for drawn in draws("encoding_quality", {"quality": [3, 5]})
    ]
    assert {type(value) for value in values} == {int}
    counts = np.bincount(values)
    np.testing.assert_allclose(counts[3:], 4_000 / 3, rtol=0.1)
    assert counts[:3].sum() == 0


def test_operations_are_applied_as_often_as_they_should():
    for probability in (0.0, 0.3, 1.0):
        drawn = draws("hflip", {"probability": probability})
        spread = (probability * (1 - probability) / 4_000) ** 0.5
        rate = np.mean([len(each) for each in drawn])
        assert rate == pytest.approx(probability, abs=4 * spread)


def test_one_setting_does_not_shift_the_others():
    def degrees(**flip):
        operations = {"hflip": flip, "rotate": {"degrees": (-9.0, 9.0)}}
        return draw(operations, np.random.default_rng(3))[-1]

    assert degrees(probability=0.0) == degrees(probability=1.0)
    before = {"blur": {"radius": 2.0}, "rotate": {"degrees": (-9.0, 9.0)}}
    after = {**before, "blur": {"radius": (1.0, 3.0)}}
    one, other = (
        draw(each, np.random.default_rng(3)) for each in (before, after)
    )
    assert one[1] == other[1]
    assert one[0] != other[0]


def test_nothing_is_left_to_augly_s_own_chance():
    """Its default text differs from process to process, its seed never."""
    operations = {"overlay_text": {}, "random_noise": {}, "shuffle_pixels": {}}
    first, second = (
        draw(operations, np.random.default_rng(seed)) for seed in range(2)
    )
    assert first[0]["parameters"] == {"text": (5, 6, 7, 8, 9)}
    for one, other in zip(first[1:], second[1:], strict=True):
        assert one["parameters"]["seed"] != other["parameters"]["seed"]


def test_json_means_the_same(image):
    read_back = json.loads(json.dumps(VISIBLE))
    assert check_operations(read_back) == VISIBLE
    one, other = (
        vary(image, operations, np.random.default_rng(2))[0]
        for operations in (VISIBLE, read_back)
    )
    assert is_same(one, other)


@pytest.mark.parametrize(
    ("operations", "message"),
    [
        ({"rotation": {}}, r"'rotation' is unknown.*Known: .*rotate"),
        ({"meme_format": {}}, "'meme_format' is unknown or does not work"),
        (
            {"rotate": {"angle": 3}},
            r"rotate has no parameter 'angle'\. Known: probability, degrees",
        ),
        ({"rotate": {"degrees": (5.0, -5.0)}}, r"pair \(low, high\).*5\.0"),
        ({"rotate": {"degrees": [1.0, 2.0, 3.0]}}, r"pair \(low, high\)"),
        ({"rotate": {"degrees": "5"}}, r"rotate\.degrees: .*Received: '5'"),
        ({"rotate": {"degrees": float("nan")}}, "Received: nan"),
        ({"rotate": {"degrees": (1.0, np.float64(2))}}, "expected a number"),
        ({"rotate": {"degrees": True}}, "Received: True"),
        ({"encoding_quality": {"quality": 9.5}}, "expected an integer in"),
        ({"brightness": {"factor": -1.0}}, r"in \[0\.0, 100\.0\]"),
        ({"hflip": {"probability": 1.5}}, r"number in \[0, 1\].*1\.5"),
        ({"hflip": {"probability": (0.1, 0.2)}}, r"number in \[0, 1\]"),
        ({"pad": {"color": (0, 0, 300)}}, r"3 integers in \[0, 255\]"),
        ({"pad": {"color": (0, 0)}}, r"3 integers in \[0, 255\]"),
        ({"grayscale": {"mode": "red"}}, "one of 'luminosity', 'average'"),
        ({"crop": {"x1": (0.2, 0.8)}}, r"x1 < x2.*0\.8.*0\.75"),
        ({"hflip": 0.5}, r"hflip: expected a dictionary.*0\.5"),
        ({}, "expected a dictionary"),
        ("rotate", "expected a dictionary"),
    ],
)
def test_wrong_operations_are_refused_in_one_line(operations, message):
    with pytest.raises(DataError, match=message) as caught:
        check_operations(operations)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("size", "operations", "message"),
    [
        ((3, 3), {"pixelization": {"ratio": 0.1}}, "pixelization.*3x3 pixels"),
        ((9, 9), {"crop": {"x1": 0.01, "x2": 0.1}}, "no pixel is left"),
        ((5, 5), {"overlay_text": {"font_size": 0.1}}, "overlay_text.*5x5"),
    ],
)
def test_images_that_augly_cannot_vary(size, operations, message):
    image = PIL.Image.new("RGB", size)
    with pytest.raises(DataError, match=message) as caught:
        vary(image, operations, np.random.default_rng(0))
    assert "\n" not in str(caught.value)


def test_slight_variations_are_slight(photos):
    assert check_operations(SLIGHT) == SLIGHT
    random = np.random.default_rng(0)
    for photo in photos:
        for _ in range(20):
            varied, _ = vary(photo, SLIGHT, random)
            share = np.prod(varied.size) / np.prod(photo.size)
            assert 0.5 < share <= 1.0
            brightness = np.mean(varied) / np.mean(photo)
            assert 0.7 < brightness < 1.4


# A machine without the system library: what ctypes finds is hidden.
WITHOUT_LIBMAGIC = """
import ctypes, sys
import ctypes.util
find, load = ctypes.util.find_library, ctypes.CDLL.__init__
def hidden(library, name, *arguments, **options):
    if name == "libmagic.so.1":
        raise OSError(name)
    load(library, name, *arguments, **options)
ctypes.util.find_library = lambda name: None if name == "magic" else find(name)
ctypes.CDLL.__init__ = hidden
import PIL.Image
from pipelines.augly.operations import apply
from pipelines.errors import DataError
"""


def run_python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    )


@pytest.mark.skipif(sys.platform != "linux", reason="hides Linux's library")
@pytest.mark.parametrize("package", ["pylibmagic", "augly", None])
def test_missing_packages_are_named(package):
    result = run_python(
        WITHOUT_LIBMAGIC
        + f"sys.modules[{package!r}] = None\n"
        + "image = PIL.Image.new('RGB', (8, 8), 'red')\n"
        + "flip = [{'name': 'hflip', 'parameters': {}}]\n"
        + "try:\n"
        + "    print(apply(image, flip).getpixel((0, 0)))\n"
        + "except DataError as error:\n"
        + "    print(error)\n"
    )
    expected = {
        "pylibmagic": "libmagic, a system library: pip install pylibmagic (or",
        "augly": "It needs a package: pip install augly",
        # The package's copy of the library takes its place.
        None: "(255, 0, 0)",
    }[package]
    assert result.stderr == ""
    assert expected in result.stdout
    assert result.stdout.count("\n") == 1


def test_nothing_heavy_is_imported():
    result = run_python(
        "import sys, pipelines.augly.operations\n"
        "assert not {'augly', 'tensorflow'} & set(sys.modules)\n"
        "pipelines.augly.operations.load_augly()\n"
        "assert not {'tensorflow', 'cv2', 'keras'} & set(sys.modules)\n"
    )
    assert result.returncode == 0, result.stderr


def test_documentation_runs():
    result = doctest.testmod(operations)
    assert result.attempted > 0
    assert result.failed == 0
