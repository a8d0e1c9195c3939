"""Puts the web application together. No logic here."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Final

from flask import Flask
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from review import clock, db, links, seals, settings
from review.resources import STATIC, TEMPLATES
from review.settings import Settings
from review.web import access, addresses, after, errors, frame, reading, security, sessions, wording

PAGES: Final = (
    "home",
    "health",
    "accounts",
    "account_links",
    "digest_choice",
    "calendar_feed",
    "task",
    "my_turn",
    "board",
    "cycle",
    "planning",
    "planning_rules",
    "planning_parties",
    "planning_sessions",
    "planning_experts",
    "draws",
    "draws_room",
    "draws_requests",
    "draws_slack",
    "draws_files",
    "people",
    "mail_log",
    "bounces",
    "reviews",
    "steps",
    "report",
    "published",
    "answers",
    "response",
    "documents",
    "workbench",
    "findings",
    "questions",
    "calendars",
    "pairings",
    "reminder_plan",
    "offices",
    "successions",
    "operations",
    "metrics",
)
"""The page families: modules of review.web, each with a `blueprint`."""


def create_app(chosen: Settings | None = None) -> Flask:
    """The application for these settings; without them, for those of the environment.

    Raises SettingsError for an environment that cannot be used.
    """
    chosen = chosen or settings.load(os.environ)
    app = Flask("review", template_folder=str(TEMPLATES), static_folder=str(STATIC))
    app.config.from_mapping(security.configuration(chosen))
    app.extensions["review"] = chosen
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    app.url_map.converters["int"] = addresses.Number
    app.url_map.converters["code"] = addresses.Code
    clock.set_offset(chosen.clock_offset)
    links.set_base(chosen.base_url)
    seals.set_key(chosen.secret_key)
    db.connect(chosen.database_url)
    reading.install(app)
    sessions.install(app)
    security.install(app, chosen)
    frame.install(app, chosen)
    wording.install(app)
    after.install(app, chosen)
    errors.install(app, (OperationalError, InterfaceError, PoolTimeoutError))
    for name in PAGES:
        app.register_blueprint(import_module(f"review.web.{name}").blueprint)
    access.install(app)
    return app
