"""Every knob once: the table below is what the command line, the documentation and the checks read.

A value comes from the environment, else from `.env` in the current folder, else it is the default.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from dotenv import dotenv_values
from platformdirs import user_data_dir

from ingest.errors import SettingsError


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    default: str
    help: str
    secret: bool = False


SETTINGS: tuple[Setting, ...] = (
    Setting("CAREER_MODEL", "extractive", "who writes the answer: extractive, or any LangChain provider:model"),
    Setting("CAREER_MODEL_BASE_URL", "", "address of an OpenAI-compatible server"),
    Setting("CAREER_EMBEDDING_MODEL", "", "a sentence-transformers model or folder, or LangChain provider:model"),
    Setting("CAREER_RERANKER", "", "a sentence-transformers CrossEncoder; off when empty"),
    Setting("CAREER_DATA_DIR", "", "folder of the library and the conversations"),
    Setting("CAREER_DATABASE_URL", "", "reserved: this version keeps its catalog in SQLite", secret=True),
    Setting("CAREER_CHROMA_URL", "", "address of a Chroma server; embedded when empty"),
    Setting("CAREER_API_KEYS", "", "comma-separated keys; needed to listen beyond this machine", secret=True),
    Setting("CAREER_RATE_LIMIT", "600/minute", "requests that one key, or one address, may send; off for no limit"),
    Setting("CAREER_RATE_LIMIT_STORAGE", "memory://", "where requests are counted: memory:// or redis://host:port"),
    Setting("CAREER_CORS_ORIGINS", "", "comma-separated addresses of sites whose pages may call the API"),
    Setting("CAREER_BENCH_DATA", "", "folder of third-party evaluation sets"),
    Setting("SLACK_BOT_TOKEN", "", "the Slack bot's token: xoxb-…", secret=True),
    Setting(
        "SLACK_SIGNING_SECRET",
        "",
        "what Slack signs its requests with; with the token it opens /slack/events",
        secret=True,
    ),
    Setting("SLACK_APP_TOKEN", "", "for Socket Mode: xapp-…", secret=True),
    Setting("SLACK_CLIENT_ID", "", "for several workspaces by OAuth, in place of the bot's token"),
    Setting("SLACK_CLIENT_SECRET", "", "goes with the client id", secret=True),
    Setting("SLACK_API_URL", "", "address of a test server that speaks Slack's Web API"),
)


@dataclass(frozen=True)
class Settings:
    """The settings that hold, each with where it came from."""

    model: str
    model_base_url: str
    embedding_model: str
    reranker: str
    data_dir: Path
    chroma_url: str
    api_keys: tuple[str, ...]
    rate_limit: str
    rate_limit_storage: str
    cors_origins: tuple[str, ...]
    bench_data: str
    slack_bot_token: str = ""
    slack_signing_secret: str = ""
    slack_app_token: str = ""
    slack_client_id: str = ""
    slack_client_secret: str = ""
    slack_api_url: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    """Value by name, as given."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Where each value came from: `environment`, `.env`, `--data` or `default`."""


def load_settings(
    *, data_dir: str | None = None, env: Mapping[str, str] | None = None, dotenv: Path | None = None
) -> Settings:
    """Read the settings.

    Args:
        data_dir: What the command line says; it wins over `CAREER_DATA_DIR`.
        env: The environment; the process's own when left out.
        dotenv: The `.env` file; the one in the current folder when left out.

    Raises:
        SettingsError: A name is unknown or a value cannot be used.
    """
    environment = os.environ if env is None else env
    in_file = {name: value or "" for name, value in dotenv_values(dotenv or Path(".env")).items()}
    for name in (*environment, *in_file):
        _known(name)
    values, origins = {}, {}
    for setting in SETTINGS:
        for origin, held in (("environment", environment), (".env", in_file)):
            if held.get(setting.name):
                values[setting.name], origins[setting.name] = held[setting.name].strip(), origin
                break
        else:
            values[setting.name], origins[setting.name] = setting.default, "default"
    if data_dir:
        values["CAREER_DATA_DIR"], origins["CAREER_DATA_DIR"] = data_dir, "--data"
    elif not values["CAREER_DATA_DIR"]:
        values["CAREER_DATA_DIR"] = user_data_dir("career-assistant", appauthor=False)
    return _settings(values, origins)


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Name, value and origin of every setting, in the table's order; secrets masked."""
    return [
        (one.name, _masked(settings.values[one.name]) if one.secret else settings.values[one.name],
         settings.origins[one.name])
        for one in SETTINGS
    ]  # fmt: skip


def _settings(values: Mapping[str, str], origins: Mapping[str, str]) -> Settings:
    for name, what in (("CAREER_DATABASE_URL", "This version keeps its catalog in SQLite in the data folder"),):
        if values[name]:
            raise SettingsError(f"{name} is set. {what}.", f"Unset {name}.")
    return Settings(
        model=values["CAREER_MODEL"],
        model_base_url=values["CAREER_MODEL_BASE_URL"],
        embedding_model=values["CAREER_EMBEDDING_MODEL"],
        reranker=values["CAREER_RERANKER"],
        data_dir=Path(values["CAREER_DATA_DIR"]).expanduser(),
        chroma_url=values["CAREER_CHROMA_URL"],
        api_keys=_listed(values["CAREER_API_KEYS"]),
        rate_limit=values["CAREER_RATE_LIMIT"],
        rate_limit_storage=values["CAREER_RATE_LIMIT_STORAGE"],
        cors_origins=tuple(origin.rstrip("/") for origin in _listed(values["CAREER_CORS_ORIGINS"])),
        bench_data=values["CAREER_BENCH_DATA"],
        slack_bot_token=values["SLACK_BOT_TOKEN"],
        slack_signing_secret=values["SLACK_SIGNING_SECRET"],
        slack_app_token=values["SLACK_APP_TOKEN"],
        slack_client_id=values["SLACK_CLIENT_ID"],
        slack_client_secret=values["SLACK_CLIENT_SECRET"],
        slack_api_url=values["SLACK_API_URL"],
        values=values,
        origins=origins,
    )


def _listed(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _known(name: str) -> None:
    """Refuse a misspelt name of ours.

    Raises:
        SettingsError: The name begins like ours and is in no row of the table.
    """
    names = [setting.name for setting in SETTINGS]
    if name.upper().startswith("CAREER_") and name not in names:
        nearest = difflib.get_close_matches(name.upper(), names, 1, 0.0)
        raise SettingsError(f"There is no setting {name}.", f"Did you mean {nearest[0]}?")


def _masked(value: str) -> str:
    """A secret as it may be shown.

    >>> _masked("sk-1234567890"), _masked("")
    ('****7890', '')
    """
    return f"****{value[-4:]}" if len(value) > 8 else "****" if value else ""
