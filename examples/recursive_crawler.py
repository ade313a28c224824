"""Crawl a web site by following the links on its pages, each page once, many at a time.

    python examples/recursive_crawler.py   # a small web site on this machine
    python examples/recursive_crawler.py URL   # this page and what it leads to, on the same host

Every page is fetched by a green thread of a pool, which puts what it found into a queue. The main one
takes it from there and hands new links to the pool. It alone starts fetches, so it knows when none is
left; when the pool is full it waits there, and the queue has no bound, so the pool's green threads never
wait for it.
"""

from __future__ import annotations

import argparse
import contextlib
import re
from typing import NamedTuple

from _local_site import LocalSite
from _support import Progress, hub_name, parse_arguments, positive_int, run

import eventlet
from eventlet.green import urllib2
from eventlet.green.urllib import parse
from eventlet.queue import Queue

LINK = re.compile(r'href="([^"#]+)')


class Visit(NamedTuple):
    url: str
    depth: int
    links: list[str]
    error: str = ""


def visit(url: str, depth: int, visits: Queue) -> None:
    """Fetch a page and report the links on it."""
    try:
        with urllib2.urlopen(url, timeout=30) as response:
            text = response.read().decode("utf-8", "replace")
        visits.put(Visit(url, depth, [parse.urljoin(url, link) for link in LINK.findall(text)]))
    except OSError as error:  # what urllib raises for a page that cannot be had
        visits.put(Visit(url, depth, [], str(error)))


def crawl(start: str, concurrency: int, max_pages: int, progress: Progress) -> list[Visit]:
    """Visit `start` and what it leads to on the same host, at most `max_pages`."""
    host = parse.urlsplit(start).netloc
    pool = eventlet.GreenPool(concurrency)
    visits: Queue = Queue()
    seen = {start}
    done: list[Visit] = []
    pool.spawn_n(visit, start, 0, visits)
    while len(done) < len(seen):
        latest = visits.get()
        done.append(latest)
        progress.step()
        for link in latest.links:
            if link not in seen and len(seen) < max_pages and parse.urlsplit(link).netloc == host:
                seen.add(link)
                pool.spawn_n(visit, link, latest.depth + 1, visits)
    return done


def main() -> int:
    parser = argparse.ArgumentParser(description="Crawl a web site by following the links on its pages.")
    parser.add_argument(
        "url", nargs="?", metavar="URL", help="where to begin (default: the front page of a local site)"
    )
    parser.add_argument("--pages", type=positive_int, default=300, help="pages of the local site (default %(default)s)")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds it takes to answer (default %(default)s)")
    parser.add_argument("--concurrency", type=positive_int, default=100, help="pages at once (default %(default)s)")
    parser.add_argument("--max-pages", type=positive_int, default=10_000, help="stop there (default %(default)s)")
    arguments = parse_arguments(parser)

    with contextlib.ExitStack() as stack:
        start = arguments.url
        if not start:
            start = stack.enter_context(LocalSite(arguments.pages, arguments.delay)).url(0)
            print(f"A web site of {arguments.pages:,} linked pages; each answers after {arguments.delay} s.")
        progress, at_once = Progress("pages"), arguments.concurrency
        try:
            print(f"Crawling from {start}, {at_once} at once, on the {hub_name()} hub.", flush=True)
            visits = crawl(start, at_once, arguments.max_pages, progress)
        except KeyboardInterrupt:
            print(f"\nStopped after {progress.done:,} pages.", flush=True)
            return 130
        progress.show()

    failed = [visit for visit in visits if visit.error]
    for one in failed[:10]:
        print(f"failed: {one.url}: {one.error}")
    deepest = max(visit.depth for visit in visits)
    fetched = len(visits) - len(failed)
    print(f"Fetched {fetched:,} pages, up to {deepest} links away from the first; {len(failed):,} failed.")
    print(f"It took {progress.elapsed:.2f} s.", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    run(main)
