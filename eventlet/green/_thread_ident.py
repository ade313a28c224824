"""Identifiers of green threads."""

from __future__ import annotations

from greenlet import getcurrent

from eventlet import _pristine

_get_os_thread_ident = _pristine.thread.get_ident


def get_ident(gr=None):
    """Return the identifier of the current green thread, or of the greenlet `gr`. Never switches.

    Greenlets that exist at the same time have different ones.
    """
    try:
        current = getcurrent()
    except RuntimeError:  # the interpreter ends: what is called now are finalisers, in the main greenlet
        return _get_os_thread_ident() if gr is None else id(gr)
    if gr is None or gr is current:
        # The main greenlet keeps the identifier of its OS thread, by which those who started
        # before the patching know it. Addresses of objects and of thread descriptors do not clash.
        return id(current) if current.parent is not None else _get_os_thread_ident()
    if gr.parent is None and _main_greenlet(current) is gr:
        return _get_os_thread_ident()
    return id(gr)


def _main_greenlet(greenlet):
    while greenlet.parent is not None:
        greenlet = greenlet.parent
    return greenlet
