"""Vestibule: a self-hosted front door."""
