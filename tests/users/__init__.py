"""What real projects use, beyond what the documentation promises: keywords, base classes, internals.

`lines.py` is the list, with the test of each line or the module that is still missing; the tests do what the
projects do.
"""
