"""Files for clusters, containers, citation and GitHub."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from absl import flags

import augment_tf
import main  # noqa: F401

ROOT = Path(__file__).parents[1]
CLUSTERS = ROOT / "docs" / "guides" / "clusters"
FLAGS = flags.FLAGS


def check_command(words):
    """Parses a command as main.py does; unknown flags are errors."""
    for name in FLAGS:
        FLAGS[name].unparse()
    assert FLAGS(["main.py", *words]) == ["main.py"]


@pytest.mark.parametrize(
    "path",
    [
        *ROOT.glob(".github/**/*.yml"),
        CLUSTERS / "ray_cluster.yaml",
        ROOT / "CITATION.cff",
    ],
    ids=lambda path: path.name,
)
def test_yaml_can_be_read(path):
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == augment_tf.__version__


def test_the_workflow_runs_all_versions_of_python():
    text = (ROOT / ".github" / "workflows" / "tests.yml").read_text()
    job = yaml.safe_load(text)["jobs"]["tests"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert ".ci/run" in [step.get("run") for step in job["steps"]]


@pytest.mark.parametrize(
    "path",
    [
        "Dockerfile",
        *sorted(str(p.relative_to(ROOT)) for p in CLUSTERS.iterdir()),
    ],
)
def test_commands_have_flags_that_there_are(path):
    text = re.sub(r"\\\n#?\s*", " ", (ROOT / path).read_text())
    commands = re.findall(
        r"(?:python main\.py|docker run .*tf(?:-gpu)?) (--.*)", text
    )
    assert commands
    for command in commands:
        for name in re.findall(r"(?<=--)\w+", command.partition("||")[0]):
            assert name in FLAGS, command


@pytest.fixture
def submit(tmp_path):
    """Runs an sbatch file with stand-ins for Slurm, Ray and Python.

    Args of the function: its name and the exit code of the run.

    Returns:
        The process, and the command lines of the stand-ins.
    """

    def run(name, code):
        log = tmp_path / "log"
        log.write_text("")
        note = f'#!/bin/bash\necho "${{0##*/}} $*" >> {log}\n'
        stand_ins = {
            "python": f"exit {code}",
            "ray": "",
            "sleep": "",
            "hostname": "echo 10.0.0.1",
            "scontrol": "echo node1; echo node2",
            # Runs what follows its own options.
            "srun": 'while [[ $1 == --* ]]; do shift; done; "$@"',
        }
        for tool, script in stand_ins.items():
            path = tmp_path / tool
            path.write_text(f"{note}{script}\n")
            path.chmod(0o755)
        process = subprocess.run(
            ["bash", CLUSTERS / name],
            env={
                "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
                "SLURM_SUBMIT_DIR": str(ROOT),
                "SLURM_ARRAY_JOB_ID": "70",
                "SLURM_ARRAY_TASK_ID": "2",
                "SLURM_JOB_ID": "72",
                "SLURM_JOB_NODELIST": "node[1-2]",
                "SLURM_NNODES": "2",
                "STUDY": "demo",
                "DATA_DIR": "DIR",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
        return process, log.read_text().splitlines()

    return run


@pytest.mark.parametrize(
    ("name", "job", "command"),
    [
        (
            "study.sbatch",
            "70_2",
            "--study=demo --data_dir=DIR --workdir=runs --shard=2/4",
        ),
        (
            "ray.sbatch",
            "72",
            "--study=demo --data_dir=DIR --workdir=runs --launcher=ray "
            "--ray_address=10.0.0.1:6379",
        ),
    ],
)
def test_a_job_trains_and_is_requeued_when_its_time_is_up(
    name, job, command, submit
):
    check_command(command.split())
    for code in (0, 1, 138):
        process, lines = submit(name, code)
        assert process.returncode == code, process.stderr
        assert f"python main.py {command}" in lines
        assert (f"scontrol requeue {job}" in lines) == (code == 138)
