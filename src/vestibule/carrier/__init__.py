"""What carriers post to us: a call's next words, and what became of a message."""
