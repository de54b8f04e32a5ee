"""What is remembered: SQL text, in functions over one transaction, on SQLite and PostgreSQL.

Must not decide anything about people or sign-ins, and must not call the network beyond the
database.
"""
