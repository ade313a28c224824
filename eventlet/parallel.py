"""The first home of GreenPool and GreenPile, kept for callers."""

from eventlet.greenpool import GreenPile as GreenPile
from eventlet.greenpool import GreenPool as GreenPool

__all__ = ["GreenPile", "GreenPool"]
