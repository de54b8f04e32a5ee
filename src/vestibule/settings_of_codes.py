"""What an operator may set of one-time codes: how long they are, and how apps compute theirs."""

from typing import Annotated, Literal

from pydantic import BeforeValidator


def _number(value: object) -> object:
    """The environment knows texts only, and a choice of numbers takes none."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


CodeDigits = Annotated[Literal[6, 8], BeforeValidator(_number)]
AppAlgorithm = Literal["SHA1", "SHA256", "SHA512"]
