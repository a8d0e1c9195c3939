"""Files that are not Python: beside the package in a checkout, inside it in a wheel."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent


def _folder(name: str, *, beside: str = "") -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / (beside or name)


TEMPLATES: Final = _folder("templates")
MIGRATIONS: Final = _folder("migrations")
LOTS: Final = _folder("lots", beside="docs/lots")
DATA: Final = _PACKAGE / "data"
STATIC: Final = _PACKAGE / "static"
TRANSLATIONS: Final = _PACKAGE / "translations"
