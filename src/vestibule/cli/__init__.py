"""The commands. Each reads settings, does one thing, and says what to do when it cannot."""
