class DataError(Exception):
    """The data is missing or broken; the message is one line for the user."""
