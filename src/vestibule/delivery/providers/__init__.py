"""One module per way out. Each speaks one service's words and knows nothing of routing."""
