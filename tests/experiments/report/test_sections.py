"""Sections and tables of a report say what comparison.json holds."""

import json
import re

import numpy as np
import pytest

from experiments.configs.arms import parse_arm
from experiments.configs.registry import EXPERIMENTS
from experiments.report import figures
from experiments.report.document import Code, Picture, Table, Text
from experiments.report.provenance import origins
from experiments.report.report import compare_runs, list_numbers
from experiments.report.sections import (
    ORDER,
    answer,
    classes,
    pairs,
    reading,
    results,
    settings,
)
from experiments.report.summary import summarize
from tests.experiments.report.comparing import (
    change,
    compare,
    get_table,
    get_text,
)


@pytest.fixture
def study(make_run, draw_right, tiny):
    """Three arms of three seeds."""
    return [
        make_run(
            name,
            seed,
            draw_right(percent, 10 * percent + seed),
            augment=layers,
        )
        for name, percent, layers in (
            ("plain", 50, ()),
            ("good", 70, tiny.augment),
            ("other", 55, tiny.augment[:1]),
        )
        for seed in range(3)
    ]


def list_json(material):
    numbers = list_numbers("t", [material], material.left_out)
    return json.loads(json.dumps(numbers, allow_nan=False))


def check_rows(rows, stored):
    assert len(rows) == len(stored)
    for row, each in zip(rows, stored, strict=True):
        assert row == {
            "arm": each["arm"],
            "against": each["reference"],
            "difference, points": f"{each['difference']:+.2f}",
            "95 % interval": f"{each['low']:+.2f} to {each['high']:+.2f}",
            "verdict": each["verdict"].replace("_", " "),
            "detectable, points": f"{each['detectable']:.2f}",
        }


def list_rows(section):
    (rows,) = (b.rows for b in section.blocks if isinstance(b, Table))
    return rows


def test_tables_of_differences_are_those_of_comparison_json(study):
    material = compare(*study)
    numbers = list_json(material)
    check_rows(list_rows(answer(material)), numbers["differences"])
    (group,) = numbers["groups"]
    check_rows(list_rows(pairs(material)), group["pairs"])
    assert [(each["arm"], each["reference"]) for each in group["pairs"]] == [
        ("good", "plain"),
        ("other", "plain"),
        ("other", "good"),
    ]
    first, second = numbers["differences"][0], group["pairs"][0]
    assert first["difference"] == pytest.approx(second["difference"])
    # They hold for more comparisons together.
    assert second["low"] < first["low"] < first["high"] < second["high"]


def test_numbers_of_arms_are_those_of_comparison_json(study):
    material = compare(*study)
    (group,) = list_json(material)["groups"]
    assert group["arms"][0]["figures"]["top1_error"]["values"] == (
        pytest.approx([50, 50, 50])
    )
    rows = get_table(results(material), "comparison.csv")
    for arm in group["arms"]:
        row = rows[arm["name"]]
        error, loss = (arm["figures"][key] for key in ("top1_error", "loss"))
        assert row["top-1 error, %"] == (
            f"{error['mean']:.2f} ± {error['deviation']:.2f}"
        )
        assert row["loss"] == f"{loss['mean']:.3f} ± {loss['deviation']:.3f}"
        assert row["seeds"] == 3


def test_two_arms_have_no_table_of_pairs(make_run):
    assert pairs(compare(make_run("a"), make_run("b"))) is None


def test_the_margin_and_its_verdicts_are_in_comparison_json(study):
    numbers = list_json(compare(*study, margin=30))
    assert numbers["groups"][0]["margin"] == 30
    assert [each["relevance"] for each in numbers["differences"]] == [
        "better_by_less",
        "better_by_less",
    ]
    numbers = list_json(compare(*study))
    assert [each["relevance"] for each in numbers["differences"]] == [None] * 2


def test_an_alarm_is_first_in_comparison_json(make_run, draw_right):
    """And on the screen and on the page, see also the cases of the demo."""
    material = compare(
        *(make_run("plain", s, draw_right(50, s)) for s in range(3)),
        *(
            make_run("again", s, draw_right(60, 10 + s), seed_offset=1000)
            for s in range(3)
        ),
    )
    numbers = list_json(material)
    assert list(numbers)[:2] == ["title", "alarms"]
    alarm, _ = numbers["alarms"]
    assert alarm.startswith("No difference of this study is to be believed")
    assert numbers["groups"][0]["answer"][0] == alarm
    assert numbers["groups"][0]["placebos"] == ["again"]
    assert summarize([material]).strip().splitlines()[0] == alarm


def test_settings_have_a_row_an_arm_with_what_it_adds(make_run, tiny):
    text = "OneOf(CutMix(alpha=0.5), MixUp(), per='batch')"
    (mixing,) = parse_arm(f"x={text}").layers
    material = compare(
        make_run("plain"),
        make_run("more", augment=(*tiny.augment, mixing)),
        make_run("fewer", augment=tiny.augment[:1]),
        make_run("other", augment=(mixing,)),
        make_run("none", augment=(), epochs=7),
        make_run("again", seed_offset=1000),
    )
    rows = get_table(settings(material), "settings.csv")
    assert {arm: row["differs in"] for arm, row in rows.items()} == {
        "plain": "the reference",
        "more": f"+ {text}",
        "fewer": "- CutMix()",
        "other": f"{text}, not RandomFlip(), CutMix()",
        "none": "- RandomFlip(), - CutMix(); epochs 7, not 2",
        "again": "nothing but its random numbers",
    }


def test_published_results_stand_beside_with_what_differs(make_run):
    recipe = EXPERIMENTS["tinyimagenet_salmix"]
    fields = {
        name: getattr(recipe, name)
        for name in ("data", "model", "optimizer", "augment", "published")
    }
    section = results(compare(make_run(recipe.name, **fields)))
    label = "SaliencyMix, as published (with other epochs, precision)"
    row = get_table(section, "comparison.csv")[label]
    # The figures of the published study: last epoch, and best.
    assert row["top-1 error, %"] == "34.74"
    assert row["top-5 error, %"] == "15.86"
    assert row["loss"] == "1.605"
    assert row["epochs"] == "300"
    chosen = get_table(section, "chosen_epoch.csv")[label]
    assert chosen["top-1 error, %"] == "33.86"


def test_the_best_epoch_says_on_which_images_it_was_picked(make_run):
    folders = [make_run(name) for name in ("plain", "other")]
    assert "that flatters it" in get_text(results(compare(*folders)))
    for folder in folders:
        change(folder, "metrics.json", best_selected_on="selection")
    text = get_text(results(compare(*folders)))
    assert "picked on images held out of training" in text
    assert "flatters" not in text


def test_commands_repeat_the_seeds(make_run):
    """Those that the runs have, however large, and what was allowed."""
    first = 2**63 - 3

    def list_commands(seeds, workdir, **fields):
        folders = [
            make_run(name, seed, workdir=workdir, **fields)
            for name in ("demo_baseline", "demo_flip")
            for seed in seeds
        ]
        (material,), _ = compare_runs(folders, "demo")
        (code,) = (
            block.text
            for block in origins(material).blocks
            if isinstance(block, Code)
        )
        return code

    text = list_commands([first, first + 1, first + 2], "large")
    arms = "--study=demo --arms=baseline,flip"
    assert f"{arms} --seed={first} --seeds=3" in text
    text = list_commands([0, 2], "gap", data_fields={"overlaps": ["some"]})
    assert "--study=demo" not in text
    assert "--experiment=demo_flip --seed=2" in text
    assert "--allow_overlap" in text


def test_classes_are_listed_by_name_and_those_of_most_difference(make_run):
    right = np.arange(60) < 30
    material = compare(make_run("a", right=right), make_run("b", right=~right))
    rows = list_rows(classes(material))
    assert len(rows) == 6
    assert {row["arm"] for row in rows} == {"b"}


def list_texts(section):
    for block in section.blocks:
        if isinstance(block, Table):
            for row in block.rows:
                yield from map(str, [*row, *row.values()])
        elif isinstance(block, Text):
            yield from block.sentences
        elif isinstance(block, (Picture, Code)):
            yield block.text


def test_of_one_image_sections_speak_as_of_one(make_run):
    one = {"right": np.array([True]), "ids": ["0000"]}
    material = compare(
        *(make_run("plain", seed, **one) for seed in range(2)),
        make_run("other", **one),
    )
    # Previews take seconds and say nothing of the runs.
    made = [make(material) for make in ORDER if make is not figures.previews]
    texts = [text for each in made if each for text in list_texts(each)]
    assert any("the 1 image alone leaves" in text for text in texts)
    for text in texts:
        assert not re.search(r"\b1 (images|seeds|runs)\b", text), text


def test_unequal_classes_have_a_balanced_error(make_run):
    """Computed from predictions: files of old runs lack it."""
    ids = [f"{n:04}" for n in [*range(0, 80, 2), *range(1, 8, 2)]]
    largest = np.arange(44) < 40
    material = compare(
        make_run("plain", ids=ids, right=largest, class_names=("cats", "dogs")),
        make_run("fine", ids=ids, right=~largest, class_names=("cats", "dogs")),
    )
    rows = get_table(results(material), "comparison.csv")
    assert rows["plain"]["balanced error, %"] == "50.00"
    assert rows["plain"]["top-1 error, %"] == "9.09"
    assert rows["fine"]["balanced error, %"] == "50.00"
    assert "The balanced error is 100 % less the" in get_text(reading(material))
    equal = compare(make_run("equal"))
    assert "balanced error, %" not in str(results(equal).blocks)
    assert "balanced error" not in get_text(reading(equal))
