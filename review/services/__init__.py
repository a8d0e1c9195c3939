"""What the application does, as plain functions of a session. They flush and never commit."""
