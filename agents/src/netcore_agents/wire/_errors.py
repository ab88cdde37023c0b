"""The one error of the wire."""


class WireError(ValueError):
    """A payload or topic is not what the schema says.

    Attributes:
        field: Name of the field at fault; `payload` or `topic` for the whole.
        problem: What is wrong with it.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
