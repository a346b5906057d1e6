"""Any form of the data gives the same splits; errors name what is wrong."""

import hashlib
import http.server
import shutil
import threading
import zipfile

import numpy as np
import pytest

from pipelines.errors import DataError
from pipelines.files.decoding import decode
from pipelines.loading import open_source
from pipelines.location import Location
from pipelines.tiny_imagenet import finding
from pipelines.tiny_imagenet import splits as arrangement


@pytest.fixture
def archive(make_tiny_imagenet):
    return make_tiny_imagenet()


@pytest.fixture
def source(archive):
    return open_source("tiny_imagenet", Location(archive))


def images_of(split, indices=None, size=64):
    if indices is None:
        indices = range(len(split.labels))
    images = np.zeros((len(indices), size, size, 3), np.uint8)
    split.decode_into(images, np.array(indices, int))
    return images


def grays(source, name):
    return images_of(source.split(name))[:, 32, 32, 0].tolist()


def test_labels_follow_the_sorted_wordnet_ids(source):
    assert source.wnids == ["n100", "n200", "n300"]
    assert source.class_names == [
        f"word of {w}, and more" for w in source.wnids
    ]
    assert source.notes == []
    for name, offset in (("train+holdout", 0), ("validation", 40)):
        labels = source.split(name).labels
        assert labels.dtype == np.int32
        found = np.array(grays(source, name)) - offset
        np.testing.assert_array_equal(found // 80, labels)


def test_classes_take_turns_and_images_go_by_name(source):
    split = source.split("train")
    np.testing.assert_array_equal(split.labels, np.arange(33) % 3)
    for label in range(3):
        own = [split.ids[i] for i in np.flatnonzero(split.labels == label)]
        assert own == sorted(own)
    # By number, image 2 would come before image 10.
    assert split.ids[6] == "n100_10.JPEG"
    assert grays(source, "train")[6] == 10


def test_holdout_and_train_share_nothing_and_are_all(source):
    train, holdout = grays(source, "train"), grays(source, "holdout")
    assert not set(train) & set(holdout)
    everything = [
        80 * label + number for label in range(3) for number in range(12)
    ]
    assert sorted(train + holdout) == everything
    assert grays(source, "train+holdout") == train + holdout
    np.testing.assert_array_equal(source.split("holdout").labels, [0, 1, 2])
    published = source.split("published_train").ids
    assert not set(published) & set(source.split("holdout").ids)


def test_arrangement_of_many_images():
    """Halves and tenths of each class, each image in one place."""
    labels = np.repeat(np.arange(20), np.arange(20, 40))
    number = np.concatenate([np.arange(count) for count in range(20, 40)])
    size = np.bincount(labels)[labels]
    parts = arrangement.arrange_train(labels)
    everything = np.concatenate([parts["train"], parts["holdout"]])
    np.testing.assert_array_equal(np.sort(everything), np.arange(len(labels)))
    first_half = np.flatnonzero(number < size // 2)
    published = parts["published_train"]
    np.testing.assert_array_equal(np.sort(published), first_half)
    np.testing.assert_array_equal(published, parts["train"][: len(published)])
    np.testing.assert_array_equal(
        np.bincount(labels[parts["holdout"]]),
        [round(count / 10) for count in range(20, 40)],
    )
    # Drawn, not the first or the last of the second half.
    place = number[parts["holdout"]] / size[parts["holdout"]]
    assert 0.6 < place.mean() < 0.9
    order = np.random.default_rng(0).permutation(len(labels))
    labels, number, size = labels[order], number[order], size[order]
    parts = arrangement.arrange_validation(labels)
    np.testing.assert_array_equal(
        np.sort(parts["validation"]), np.arange(len(labels))
    )
    half = parts["published_validation"]
    np.testing.assert_array_equal(half, parts["validation"][: len(half)])
    np.testing.assert_array_equal(
        np.bincount(labels[half]), np.arange(20, 40) // 2
    )
    assert 0.4 < (number[half] / size[half]).mean() < 0.6


def test_expressions_of_tensorflow_datasets(source):
    assert source.split("train[3:5]").ids == source.split("train").ids[3:5]
    assert len(source.split("validation[:50%]").labels) == 6


@pytest.mark.parametrize("name", ["val", "train[:x]", "", "train[:9999]"])
def test_unknown_split_is_refused_with_the_known_ones(source, name):
    with pytest.raises(DataError) as caught:
        source.split(name)
    for known in ("train", "holdout", "validation", "published_train"):
        assert known in str(caught.value)
    assert "\n" not in str(caught.value)


def test_any_images_in_any_order(source):
    split = source.split("train+holdout")
    everything = images_of(split)
    chosen = np.random.default_rng(0).permutation(36)[:20]
    np.testing.assert_array_equal(images_of(split, chosen), everything[chosen])
    assert images_of(split, []).shape == (0, 64, 64, 3)


def test_other_sizes_are_resized_as_everywhere(data_dir, tmp_path):
    mini = data_dir / "tiny-imagenet-mini.zip"
    source = open_source("tiny_imagenet", Location(mini, tmp_path))
    split = source.split("validation")
    chosen = [7, 3, 120]
    with zipfile.ZipFile(mini) as file:
        for size in (64, 32, 80):
            expected = [
                decode(
                    file.read(f"tiny-imagenet-200/val/images/{split.ids[i]}"),
                    size,
                )
                for i in chosen
            ]
            np.testing.assert_array_equal(
                images_of(split, chosen, size), expected
            )


def test_real_images(data_dir, tmp_path):
    mini = data_dir / "tiny-imagenet-mini.zip"
    source = open_source("tiny_imagenet", Location(mini, tmp_path))
    for name, count in (
        ("train+holdout", 50),
        ("validation", 20),
        ("holdout", 5),
    ):
        split = source.split(name)
        np.testing.assert_array_equal(np.bincount(split.labels), [count] * 10)
    # Photographs, not noise: neighbours are alike, images are not.
    images = images_of(source.split("train")).astype(float)
    assert np.abs(np.diff(images, axis=2)).mean() < 20
    assert images.mean((1, 2, 3)).std() > 10


def test_fingerprint_tells_splits_and_contents_apart(
    source, make_tiny_imagenet, tmp_path
):
    def fingerprint(path, name):
        location = Location(path, tmp_path / "prepared" / path.stem)
        return open_source("tiny_imagenet", location).split(name).fingerprint

    same = make_tiny_imagenet(tmp_path / "same.zip")
    # The same pixels of another number of classes, in another order.
    other = make_tiny_imagenet(tmp_path / "other.zip", wnids=("n2", "n1"))
    prints = [source.split(n).fingerprint for n in ("train", "train[:9]")]
    assert fingerprint(same, "train") == prints[0]
    prints.append(fingerprint(other, "train"))
    assert len(set(prints)) == 3


def splits_of(data_dir):
    source = open_source("tiny_imagenet", Location(data_dir, None))
    split = source.split("train+holdout+validation")
    return split.ids, split.labels.tolist(), images_of(split).tolist()


def test_all_forms_of_the_data_are_alike(archive, tmp_path):
    expected = splits_of(archive.parent)
    other = tmp_path / "named"
    other.mkdir()
    shutil.copy(archive, other / "other.zip")
    assert splits_of(other / "other.zip") == expected
    extracted = tmp_path / "extracted"
    with zipfile.ZipFile(archive) as file:
        file.extractall(extracted)
    assert splits_of(extracted / "tiny-imagenet-200") == expected
    assert splits_of(extracted) == expected


def test_prepared_records_suffice(archive):
    expected = splits_of(archive)
    archive.unlink()
    assert splits_of(archive.parent) == expected
    assert splits_of(archive) == expected


def test_unlabelled_test_images_make_no_difference(
    make_tiny_imagenet, tmp_path
):
    archive = make_tiny_imagenet()
    expected = splits_of(archive)
    make_tiny_imagenet(changes={"test/images/test_0.JPEG": b"no image"})
    # The records are taken for those of this archive, too.
    assert splits_of(archive) == expected
    shutil.rmtree(archive.parent / "tiny_imagenet")
    assert splits_of(archive) == expected


@pytest.fixture
def closed_port(monkeypatch):
    with http.server.HTTPServer(("127.0.0.1", 0), None) as server:
        url = f"http://127.0.0.1:{server.server_address[1]}/tiny.zip"
    monkeypatch.setattr(finding, "URL", url)
    monkeypatch.setattr("pipelines.files.download.time.sleep", lambda _: None)
    return url


def test_no_data_and_no_network_says_what_to_put_where(tmp_path, closed_port):
    with pytest.raises(DataError) as caught:
        open_source("tiny_imagenet", Location(tmp_path / "nowhere"))
    message = str(caught.value)
    assert str(tmp_path / "nowhere" / "tiny-imagenet-200.zip") in message
    assert closed_port in message
    assert "--data_dir" in message
    assert "90528d7ca1a48142e341f4ef8d21d0de" in message
    assert "\n" not in message


def test_named_zip_that_is_missing_is_not_downloaded(tmp_path):
    with pytest.raises(DataError, match="other.zip does not exist"):
        open_source("tiny_imagenet", Location(tmp_path / "other.zip"))


def test_public_archive_is_downloaded_where_nothing_is(
    archive, tmp_path, monkeypatch, capsys
):
    content = archive.read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    target = tmp_path / "empty"
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.handle_request).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/tiny.zip"
        monkeypatch.setattr(finding, "URL", url)
        monkeypatch.setattr(finding, "SIZE", len(content))
        monkeypatch.setattr(finding, "MD5", hashlib.md5(content).hexdigest())
        source = open_source("tiny_imagenet", Location(target))
    assert (target / "tiny-imagenet-200.zip").read_bytes() == content
    assert len(source.split("train").labels) == 33
    assert f"downloading {url}" in capsys.readouterr().out
