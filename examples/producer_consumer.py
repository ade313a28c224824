"""Producers and consumers that meet at a queue with a bound.

    python examples/producer_consumer.py
    python examples/producer_consumer.py --producers 5 --consumers 100 --jobs 5000 --queue-size 10

A full queue holds the producers back, an empty one the consumers: nobody polls, and memory stays flat.
`join` returns when each job that was put has been reported done.
"""

from __future__ import annotations

import argparse

from _support import Progress, hub_name, parse_arguments, positive_int, run

import eventlet
from eventlet.queue import Queue


class Plant:
    def __init__(self, queue_size: int, work: float, progress: Progress) -> None:
        self.queue: Queue = Queue(queue_size)
        self.progress = progress
        self.longest_queue = 0
        self.done_by: dict[str, int] = {}
        self.total = 0
        self._work = work

    def produce(self, first: int, last: int) -> None:
        for number in range(first, last):
            self.queue.put(number)  # waits while the queue is full
            self.longest_queue = max(self.longest_queue, self.queue.qsize())

    def consume(self, name: str) -> None:
        while True:
            number = self.queue.get()  # waits while it is empty
            eventlet.sleep(self._work)  # here a real one would ask a database, or fetch a page
            self.total += number
            self.done_by[name] = self.done_by.get(name, 0) + 1
            self.progress.step()
            self.queue.task_done()


def main() -> int:
    parser = argparse.ArgumentParser(description="Pass jobs from producers to consumers through a bounded queue.")
    parser.add_argument("--producers", type=positive_int, default=3, help="how many make jobs (default %(default)s)")
    parser.add_argument("--consumers", type=positive_int, default=20, help="how many do them (default %(default)s)")
    parser.add_argument("--jobs", type=positive_int, default=1000, help="how many in all (default %(default)s)")
    parser.add_argument("--queue-size", type=positive_int, default=8, help="jobs that may wait (default %(default)s)")
    parser.add_argument("--work", type=float, default=0.01, help="seconds that a job takes (default %(default)s)")
    arguments = parse_arguments(parser)

    jobs, producers = arguments.jobs, arguments.producers
    print(f"{jobs:,} jobs, {producers:,} producers, {arguments.consumers:,} consumers, {hub_name()} hub.")
    plant = Plant(arguments.queue_size, arguments.work, Progress("jobs", jobs))
    consumers = [eventlet.spawn(plant.consume, f"consumer {n}") for n in range(arguments.consumers)]
    try:
        print("Ctrl-C stops it.", flush=True)
        pile = eventlet.GreenPile(producers)
        for n in range(producers):
            pile.spawn(plant.produce, jobs * n // producers, jobs * (n + 1) // producers)
        for _ in pile:  # all producers have put all of their jobs
            pass
        plant.queue.join()  # and all of those are done
    except KeyboardInterrupt:
        print(f"\nStopped after {plant.progress.done:,} of {jobs:,} jobs.", flush=True)
        return 130
    for consumer in consumers:
        consumer.kill()

    most, least = max(plant.done_by.values()), min(plant.done_by.values())
    expected = jobs * (jobs - 1) // 2
    print(f"All {plant.progress.done:,} jobs done in {plant.progress.elapsed:.2f} s.")
    print(f"Their numbers add up to {plant.total:,} (expected {expected:,}).")
    print(f"At most {plant.longest_queue} waited in the queue; a consumer did {least} to {most}.", flush=True)
    return 0 if plant.total == expected else 1


if __name__ == "__main__":
    run(main)
