"""Contents of robustness.json, and its renewal."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from experiments.analysis.evaluate import evaluate
from experiments.analysis.network import load_trained
from experiments.analysis.robustness import (
    evaluate_changes,
    has_robustness,
    print_robustness,
)
from pipelines.location import Location

LEVELS = {
    "clean": [0],
    **dict.fromkeys(
        ("noise", "blur", "brightness", "contrast", "jpeg", "pixelate"),
        [1, 2, 3, 4, 5],
    ),
    "occlusion_random": [10, 20, 30, 40, 50],
    "occlusion_peak": [10, 20, 30, 40, 50],
    "fgsm": [1, 2, 4],
}


def test_clean_images_agree_with_an_evaluation(copied, capsys):
    assert not has_robustness(copied)
    copied.write_json("robustness.json", {"model": copied.model_digest()})
    assert not has_robustness(copied)
    content = print_robustness(copied.path, Location("unused"))
    assert has_robustness(copied)
    assert copied.read_json("robustness.json") == content
    levels = {}
    for each in content["conditions"]:
        levels.setdefault(each["kind"], []).append(each["level"])
        assert 0 <= each["top1_error"] <= 100
        assert 0 <= each["calibration_error"] <= 100
    assert levels == LEVELS
    clean = content["conditions"][0]
    expected = evaluate(copied.path, Location("unused"))
    for name in ("top1_error", "calibration_error", "loss"):
        assert clean[name] == pytest.approx(expected[name], abs=1e-3), name
    of_clean = content["calibration"]["clean"]
    assert of_clean["calibration_error"] == clean["calibration_error"]
    for found in content["calibration"].values():
        shares = [share for *_, share in found["reliability"]]
        assert sum(shares) == pytest.approx(1)
        assert len(shares) == 15
    assert "occlusion of 10 to 50 % at random" in capsys.readouterr().out
    # Another network needs another evaluation.
    network = keras.saving.load_model(copied / "model.keras")
    network.layers[-1].set_weights(
        [np.zeros_like(each) for each in network.layers[-1].get_weights()]
    )
    network.save(copied / "model.keras")
    assert not has_robustness(copied)


def test_batches_of_any_size_give_the_same_and_attacks_do_harm(trained):
    loaded = load_trained(trained.path)
    val = loaded.load_val(Location("unused")).val
    found = evaluate_changes(loaded, val)["conditions"]
    data = replace(loaded.experiment.data, batch_size=5)
    other = replace(loaded, experiment=replace(loaded.experiment, data=data))
    again = evaluate_changes(other, val)["conditions"]
    for one, two in zip(found, again, strict=True):
        assert one["loss"] == pytest.approx(two["loss"], rel=1e-3), one
    attacked = [e["loss"] for e in found if e["kind"] in ("clean", "fgsm")]
    assert attacked == sorted(attacked)
