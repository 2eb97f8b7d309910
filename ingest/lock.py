"""One writer at a time, by a lock file that dies with its process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ingest.errors import LibraryBusy, LibraryError

_WAIT = 1.0
"""Seconds that a second writer waits before it is refused."""


@contextmanager
def writer(folder: Path, wait: float = _WAIT) -> Iterator[None]:
    """Be the only one, of all processes, that writes to the library in a data folder.

    Raises:
        LibraryBusy: Another process is writing.
        LibraryError: The data folder is not writable.
    """
    lock = FileLock(folder / "write.lock")
    try:
        lock.acquire(timeout=wait)
    except Timeout as error:
        raise LibraryBusy(
            f"Another process is writing to the library in {folder}.",
            "Wait until it is done, or choose another data folder with --data.",
        ) from error
    except OSError as error:
        raise LibraryError(
            f"The data folder {folder} cannot be written: {error.strerror}.",
            "Make it writable, or choose another with --data.",
        ) from error
    try:
        yield
    finally:
        lock.release()
