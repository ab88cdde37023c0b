"""Read a configuration from a file."""

from pathlib import Path

from netcore_scheduler.config._errors import ConfigurationError
from netcore_scheduler.config._settings import SchedulerConfiguration, decode_configuration


def load_configuration(path: str | Path | None) -> SchedulerConfiguration:
    """Read a KubeSchedulerConfiguration in YAML or JSON.

    Args:
        path: File; None is netcore's default.

    Raises:
        ConfigurationError: The file cannot be read, or says something that it must not.
    """
    if path is None:
        return decode_configuration(None)
    import yaml

    try:
        document = yaml.safe_load(Path(path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path}: {error}") from error
    try:
        return decode_configuration({} if document is None else document)
    except ConfigurationError as error:
        raise ConfigurationError(f"{path}: {error}") from error
