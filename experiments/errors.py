class ConfigError(Exception):
    """A request that cannot be met; the message is one line."""


class TrainingFailed(Exception):
    """A run stopped because its loss is no longer a number."""


class WorkerLost(Exception):
    """One of the processes that train a run together has ended."""


class AbsentPart(ConfigError):
    """A config has not got the part whose field is to be changed."""


class Interrupted(KeyboardInterrupt):
    """A signal ended the run; it goes on from its checkpoint.

    Attributes:
        signal: Its number.
    """

    def __init__(self, number):
        super().__init__()
        self.signal = number
