"""Programs that show a secret instead of signing in: `Authorization: Bearer …`."""

from __future__ import annotations

import hmac

from flask import Response, request


def shows(secret: str) -> bool:
    """Whether the request shows this secret; compared in constant time."""
    kind, _space, given = request.headers.get("Authorization", "").partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(given.encode(), secret.encode())


def refusal() -> Response:
    """401, with the word for what is missing."""
    return Response(status=401, headers={"WWW-Authenticate": "Bearer"})
