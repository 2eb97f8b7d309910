"""Every error a person may see, each a sentence with a next step.

    CareerError
    ├── SettingsError        a setting is unknown or has a bad value
    ├── SourceError          a file or URL cannot be read
    │   └── UnsupportedFormat    no reader for its kind
    ├── LibraryError         the library itself
    │   ├── LibraryEmpty         nothing has been ingested yet
    │   ├── LibraryBusy          another process is writing
    │   └── EmbedderMismatch     the vectors were made by another model
    ├── QuestionError        an empty or oversized question
    └── ModelUnavailable     the chat or embedding model does not answer

Anything that is not a `CareerError` is a bug of ours and may show a traceback.
"""

from __future__ import annotations


class CareerError(Exception):
    """Root of the tree: `message` says what happened, `hint` what to do next; `str()` joins both."""

    def __init__(self, message: str, hint: str = "") -> None:
        """Take what happened and what to do next, each a sentence fit to show."""
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.message} {self.hint}".strip()


class SettingsError(CareerError):
    """A setting is unknown or has a value that cannot be used."""


class SourceError(CareerError):
    """A file or URL cannot be read."""


class UnsupportedFormat(SourceError):
    """No reader takes this kind of file."""


class LibraryError(CareerError):
    """The library cannot be opened, read or written."""


class LibraryEmpty(LibraryError):
    """Nothing has been ingested yet."""


class LibraryBusy(LibraryError):
    """Another process is writing to the library."""


class EmbedderMismatch(LibraryError):
    """The stored vectors were made by another embedding model."""


class QuestionError(CareerError):
    """The question is empty or too long."""


class ModelUnavailable(CareerError):
    """A chat or embedding model does not answer."""
