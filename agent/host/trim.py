"""Memory that the start needed and the running agent does not (P9)."""

from __future__ import annotations

import contextlib
import ctypes
import gc


def give_back() -> None:
    """Return freed memory to the system: reading the configuration alone leaves more than a third of a megabyte behind."""
    gc.collect()
    with contextlib.suppress(AttributeError, OSError):  # another C library than glibc has no such call
        ctypes.CDLL(None).malloc_trim(0)
