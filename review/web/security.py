"""What every answer carries for the safety of its reader: headers, cookies, limits on trying."""

from __future__ import annotations

from typing import Final

from flask import Flask, abort, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from review.settings import Settings

_POLICY: Final = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data:",  # Bootstrap draws its ticks as data: pictures
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_YEAR: Final = 365 * 24 * 3600

limiter = Limiter(key_func=get_remote_address, in_memory_fallback_enabled=True)
"""Counts in Redis, so for all processes together; in memory while Redis is gone."""

per_place = limiter.shared_limit("60 per 5 minutes", scope="place", methods=["POST"])
"""For views that a stranger can try out: so many tries from one network address."""


def configuration(settings: Settings) -> dict[str, object]:
    """Flask's configuration of cookies, tokens, limits and sizes."""
    secure = settings.base_url.startswith("https:")
    return {
        "SECRET_KEY": settings.secret_key,
        "SESSION_COOKIE_NAME": "__Host-session" if secure else "session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": settings.session_hours * 3600,
        "MAX_CONTENT_LENGTH": settings.upload_limit_bytes + 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "WTF_CSRF_CHECK_DEFAULT": False,  # web/access.py asks, after it knows who is there
        "WTF_CSRF_TIME_LIMIT": None,  # a page may stay open: its text must not be refused for age
        "WTF_CSRF_SSL_STRICT": False,  # SameSite and Sec-Fetch-Site say it better than a referrer
        "RATELIMIT_STORAGE_URI": settings.redis_url,
        "RATELIMIT_STORAGE_OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        "RATELIMIT_HEADERS_ENABLED": False,
    }


def install(app: Flask, settings: Settings) -> None:
    """Put the headers on every answer and refuse forms that come from another site."""
    secure = settings.base_url.startswith("https:")

    def add_headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers.setdefault(
                "Strict-Transport-Security", f"max-age={_YEAR}; includeSubDomains"
            )
        if request.endpoint == "static":
            # the address of a static file carries its hash
            response.headers["Cache-Control"] = f"public, max-age={_YEAR}, immutable"
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        if "token" in (request.view_args or {}):
            # the address is a secret: no other server, page or index is told of it
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        return response

    limiter.init_app(app)
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.before_request(_refuse_other_sites)
    app.after_request(add_headers)


def _refuse_other_sites() -> None:
    if request.method == "POST" and request.headers.get("Sec-Fetch-Site") == "cross-site":
        abort(403)
