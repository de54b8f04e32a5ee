"""What operators see: log lines now; the same events feed the journal."""
