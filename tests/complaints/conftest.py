"""The application with rows of its own, as the tests of pages have it."""

from __future__ import annotations

from tests.web.conftest import app, client, ground, person, settings, templates

__all__ = ["app", "client", "ground", "person", "settings", "templates"]
