"""For `celery -A celery_worker`."""

from review.tasks import app

__all__ = ["app"]
