"""A folder is one sandbox's at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "sandbox.lock"


class FolderUnusable(Exception):
    """Another sandbox is at work there, or nobody may write there; the message is for people."""


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Nobody else uses the folder until the block ends or the process does, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as reason:
        raise FolderUnusable(f"{folder} cannot be used: {reason.strerror}. Choose another with --folder.") from None
    try:
        _take(lock, folder)
        yield
    finally:
        os.close(lock)


def _take(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sentence = f"Another sandbox is running in {folder}. Stop it first, or choose another folder with --folder."
        raise FolderUnusable(sentence) from None
    except OSError as reason:
        sentence = f"{folder} cannot be locked: {reason.strerror}. Choose another folder with --folder."
        raise FolderUnusable(sentence) from None
