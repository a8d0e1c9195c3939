"""The pages of the mailbox: a list, and one message. They only read, and only for this machine."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from review import languages
from review.mailbox.store import Mail, Store
from review.resources import STATIC, TEMPLATES

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PAGE_SIZE: Final = 50
_URLS: Final = Map(
    [
        Rule("/", endpoint="inbox", methods=["GET"]),
        Rule("/messages/<int:number>", endpoint="message", methods=["GET"]),
        Rule("/messages/<int:number>/html", endpoint="html_part", methods=["GET"]),
        Rule("/messages/<int:number>/source", endpoint="source", methods=["GET"]),
    ]
)
_HERE: Final = ["localhost", "127.0.0.1", "[::1]"]
_LINK: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\".,;:)]")
_PAGE_POLICY: Final = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_MESSAGE_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'; "
    "form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)


class Page:
    """The mailbox as a WSGI application."""

    def __init__(self, store: Store, home: str = "") -> None:
        """`home` is the address of the application itself, linked from every page."""
        self._store = store
        self._home = home
        self._jinja = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._jinja.filters["links"] = linked
        self._static = SharedDataMiddleware(self._dispatch, {"/static": str(STATIC)})

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        return self._static(environ, start_response)

    def _dispatch(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        return self._answer(Request(environ))(environ, start_response)

    def _answer(self, request: Request) -> Response:
        request.trusted_hosts = _HERE  # a page of elsewhere cannot read it under another name
        try:
            endpoint, values = _URLS.bind_to_environ(request.environ).match()
            _ = request.host
            response: Response = getattr(self, f"_{endpoint}")(request, **values)
        except HTTPException as problem:
            response = self._show(request, "absent", problem.code or 500)
        response.headers.setdefault("Content-Security-Policy", _PAGE_POLICY)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Cache-Control"] = "no-store"
        return response

    def _inbox(self, request: Request) -> Response:
        recipient = request.args.get("to", "").strip().lower()
        page = max(1, request.args.get("page", 1, type=int))
        start = (page - 1) * PAGE_SIZE
        found = list(islice(self._store.mails(recipient), start, start + PAGE_SIZE + 1))
        return self._show(
            request,
            "inbox",
            mails=found[:PAGE_SIZE],
            recipient=recipient,
            recipients=self._store.recipients(),
            page=page,
            more=len(found) > PAGE_SIZE,
        )

    def _message(self, request: Request, number: int) -> Response:
        return self._show(request, "message", mail=self._mail(number))

    def _html_part(self, request: Request, number: int) -> Response:  # noqa: ARG002
        """The message's own page, in a frame that runs nothing; its links leave the frame."""
        html = self._mail(number).html
        if not html:
            raise NotFound
        framed, found = re.subn(r"(<head[^>]*>)", r'\1<base target="_top">', html, count=1)
        response = Response(
            framed if found else f'<base target="_top">{html}', mimetype="text/html"
        )
        response.headers["Content-Security-Policy"] = _MESSAGE_POLICY
        return response

    def _source(self, request: Request, number: int) -> Response:  # noqa: ARG002
        source = self._store.source(number)
        if source is None:
            raise NotFound
        return Response(source, mimetype="text/plain")

    def _mail(self, number: int) -> Mail:
        mail = self._store.mail(number)
        if mail is None:
            raise NotFound
        return mail

    def _show(self, request: Request, name: str, status: int = 200, **context: object) -> Response:
        code = languages.negotiate(header=request.headers.get("Accept-Language", ""))
        catalogue = languages.translations(code)
        text = self._jinja.get_template(f"mailbox/{name}.html").render(
            language=languages.find(code),
            home=self._home,
            gettext=catalogue.gettext,
            ngettext=catalogue.ngettext,
            _=catalogue.gettext,
            **context,
        )
        return Response(text, status, mimetype="text/html")


def linked(text: str) -> Markup:
    """Plain text with its web addresses as links; everything else escaped."""
    pieces, end = [], 0
    for match in _LINK.finditer(text):
        address = escape(match[0])
        pieces += [
            escape(text[end : match.start()]),
            Markup('<a href="{0}">{0}</a>').format(address),
        ]
        end = match.end()
    return Markup("").join([*pieces, escape(text[end:])])
