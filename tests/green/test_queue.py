import queue as standard

import pytest

from eventlet.green import Queue
from tests.helpers import settle


@pytest.mark.parametrize("kind", [Queue.Queue, Queue.LifoQueue, Queue.PriorityQueue])
class TestQueues:
    @pytest.mark.parametrize("maxsize", [0, -1, None])
    def test_without_a_size_it_is_unlimited(self, hub, kind, maxsize):
        queue = kind(maxsize)
        for number in range(1000):
            queue.put_nowait(number)
        assert queue.qsize() == 1000
        assert not queue.full()

    def test_full_and_empty(self, hub, kind):
        queue = kind(1)
        queue.put(1)
        with pytest.raises(standard.Full):
            queue.put(2, timeout=0.001)
        assert queue.get() == 1
        with pytest.raises(standard.Empty):
            queue.get(timeout=0.001)

    def test_join(self, hub, kind, spawn):
        queue = kind()
        queue.put(1)
        joining = spawn(queue.join)
        settle()
        assert not joining.dead
        queue.get()
        queue.task_done()
        joining.wait()

    @pytest.mark.skipif(not hasattr(standard, "ShutDown"), reason="Python 3.13 brought shutdown()")
    def test_shutdown(self, hub, kind, spawn):
        queue = kind(1)
        getting = [spawn(queue.get) for _ in range(2)]
        settle()
        queue.shutdown()
        for green in getting:
            with pytest.raises(standard.ShutDown):
                green.wait()
        with pytest.raises(standard.ShutDown):
            queue.put(1)
        queue = kind(1)
        queue.put(1)
        putting = spawn(queue.put, 2)
        settle()
        queue.shutdown()
        with pytest.raises(standard.ShutDown):
            putting.wait()
        assert queue.get() == 1
        with pytest.raises(standard.ShutDown):
            queue.get()
        queue = kind()
        queue.put(1)
        queue.shutdown(immediate=True)
        queue.join()
        with pytest.raises(standard.ShutDown):
            queue.get(False)


class TestSimpleQueue:
    def test_waits(self, hub, spawn):
        queue = Queue.SimpleQueue()
        spawn(queue.put, "item")
        assert queue.get() == "item"
        spawn(queue.put_nowait, "next")
        assert queue.get(timeout=20) == "next"

    def test_errors(self, hub):
        queue = Queue.SimpleQueue()
        for call in (
            queue.get_nowait,
            lambda: queue.get(False),
            lambda: queue.get(True, 0.001),
            lambda: queue.get(False, -1),
        ):
            with pytest.raises(standard.Empty):
                call()
        with pytest.raises(ValueError, match="non-negative"):
            queue.get(timeout=-1)
        with pytest.raises(TypeError):
            queue.get(timeout="1")

    def test_put_takes_and_ignores_the_other_queues_arguments(self, hub):
        queue = Queue.SimpleQueue()
        queue.put(1, False)
        queue.put(2, True, -1)
        assert (queue.get(), queue.get(), queue.empty(), queue.qsize()) == (1, 2, True, 0)
