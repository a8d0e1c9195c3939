"""Column types that the models share."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import mapped_column

Id = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(), primary_key=True)]
Moment = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Json = Annotated[dict[str, Any], mapped_column(JSONB)]
Text = Annotated[str, mapped_column(sa.Text)]
"""Longer text; never null, empty when there is none."""
