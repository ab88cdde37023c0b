"""What a command raises to end with a message instead of a traceback."""


class CommandError(Exception):
    """The command cannot go on; the message names the input at fault and the remedy."""
