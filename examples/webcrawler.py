"""Fetch many web pages at once, with code that reads as if it fetched one.

    python examples/webcrawler.py   # starts a small web site on this machine and crawls it
    python examples/webcrawler.py URL [URL ...]   # fetches these instead

`fetch` is plain blocking code. The pool runs 200 of it at a time, each in a green thread of its own:
while one waits for its page, the others go on.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Iterable

from _local_site import LocalSite
from _support import Progress, hub_name, parse_arguments, positive_int, run

import eventlet
from eventlet.green import urllib2


def fetch(url: str) -> tuple[str, bytes | str]:
    """Return the address and the page, or the address and what went wrong."""
    try:
        with urllib2.urlopen(url, timeout=30) as response:
            return url, response.read()
    except OSError as error:  # what urllib raises for a page that cannot be had
        return url, str(error)


def crawl(urls: Iterable[str], concurrency: int, progress: Progress) -> tuple[int, list[str]]:
    """Fetch all of `urls`; return how many bytes came, and a line for each page that did not."""
    received, failures = 0, []
    pool = eventlet.GreenPool(concurrency)
    for url, result in pool.imap(fetch, urls):
        if isinstance(result, bytes):
            received += len(result)
        else:
            failures.append(f"{url}: {result}")
        progress.step()
    return received, failures


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetch many web pages at once and show how long it took.")
    parser.add_argument("urls", nargs="*", metavar="URL", help="pages to fetch (default: those of a local site)")
    parser.add_argument("--pages", type=positive_int, default=600, help="pages of the local site (default %(default)s)")
    parser.add_argument("--delay", type=float, default=0.1, help="seconds it takes to answer (default %(default)s)")
    parser.add_argument("--concurrency", type=positive_int, default=200, help="pages at once (default %(default)s)")
    parser.add_argument("--max-ratio", type=float, help="fail if it takes more than this many times the ideal")
    arguments = parse_arguments(parser)

    with contextlib.ExitStack() as stack:
        if arguments.urls:
            urls, ideal = arguments.urls, 0.0
        else:
            site = stack.enter_context(LocalSite(arguments.pages, arguments.delay))
            urls = [site.url(number) for number in range(site.pages)]
            ideal = site.pages * site.delay / arguments.concurrency
            print(f"A web site of {site.pages:,} pages is at {site.root}; each answers after {site.delay} s.")
        at_once = arguments.concurrency
        progress = Progress("pages", len(urls))
        try:
            print(f"Fetching {len(urls):,} pages, {at_once} at once, on the {hub_name()} hub.", flush=True)
            received, failures = crawl(urls, at_once, progress)
        except KeyboardInterrupt:
            print(f"\nStopped after {progress.done:,} of {len(urls):,} pages.", flush=True)
            return 130
        elapsed = progress.elapsed

    for line in failures[:10]:
        print(f"failed: {line}")
    if len(failures) > 10:
        print(f"failed: {len(failures) - 10:,} more")
    fetched = len(urls) - len(failures)
    print(f"Fetched {fetched:,} of {len(urls):,} pages, {received:,} bytes, in {elapsed:.2f} s.")
    if ideal:
        alone = len(urls) * arguments.delay
        print(f"One at a time it takes {alone:.0f} s, {at_once} at once ideally {ideal:.2f} s.")
        print(f"Ratio to the ideal: {elapsed / ideal:.2f}.", flush=True)
        if arguments.max_ratio is not None and elapsed > arguments.max_ratio * ideal:
            print(f"That is slower than {arguments.max_ratio} times the ideal.", file=sys.stderr)
            return 1
    return 1 if failures else 0


if __name__ == "__main__":
    run(main)
