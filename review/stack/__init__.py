"""`uncac-review run`: everything on this machine under one foreground process.

The servers that the environment does not name are started here (`review.embedded`), mail goes to
the local mailbox (`review.mailbox`), and an empty database gets the demonstration.
"""

from review.stack.folder import Account, Folder, StackError
from review.stack.foreground import run

__all__ = ["Account", "Folder", "StackError", "run"]
