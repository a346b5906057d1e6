"""Work beside the training, in a thread of its own."""

from concurrent.futures import ThreadPoolExecutor


class Background:
    """Does one piece of work after the other while the training goes on.

    For what writes files and draws: the network is busy in TensorFlow, which
    lets other threads run. What goes wrong is raised in the training's thread,
    at the next call.
    """

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)
        self._begun = []

    def do(self, work, *args, **kwargs):
        """Calls `work` when all before it is done.

        Raises:
            Exception: what an earlier piece of work has raised.
        """
        done = [each for each in self._begun if each.done()]
        self._begun = [each for each in self._begun if each not in done]
        for each in done:
            each.result()
        self._begun.append(self._pool.submit(work, *args, **kwargs))

    def wait(self):
        """Returns when all is done.

        Raises:
            Exception: what a piece of work has raised.
        """
        begun, self._begun = self._begun, []
        for each in begun:
            each.result()

    def close(self):
        """Waits for all, whatever it raises."""
        self._begun = []
        self._pool.shutdown()
