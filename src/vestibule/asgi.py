"""`vestibule.asgi:app`, for any ASGI server; settings come from the environment."""

from vestibule.bootstrap import build_house
from vestibule.observability.logging import configure
from vestibule.settings import load

configure()
app = build_house(load()).app
