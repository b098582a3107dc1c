"""Everything that can be set, read once: flags > environment `FACIES_*` > `facies.toml` > defaults."""

import json
import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as SourceError

from facies.errors import SettingsError

ENVIRONMENT_PREFIX = "FACIES_"
FILE_NAME = "facies.toml"

_MIB = 1024 * 1024
_DAY_S = 24 * 60 * 60

Positive = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]


def default_data_dir() -> Path:
    """Where a user's own data lives by the XDG convention: `$XDG_DATA_HOME/facies`."""
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "facies"


class Settings(BaseSettings):
    """Frozen; each is a flag of the command line, a variable `FACIES_<NAME>` and a line in `facies.toml`."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX, toml_file=FILE_NAME, frozen=True, extra="forbid", validate_default=True
    )

    data_dir: Path = Field(default_factory=default_data_dir, description="Holds the database and the blobs.")
    database_url: str = Field("", description="Where the jobs are kept; SQLite in the data folder by default.")
    models_dir: Path | None = Field(None, description="More model packages; `models` in the data folder by default.")

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(5001, description="Port to listen on; 0 picks a free one.")
    cors_origins: tuple[str, ...] = Field(
        ("http://localhost:3000", "http://127.0.0.1:3000"), description="Web pages that may call the server."
    )
    require_keys: bool = Field(
        False, description="Whether every API wants an API key; an address that others can reach needs it."
    )
    open_to_anyone: bool = Field(
        False, description="Serve the native API without keys even on an address that others can reach."
    )
    coral_requires_key: bool | None = Field(
        None, description="Whether the coral API wants an API key; as require_keys says by default."
    )
    metrics_requires_key: bool | None = Field(
        None,
        description="Whether /metrics wants a key with the scope admin; by default where others can reach it.",
    )
    coral_model: str = Field("coral-bleaching", description="Package behind the coral API.")
    rock_model: str = Field("rock-types", description="Package behind the rock API.")
    default_mask_weight: Annotated[float, Field(ge=0, le=1)] = Field(
        0.5, description="Opacity of the rock overlay where the client names none."
    )

    source_url: Annotated[str, Field(pattern="^(https?://.+)?$")] = Field(
        "", description="Where the source of this server can be had; linked on the pages of documentation."
    )

    max_upload_bytes: Positive = Field(1024 * _MIB, description="Largest upload, bytes.")
    max_resumable_bytes: Positive = Field(4096 * _MIB, description="Largest upload that comes in pieces, bytes.")
    upload_time_to_live_s: Seconds = Field(
        _DAY_S, description="How long an upload is kept after its last piece, seconds."
    )
    max_pixels: Positive = Field(2_000_000_000, description="Largest photo, width times height.")
    kept_pixels: Positive = Field(64_000_000, description="Larger photos are read in bands, never whole, in pixels.")
    picture_pixels: Positive = Field(
        200_000_000, description="Larger overlays are written as a deep zoom instead of one PNG, in pixels."
    )
    queue_limit: Positive = Field(1000, description="Most jobs waiting; more are answered 429.")
    time_to_live_s: Seconds = Field(_DAY_S, description="How long a job and its result are kept, seconds.")

    private_webhooks: bool = Field(
        False, description="Whether webhooks may go to addresses that are not public, and over plain http."
    )

    webhook_authorities: Path | None = Field(
        None, description="Certificates, PEM, that webhooks believe beside the usual ones."
    )

    runtime: Literal["openvino", "fake"] = Field("openvino", description="What runs the networks.")
    runtime_streams: Annotated[int, Field(ge=0)] = Field(0, description="Batches at a time; 0: one a core.")
    fake_delay_s: Annotated[float, Field(ge=0)] = Field(0.0, description="The fake runtime's time a batch, seconds.")
    workers: int | None = Field(
        None,
        ge=0,
        description="Workers beside the server, a process each; where not given, one for every two cores, 2 to 4.",
    )
    worker_threads: Positive = Field(1, description="Jobs a worker has in hand at a time.")
    worker_niceness: Annotated[int, Field(ge=0, le=19)] = Field(
        10, description="How readily a worker lets other programs go first, the server too; 0: as any other."
    )
    checkpoint_after_s: Annotated[float, Field(ge=0)] = Field(
        2.0, description="A job that takes longer writes down what it has found, for the next attempt, seconds."
    )
    lease_s: Seconds = Field(15.0, description="A worker that is silent for so long has lost its job, seconds.")

    notice_s: Annotated[float, Field(ge=0)] = Field(
        0.0, description="How long a server told to end still answers, /readyz with 503, seconds."
    )
    drain_s: Seconds = Field(3.0, description="How long open requests may then take to end, seconds.")

    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="How much is logged.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The order of sources, strongest first."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @classmethod
    def read(cls, **flags: Any) -> Self:
        """Read the settings.

        Args:
            flags: what the command line was given; None counts as not given.

        Raises:
            SettingsError: a value cannot be used, or the file names a setting that does not exist.
        """
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"])
            if first["type"] == "extra_forbidden":
                raise SettingsError(
                    f"There is no setting {name!r}, which {FILE_NAME} names; `facies serve --help` lists them."
                ) from error
            raise SettingsError(f"The setting {name!r} cannot be used: {first['msg']}.") from error
        except (SourceError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"The settings cannot be read: {error}; lists are written as JSON.") from error

    @property
    def closes_coral(self) -> bool:
        """Whether the coral API wants a key."""
        return self.require_keys if self.coral_requires_key is None else self.coral_requires_key

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the job store."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'facies.db'}"

    @property
    def more_models_dir(self) -> Path:
        """Folder of the user's own packages."""
        return self.models_dir or self.data_dir / "models"

    @property
    def blobs_dir(self) -> Path:
        """Folder of uploads and results."""
        return self.data_dir.resolve() / "blobs"

    @property
    def uploads_dir(self) -> Path:
        """Folder of uploads that come in pieces."""
        return self.data_dir.resolve() / "uploads"

    def as_environment(self) -> dict[str, str]:
        """Environment variables that give another process exactly these settings."""
        values = self.model_dump(mode="json", exclude_none=True)
        return {
            f"{ENVIRONMENT_PREFIX}{name.upper()}": value if isinstance(value, str) else json.dumps(value)
            for name, value in values.items()
        }
