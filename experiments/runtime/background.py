"""Background work in a thread beside the training."""

from concurrent.futures import ThreadPoolExecutor


class Background:
    """Does one piece of work after the other while the training goes on.

    It is for writing files and drawing: while TensorFlow computes, other
    threads can run. An error is raised in the training's thread, at the next
    call.
    """

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)
        self._begun = []

    def do(self, work, *args, **kwargs):
        """Calls `work` after all earlier pieces of work.

        Raises:
            Exception: the error of an earlier piece of work.
        """
        done = [each for each in self._begun if each.done()]
        self._begun = [each for each in self._begun if each not in done]
        for each in done:
            each.result()
        self._begun.append(self._pool.submit(work, *args, **kwargs))

    def wait(self):
        """Waits until all work is done.

        Raises:
            Exception: the error of a piece of work.
        """
        begun, self._begun = self._begun, []
        for each in begun:
            each.result()

    def close(self):
        """Waits until all work is done, and drops its errors."""
        self._begun = []
        self._pool.shutdown()
