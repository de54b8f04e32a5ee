"""What a call says in the tests of whoever carries it."""

from vestibule.delivery.provider import CallScript


def a_script(*code: str) -> CallScript:
    """A script with these parts between key and menu."""
    return CallScript(
        greeting="Hello.",
        offer="Press a key.",
        code=code or ("Your code is:", "0", "4", "2", "0", "4", "2"),
        menu="Press 1 again.",
        last_menu="Press 9.",
        no_key="No key.",
        denied="Stopped.",
        goodbye="Goodbye.",
    )
