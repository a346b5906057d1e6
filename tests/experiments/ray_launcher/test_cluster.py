"""The resources that a run takes of a cluster, and wrong addresses."""

import pytest

pytest.importorskip(
    "ray", reason="Ray is not installed; see requirements-ray.txt"
)
from experiments.errors import ConfigError
from experiments.ray_launcher.cluster import compute_share, describe_runs
from experiments.ray_launcher.launch import run_on_ray
from experiments.runtime.screen import StudyScreen
from pipelines.location import Location


@pytest.mark.parametrize(
    ("nodes", "threads", "strategy", "taken"),
    [
        ([{"CPU": 8.0}, {"CPU": 2.0}], None, "auto", (1, 0)),
        ([{"CPU": 8.0}, {"CPU": 2.0}], 4, "auto", (4, 0)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], None, "auto", (4, 1)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], None, "mirrored", (16, 4)),
        ([{"CPU": 2.0}, {"CPU": 16.0, "GPU": 4.0}], 2, "default", (2, 1)),
        # So that a run has room on each.
        ([{"CPU": 8.0, "GPU": 1.0}, {"CPU": 4.0, "GPU": 1.0}], None, "auto",
         (4, 1)),
        ([{"CPU": 2.0, "GPU": 8.0}], None, "auto", (1, 1)),
    ],
)  # fmt: skip
def test_the_share_of_a_run(nodes, threads, strategy, taken):
    found = compute_share(nodes, threads, strategy)
    assert tuple(found.values()) == taken
    assert list(found) == ["num_cpus", "num_gpus"]


@pytest.mark.parametrize(
    ("nodes", "runs", "taken"),
    [
        ([{"CPU": 12.0, "GPU": 1.0}], 3, (4, 0.3333)),
        ([{"CPU": 16.0, "GPU": 2.0}], 6, (1, 0.1666)),
        ([{"CPU": 4.0}], 3, (1, 0)),
    ],
)
def test_runs_share_a_gpu(nodes, runs, taken):
    share = compute_share(nodes, None, "auto", runs_per_gpu=runs)
    assert tuple(share.values()) == taken
    if "GPU" in nodes[0]:
        room = int(runs * nodes[0]["GPU"])
        assert describe_runs(range(99), nodes, share) == (
            f"99 runs, {room} at a time, with --threads={taken[0]} and "
            f"{runs} on each GPU"
        )


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([{"CPU": 2.0}, {"CPU": 4.0}], "no node has more than 4"),
        ([{"CPU": 9.0}, {"CPU": 4.0, "GPU": 1}], "no node with a GPU has more"),
    ],
)
def test_a_run_that_fits_nowhere_is_refused(nodes, message):
    with pytest.raises(ConfigError, match=message):
        compute_share(nodes, 8, "auto")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("nonsense", "expects HOST:PORT"),
        ("ray://127.0.0.1:10001", "expects HOST:PORT"),
        ("127.0.0.1:1", "no Ray cluster answers"),
    ],
)
def test_an_address_without_a_cluster(tiny, tmp_path, address, message):
    with pytest.raises(ConfigError, match=message):
        run_on_ray(
            [(tiny, 0)],
            screen=StudyScreen([(tiny, 0)], tmp_path / "runs"),
            log=(),
            workdir=tmp_path / "runs",
            location=Location("unused"),
            address=address,
        )
    assert not (tmp_path / "runs").exists()
