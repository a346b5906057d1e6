"""The processor of this machine, and the revision of this project's code."""

import contextlib
import platform
import subprocess
from pathlib import Path


def read_processor():
    """The model of the processor, such as "AMD EPYC 7763"."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def read_code():
    """Reads {"git_revision", "git_changes"}; None where git knows nothing."""
    return {
        "git_revision": _git("rev-parse", "HEAD"),
        "git_changes": _git("status", "--porcelain"),
    }


def describe_code(part):
    """For example "revision 1a2b3c4d5e with local changes"."""
    revision = part.get("git_revision") or "unknown"
    changes = " with local changes" if part.get("git_changes") else ""
    return f"revision {revision[:10]}{changes}"


def _git(*command):
    """The output of git on this project's own checkout, or None."""
    root = Path(__file__).parents[2]
    try:
        done = subprocess.run(
            ["git", "-C", root, *command], capture_output=True, text=True
        )
    except FileNotFoundError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
