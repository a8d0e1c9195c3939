"""Mails: a notice and its parameters become a message, and a message leaves.

`letter` is what is asked for, `voice` the language it is written in, `facts` what a template may
say, `render` makes the message, `transport` hands it to a mail server.
"""
