"""Time of a study of small networks, by its parts, from start to end.

    python benchmarks/study_overhead.py
    python benchmarks/study_overhead.py --study=demo --arms=baseline,salmix \
        --seeds=3 --set epochs=5

Runs the study, in this process and a temporary folder, with the arguments of
main.py (default: three arms of the demo with three seeds each) and clocks on
what it calls. Prints seconds and shares of: importing TensorFlow; computing,
which is every step and evaluated batch at the median duration of its run;
tracing, which is what the first of each took beyond that; waiting for images
beyond it; drawing; writing files; and the rest. The exit code is 1 where all
but computing is more than what is claimed.
"""

import collections
import contextlib
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

_STARTED = time.perf_counter()
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).parents[1]))

DEFAULT = ("--study=demo", "--arms=baseline,random_erase,salmix", "--seeds=3")
# Of the time, for all but computing.
CLAIMED = 0.25


class Clocks:
    """Seconds of the main thread by what they were spent on.

    What is inside something else counts once.
    """

    def __init__(self):
        self.seconds = collections.Counter()
        self.calls = collections.defaultdict(list)
        self._open = []

    @contextlib.contextmanager
    def on(self, name):
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        start = time.perf_counter()
        self._open.append(0.0)
        try:
            yield
        finally:
            took = time.perf_counter() - start
            self.seconds[name] += took - self._open.pop()
            if self._open:
                self._open[-1] += took

    def watch(self, owner, method, name):
        original = getattr(owner, method)

        def timed(*args, **kwargs):
            with self.on(name):
                return original(*args, **kwargs)

        setattr(owner, method, timed)

    def watch_steps(self, trainer_class, attribute):
        """Notes how long each call of a function that Keras makes takes."""
        make = getattr(trainer_class, f"make_{attribute}")
        clocks = self

        def make_timed(trainer, force=False):
            was = getattr(trainer, attribute)
            make(trainer, force)
            step = getattr(trainer, attribute)
            calls = clocks.calls[attribute]
            calls.append([])
            if step is was and not force:
                step = step.untimed

            def timed(iterator):
                start = time.perf_counter()
                with clocks.on("steps"):
                    logs = step(iterator)
                    # What is asked for only later is computed now, too.
                    for value in logs.values():
                        value.numpy()
                calls[-1].append(time.perf_counter() - start)
                return logs

            timed.untimed = step
            setattr(trainer, attribute, timed)

        setattr(trainer_class, f"make_{attribute}", make_timed)

    def split_steps(self):
        """Divides "steps" into computing and tracing."""
        computing = 0.0
        for groups in self.calls.values():
            for calls in groups:
                if calls:
                    computing += len(calls) * statistics.median(calls)
        steps = self.seconds.pop("steps")
        self.seconds["computing"] = min(computing, steps)
        self.seconds["tracing, and waiting for images"] = steps - min(
            computing, steps
        )


def main(arguments):
    clocks = Clocks()
    import main as command_line
    from experiments.runtime.startup import start_tensorflow

    with clocks.on("importing TensorFlow"):
        start_tensorflow()
        import keras
        from matplotlib.figure import Figure

        from experiments.report import report
        from experiments.training import session
        from pipelines.files.claimed_folder import ClaimedFolder

    clocks.watch(Figure, "savefig", "drawing")
    clocks.watch(ClaimedFolder, "replace", "writing")
    clocks.watch(session.Session, "__init__", "building networks")
    clocks.watch(session.Session, "announce", "announcing, with its batch")
    clocks.watch(report, "write_report", "report")
    clocks.watch(keras.Model, "predict", "predicting")
    clocks.watch_steps(session.Trainer, "train_function")
    clocks.watch_steps(session.Trainer, "test_function")
    with tempfile.TemporaryDirectory() as folder:
        code = command_line.call(["main.py", *arguments, f"--workdir={folder}"])
    if code:
        return code
    clocks.split_steps()
    total = time.perf_counter() - _STARTED
    clocks.seconds["all else"] = total - sum(clocks.seconds.values())
    print(f"\n{' '.join(arguments)}: {total:.1f} s")
    for name, seconds in clocks.seconds.most_common():
        print(f"{name:34}{seconds:8.1f} s{seconds / total:8.1%}")
    share = 1 - clocks.seconds["computing"] / total
    print(f"all but computing: {share:.1%}, claimed at most {CLAIMED:.0%}")
    return int(share > CLAIMED)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or DEFAULT))
