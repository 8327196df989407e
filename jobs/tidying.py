"""Garbage collection around batches: a batch makes tens of thousands of objects, and looking through all of them again
and again while they are needed took a third of its time."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def settle_in() -> None:
    """What is there after the start stays for good: the collector need not look at it any more."""
    gc.collect()
    gc.freeze()


@contextmanager
def tidied_afterwards() -> Iterator[None]:
    """The collector waits until the block is over, then looks once through what the block has left."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.collect(1)
