"""Other ways to lead a process of ten steps, on the same PostgreSQL: from PyPI, as they are meant.

They have their own tables in a database of their own. None of them knows deadlines, reminders,
rights or mails: what they are given to write besides their own rows is the audit row and the mails
that the same step of ours writes (see each module).
"""
