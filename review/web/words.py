"""Gettext for pages: `_` and `ngettext` now, `lazy` for words that are made before the request.

Pages speak with the catalogues that mails use, names of States with them.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import flask_babel
from babel.support import NullTranslations
from flask import Flask
from jinja2 import pass_context
from jinja2.runtime import Context

from review import languages


class Speech(flask_babel.Babel):
    """Flask-Babel with the catalogues of `review.languages`."""

    @cached_property
    def domain_instance(self) -> flask_babel.Domain:
        """Where texts come from unless a request chooses otherwise."""
        return _Catalogues()


class _Catalogues(flask_babel.Domain):
    def get_translations(self) -> NullTranslations:
        """The catalogue of the reader's language; of English outside a request."""
        return languages.translations(str(flask_babel.get_locale() or languages.SOURCE))


def _(text: str, **values: Any) -> str:
    """A text in the reader's language, with values put in: _("%(days)s days", days=3).

    No text stays no text: a catalogue has its own description under the empty one.
    """
    return str(flask_babel.gettext(text, **values)) if text else ""


def ngettext(one: str, many: str, num: int, **values: Any) -> str:
    """A text in the form for a number, which it may name as %(num)s."""
    return str(flask_babel.ngettext(one, many, num, **values))


def lazy(text: str) -> str:
    """A text that is translated when it is shown: the labels of forms."""
    shown: str = flask_babel.lazy_gettext(text)
    return shown


def install(app: Flask) -> None:
    """Let `_` of the templates leave an empty text empty as well."""
    shown: Any = app.jinja_env.globals["gettext"]

    @pass_context
    def gettext(context: Context, text: str, **values: Any) -> Any:
        return shown(context, text, **values) if text else ""

    app.jinja_env.globals["gettext"] = gettext
