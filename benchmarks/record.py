"""Results of measurements that go on where they were interrupted.

A measurement is a command in a process of its own: one that fails costs a
line, and the next call tries it again.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

from experiments.runtime.machine import (
    describe_code,
    read_code,
    read_processor,
)

ROOT = Path(__file__).parents[1]
_PACKAGES = ("tensorflow", "keras", "numpy", "scipy")


def describe_machine():
    """Returns {"processor", "cores", "memory_gib", "system", "versions"}."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    versions = {name: importlib.metadata.version(name) for name in _PACKAGES}
    return {
        "processor": read_processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "system": platform.platform(aliased=True, terse=True),
        "versions": {"python": platform.python_version(), **versions},
    }


class Record:
    """A JSON file of measurements of one machine.

    Args:
        path: The file; it grows by one measurement at a time.
        setting: What has to be the same for all of them, as JSON reads it
            back.

    Raises:
        SystemExit: if the file is damaged, or of another setting.

    Attributes:
        cases: {name: {"figures", "code", "seconds", "date", "load",
            "revision"}}, or with "failed", a line, instead of the first two.
    """

    def __init__(self, path, setting):
        self.path, self.setting, self.cases = Path(path), setting, {}
        if not self.path.exists():
            return
        try:
            content = json.loads(self.path.read_text())
            before, self.cases = content["setting"], content["cases"]
        except (ValueError, KeyError, TypeError) as error:
            raise SystemExit(
                f"error: cannot read {self.path}: {error!r}. Remove it, or "
                "choose another --json."
            ) from error
        different = [key for key in setting if before.get(key) != setting[key]]
        if different:
            key = different[0]
            raise SystemExit(
                f"error: {self.path} has {key}={before.get(key)!r}, and here "
                f"it is {setting[key]!r}. Choose another --json."
            )

    def is_there(self, name):
        """True if a measurement succeeded."""
        return "figures" in self.cases.get(name, ())

    def run(self, name, command, read, codes=(0,), timeout=None):
        """Makes a measurement unless it is there, and stores it.

        Args:
            name: Its name.
            command: Of the process.
            read: Function from the process's output to the figures, which
                JSON can hold.
            codes: Exit codes of a process that has measured.
            timeout: Seconds, or None.
        """
        if self.is_there(name):
            print(f"{name}: is there", flush=True)
            return
        started, load = time.perf_counter(), round(os.getloadavg()[0], 1)
        command = [str(part) for part in command]
        found = _measure(command, read, codes, timeout)
        seconds = round(time.perf_counter() - started, 1)
        self.cases[name] = found | {
            "seconds": seconds,
            "date": time.strftime("%Y-%m-%d"),
            "load": load,
            "revision": describe_code(read_code()),
        }
        content = {"setting": self.setting, "cases": self.cases}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = self.path.with_name(f".{self.path.name}")
        whole.write_text(json.dumps(content, indent=2) + "\n")
        whole.replace(self.path)
        end = f"failed: {found['failed']}" if "failed" in found else "done"
        print(f"{name}: {end} ({seconds:.0f} s)", flush=True)


def _measure(command, read, codes, timeout):
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            # Scripts in this folder import each other and the project.
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        # Python's own exit code of an error is 1, too.
        is_error = "Traceback" in done.stderr or not done.stdout.strip()
        if done.returncode == 0 or (done.returncode in codes and not is_error):
            return {"figures": read(done.stdout), "code": done.returncode}
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        last = lines[-1] if lines else "no output"
        return {"failed": f"exit code {done.returncode}: {last}"}
    except subprocess.TimeoutExpired:
        return {"failed": f"it took more than {timeout} s"}
    except (OSError, ValueError, LookupError) as error:
        return {"failed": f"cannot read its output: {error!r}"}


def python(script, *options):
    """The command of a script of this folder."""
    return [sys.executable, ROOT / "benchmarks" / script, *options]
