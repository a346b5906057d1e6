"""Work beside the training comes in order, and its errors come out."""

import threading

import pytest

from experiments.runtime.background import Background


def test_work_is_done_in_order_in_another_thread():
    background, done, may_go_on = Background(), [], threading.Event()

    def slow():
        may_go_on.wait(60)
        done.append(("slow", threading.current_thread()))

    background.do(slow)
    background.do(done.append, ("quick", None))
    assert done == []
    may_go_on.set()
    background.wait()
    (first, thread), (second, _) = done
    assert (first, second) == ("slow", "quick")
    assert thread is not threading.current_thread()


@pytest.mark.parametrize("call", ["do", "wait"])
def test_error_is_raised_once_by_the_next_call(call):
    background, failed = Background(), threading.Event()

    def fail():
        failed.set()
        raise OSError("disk full")

    background.do(fail)
    failed.wait(60)
    background._begun[0].exception()
    with pytest.raises(OSError, match="disk full"):
        background.do(int) if call == "do" else background.wait()
    background.wait()


def test_closing_waits_and_raises_nothing():
    background, done, may_go_on = Background(), [], threading.Event()
    background.do(may_go_on.wait, 60)
    background.do(lambda: 1 / 0)
    background.do(done.append, 1)
    may_go_on.set()
    background.close()
    assert done == [1]
