class ConfigError(Exception):
    """What the user asked for cannot be done; the message is one line."""


class TrainingFailed(Exception):
    """A run stopped because its loss is no longer a number."""


class AbsentPart(ConfigError):
    """A config has not got the part whose field is to be changed."""
