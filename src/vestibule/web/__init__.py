"""Server-rendered pages that work without JavaScript. A handler reads strings, calls one flow,
and matches what comes back."""
