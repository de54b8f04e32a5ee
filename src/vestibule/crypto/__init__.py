"""Cryptography by purpose: keyed digests, sealing, password hashing. No policy, no storage."""
