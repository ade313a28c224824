"""The standard library's blocking modules, with the same names, for green threads.

Each module here has every name of its standard twin; what would block the thread is replaced.
"""
