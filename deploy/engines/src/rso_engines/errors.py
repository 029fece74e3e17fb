"""What can go wrong, said so that a person can act on it."""


class EngineError(Exception):
    """An engine could not be provided, started or stopped. The text says why and what to do."""


class MissingError(EngineError):
    """Something has to be installed first. The text names it and how to get it, in one line."""
