"""The desk of the embedded default: a phone, an authentication app and a paper mailbox."""
