"""The mailbox of the demonstration: takes every mail on this machine, and shows it on a page.

Nothing leaves the machine. `python -m review.mailbox` runs it; `store` holds the messages, `page`
shows them. It knows nothing of reviews.
"""
