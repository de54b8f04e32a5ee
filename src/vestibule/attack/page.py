"""A page as a browser without JavaScript reads it: its forms, links and words.

Knows no selector and no sentence of ours, so that it reads any house in any language. It must
not send anything.
"""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class FoundForm:
    """What one form would send: where, how, and every field with what it holds."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str | None, str]] = field(default_factory=list)
    """Text, name, value of each."""


class Page(HTMLParser):
    """Fed with the source, it has found the forms, links, words and title."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[FoundForm] = []
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self.title = ""
        self.alerts: list[str] = []
        """What the page says at once: a refusal, or that somebody has to wait."""
        self._telling = set[str]()
        self._form: FoundForm | None = None
        self._button: tuple[str | None, str] | None = None
        self._link: str | None = None
        self._select: str | None = None
        self._text = ""
        self._in_title = False

    def with_field(self, *names: str) -> FoundForm | None:
        """The first form that has all of these fields."""
        return next((one for one in self.forms if set(names) <= set(one.fields)), None)

    def with_action(self, path: str) -> FoundForm | None:
        """The first form that posts to this path."""
        return next((one for one in self.forms if one.action == path), None)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = dict(attrs)
        if tag == "form":
            self._form = FoundForm(a.get("action") or "", (a.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag == "input" and self._form is not None and a.get("name"):
            if a.get("type") in {"radio", "checkbox"} and "checked" not in a:
                return
            self._form.fields[str(a["name"])] = a.get("value") or ""
        elif tag == "select" and self._form is not None:
            self._select = a.get("name")
        elif tag == "option" and self._select and self._form is not None:
            if "selected" in a or self._select not in self._form.fields:
                self._form.fields[self._select] = a.get("value") or ""
        elif tag == "button":
            self._button, self._text = (a.get("name"), a.get("value") or ""), ""
        elif tag == "a":
            self._link, self._text = a.get("href") or "", ""
        elif tag == "title":
            self._in_title = True
        if a.get("role") == "alert":
            self._telling, self._text = {tag}, ""

    def handle_endtag(self, tag: str) -> None:
        text = " ".join(self._text.split())
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "button" and self._button is not None:
            if self._form is not None:
                self._form.buttons.append((text, *self._button))
            self._button = None
        elif tag == "a" and self._link is not None:
            self.links.append((text, self._link))
            self._link = None
        elif tag == "title":
            self._in_title = False
        if tag in self._telling:
            self.alerts += [text] if text else []
            self._telling = set()

    def handle_data(self, data: str) -> None:
        self._text += data
        self.words.append(data)
        if self._in_title:
            self.title += data
