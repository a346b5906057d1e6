"""Weights of ImageNet are fetched once, and only when a run begins."""

import functools
import hashlib
import http.server
import threading
from dataclasses import replace

import keras
import numpy as np
import pytest

from experiments.training import pretrained
from experiments.training.run import open_session
from models import imagenet
from models.config import Model
from pipelines.errors import DataError
from pipelines.files import download
from tests.experiments.training.short_runs import make_spec


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Function that makes a file of tmp_path/server the one to download."""

    def make(path):
        content = path.read_bytes()
        file = imagenet.WeightsFile(
            path.name, len(content), hashlib.md5(content).hexdigest()
        )
        monkeypatch.setitem(imagenet.FILES, "ResNet50", file)
        handler = functools.partial(Quiet, directory=path.parent)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        monkeypatch.setattr(
            pretrained, "URL", f"http://127.0.0.1:{server.server_port}/"
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return server

    (tmp_path / "server").mkdir()
    servers = []
    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_file_is_fetched_once(home, publish, tmp_path):
    path = tmp_path / "server" / "weights.h5"
    path.write_bytes(b"weights")
    server = publish(path)
    found = pretrained.fetch("ResNet50")
    assert found == home / ".keras" / "models" / "weights.h5"
    assert found.read_bytes() == b"weights"
    assert list(found.parent.iterdir()) == [found]
    server.shutdown()
    server.server_close()
    assert pretrained.fetch("ResNet50") == found
    found.write_bytes(b"others!")
    with pytest.raises(DataError, match="expected md5 .*Remove it"):
        pretrained.fetch("ResNet50")


def test_no_network_is_one_line(home, monkeypatch):
    # Nobody listens there.
    monkeypatch.setattr(pretrained, "URL", "http://127.0.0.1:1/")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    with pytest.raises(DataError) as caught:
        pretrained.fetch("ResNet50")
    message = str(caught.value)
    name = imagenet.FILES["ResNet50"].name
    assert f"cannot download http://127.0.0.1:1/{name}: no conn" in message
    assert f"put it at {home}/.keras/models/{name} (94,765,736" in message
    assert "\n" not in message
    assert not home.exists()


def small_body(name, weights=None, input_tensor=None, input_shape=None):
    """In place of a network of keras.applications, which takes long."""
    x = keras.Input(input_shape) if input_tensor is None else input_tensor
    inputs = keras.utils.get_source_inputs(x)
    x = keras.layers.Conv2D(4, 3, name="convolution")(x)
    x = keras.layers.BatchNormalization(name="norm")(x)
    model = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(x))
    if weights is not None:
        model.load_weights(weights)
    return model


def test_a_run_that_goes_on_needs_no_file(
    tiny, home, publish, tmp_path, monkeypatch, capsys
):
    """Its checkpoint has all weights."""
    monkeypatch.setattr(imagenet, "_build_body", small_body)
    source = small_body("ResNet50", input_shape=(32, 32, 3))
    path = tmp_path / "server" / "weights.h5"
    source.save(path)
    publish(path)
    experiment = replace(
        tiny,
        model=Model(name="ResNet50", weights="imagenet"),
        data=replace(tiny.data, image_size=32),
    )
    spec = make_spec(experiment, tmp_path / "runs")
    with open_session(spec) as session:
        network = session.trainer.network
        for name in ("convolution", "norm"):
            expected = source.get_layer(name).get_weights()
            got = network.get_layer(name).get_weights()
            for ours, theirs in zip(got, expected, strict=True):
                np.testing.assert_array_equal(ours, theirs)
        session.save_checkpoint(0)
        session.announce()
    printed = capsys.readouterr().out
    note = f"starts from weights of ImageNet: {path.name}, md5 "
    assert note in printed
    assert note in " ".join(spec.folder.read_json("environment.json")["notes"])
    monkeypatch.setattr(pretrained, "fetch", None)
    with open_session(spec) as session:
        assert session.state is not None
