"""Use cases: one transaction script per step, read from top to bottom.

A flow asks the domain, moves storage, notes what happened in the journal, and leaves messages
in the outbox. It never speaks HTTP and never calls the network.
"""
