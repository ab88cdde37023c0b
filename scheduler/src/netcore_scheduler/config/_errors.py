"""What is wrong in a configuration."""


class ConfigurationError(ValueError):
    """A key, name or value is not what it must be; the message gives its path and the remedy."""
