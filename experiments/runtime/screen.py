"""The screen of a study, and the log of each of its runs.

Nothing here may import TensorFlow: processes import it before they know the
number of its threads.
"""

import contextlib
import io
import re
import sys
import threading
import time
from typing import NamedTuple

from experiments.formatting import duration
from experiments.history import select_row
from experiments.run_folder import RunFolder
from pipelines.progress import progress_bar

LOG = "log.txt"
# Without a terminal there is no live line, but a line after so much silence.
_SILENCE = 60
_NOTE = re.compile(r"( {2}note {6}|note: )(?P<text>.*)")
# The lines of a run itself are indented, or begin with its name.
_DETAIL = re.compile(r"  |\s*$")


class RunProgress(NamedTuple):
    """Progress of a run: epochs count from 0; `step` is in [0, steps]."""

    epoch: int
    epochs: int
    step: int = 0
    steps: int = 1
    images_per_second: float = 0.0

    @property
    def share(self):
        """The part of the run that is trained, in [0, 1]."""
        return (self.epoch + self.step / self.steps) / self.epochs


class RunLog(io.TextIOBase):
    """A stream whose lines go to the screen and to log.txt.

    The file is opened when the training begins: a run that cannot begin
    leaves nothing behind.

    Args:
        folder: The `RunFolder`; None: there is no file.
        send: Function of a line (str), or of a `RunProgress`.
    """

    def __init__(self, folder, send):
        self._folder = folder
        self._send = send
        self._unfinished = ""
        self._unwritten = []
        self._file = None
        # Threads print, and signals do while something is printed.
        self._lock = threading.RLock()

    def write(self, text):
        with self._lock:
            *lines, self._unfinished = (self._unfinished + text).split("\n")
            self._unwritten += lines
            self._save()
            for line in lines:
                self._send(line)
        return len(text)

    def report(self, progress):
        """Passes a `RunProgress` on."""
        with self._lock:
            if self._file is None and self._folder is not None:
                # A disk may be full, for which no run ends.
                with _ignored_errors():
                    self._file = open(  # noqa: SIM115
                        self._folder / LOG,
                        "a",
                        encoding="utf-8",
                        errors="backslashreplace",
                    )
                self._save()
            self._send(progress)

    def _save(self):
        if self._file is not None:
            with _ignored_errors():
                self._file.write("".join(f"{x}\n" for x in self._unwritten))
                self._file.flush()
            self._unwritten = []

    def close(self):
        if self._file is not None:
            with _ignored_errors():
                self._file.close()
        super().close()


class StudyScreen:
    """Shows a line for each run that has ended, and a live line.

    Args:
        runs: List of (`experiments.configs.schema.Experiment`, seed). The
            methods call a run by its place in it.
        workdir: Folder of the runs.
        verbose: Whether all lines of the runs are shown instead.
        together: Whether several runs train at the same time.
    """

    def __init__(self, runs, workdir, verbose=False, together=False):
        self.runs = runs
        self._workdir = workdir
        self.verbose = verbose
        self._together = together
        # The output of a run in this process is redirected.
        self._out = sys.stdout
        self._bar = None
        self._shown = set()
        self._begun = {}
        self._progress = {}
        self._shares = {}
        self._ended = 0
        self._spoke = self._started = time.monotonic()
        self._width = max((len(each.name) for each, _ in runs), default=0)

    def __enter__(self):
        if not self.verbose and sys.stderr.isatty():
            self._bar = progress_bar(total=0, bar_format="{desc}")
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()

    def folder(self, number):
        """The `RunFolder` of a run."""
        return RunFolder.of(self._workdir, *self.runs[number])

    def name(self, number):
        """For example "demo_flip, seed 0"."""
        experiment, seed = self.runs[number]
        return f"{experiment.name}, seed {seed}"

    def begin(self, number):
        """Notes that a run begins, or begins again."""
        self._begun[number] = time.monotonic()
        if self.verbose and not self._together:
            print(
                f"[{number + 1} of {len(self.runs)}] ",
                end="",
                file=self._out,
                flush=True,
            )
        self.draw()

    def show(self, number, news):
        """Shows what a run has sent: a line, or a `RunProgress`."""
        if isinstance(news, RunProgress):
            self._progress[number] = news
            self._shares.setdefault(number, news.share)
            self.draw()
        elif self.verbose:
            self._print_verbose(number, news)
        else:
            self._print_once(self.name(number), news)

    def say(self, number, text):
        """Prints a line on a run."""
        self._print(f"{self.name(number)}: {text}")

    def end(self, number):
        """Shows that a run is finished."""
        experiment, _ = self.runs[number]
        rows = self.folder(number).history()
        error = 1 - select_row(rows, experiment.judged)["val_accuracy"]
        has_trained = number in self._progress
        took = (
            duration(time.monotonic() - self._begun[number])
            if has_trained
            else "finished already"
        )
        self._end(number, f"{f'{error:.2%} error':>13}  {took:>6}")

    def fail(self, number, reason):
        """Shows that a run has failed."""
        reason = reason.removeprefix(f"{self.name(number)}: ")
        self._end(number, f"failed: {reason}")

    def _end(self, number, result):
        self._ended += 1
        if self._progress.pop(number, None):
            # What was trained in this command, for the time that is left.
            self._shares[number] = 1 - self._shares[number]
        else:
            self._shares.pop(number, None)
        self._begun.pop(number, None)
        experiment, seed = self.runs[number]
        total = str(len(self.runs))
        if self.verbose and not result.startswith("failed"):
            return
        self._print(
            f"{self._ended:>{len(total) + 2}} of {total}  "
            f"{experiment.name:{self._width}}  seed {seed}  {result}"
        )
        self.draw()

    def _print_verbose(self, number, line):
        if self._together:
            name = self.name(number)
            line = line.removeprefix(f"{name}: ").removeprefix("  ")
            line = f"{name}: {line}"
        print(line, file=self._out, flush=True)

    def _print_once(self, name, line):
        """Prints a note, or a line that is not of the run; the first alone."""
        note = _NOTE.match(line)
        if note is None and (_DETAIL.match(line) or line.startswith(name)):
            return
        alike = re.sub(r"\d[\d.,]*", "0", note["text"] if note else line)
        if alike not in self._shown:
            self._shown.add(alike)
            self._print(f"  note      {name}: {note['text']}" if note else line)

    def _print(self, line):
        if self._bar is None:
            print(line, file=self._out, flush=True)
        else:
            with self._bar.external_write_mode():
                print(line, file=self._out, flush=True)
        self._spoke = time.monotonic()

    def draw(self):
        """Draws the live line anew; to be called now and then."""
        if self._bar is not None:
            self._bar.set_description_str(self.describe())
        elif not self.verbose and time.monotonic() - self._spoke >= _SILENCE:
            self._print(f"  {self.describe()}")

    def describe(self):
        """The live line: the runs that train, their speed, what is left."""
        parts = [f"{self._ended} of {len(self.runs)} runs"]
        if left := self._estimate_left():
            parts.append(f"about {duration(left)} left")
        rate = sum(p.images_per_second for p in self._progress.values())
        if rate:
            parts.append(f"{rate:,.0f} images/s")
        for number in self._begun:
            progress = self._progress.get(number)
            where = (
                f" epoch {progress.epoch + 1}/{progress.epochs}"
                if progress
                else " begins"
            )
            parts.append(f"{self.name(number)}{where}")
        return " | ".join(parts)

    def _estimate_left(self):
        """Seconds that the other runs take at the pace so far, or None."""
        now = {n: p.share for n, p in self._progress.items()}
        left = len(self.runs) - self._ended - sum(now.values())
        if self._shares.keys() <= now.keys():
            # Until a run has ended, the time includes the start of the first
            # ones, which import, trace and compile.
            paces = [self._compute_pace(number) for number in self._begun]
            return left / sum(paces) if paces and all(paces) else None
        # Of runs that have ended, the share that was trained here.
        done = sum(
            now[number] - share if number in now else share
            for number, share in self._shares.items()
        )
        return left / done * (time.monotonic() - self._started)

    def _compute_pace(self, number):
        """Computes the share of a run that is trained in a second."""
        if number not in self._progress:
            return 0.0
        progress, (experiment, _) = self._progress[number], self.runs[number]
        steps = progress.epochs * progress.steps
        return progress.images_per_second / (steps * experiment.data.batch_size)


def _ignored_errors():
    # A signal that prints while something is printed is a RuntimeError.
    return contextlib.suppress(OSError, RuntimeError)
