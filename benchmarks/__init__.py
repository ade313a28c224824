"""Benchmarks of this library beside its peers: `python -m benchmarks --help`.

A benchmark is one module of this package that answers the question in the first line of its docstring. It has

- `CASES`, the sizes to run it at, and `METRICS`, the figures to report (see `_job`);
- one function `API_JOB` for each job of its cases and each API (eventlet, gevent, asyncio, protocol), which
  does that job as plainly as an everyday user of the API writes it. The third-party package is imported
  inside, as each contestant has its own;
- `CANNOT`, the reason for each `API_JOB` that does not exist;
- if its jobs are servers, `drive`, which runs in a process of its own and takes the figures from outside.

This package has no dependencies and is never installed. It must not import the library under test at the
top of a file: which eventlet that would be differs from one contestant to the next.
"""
