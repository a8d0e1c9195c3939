"""What is done again and again in the background, and how often: Celery's own settings for ours."""

from __future__ import annotations

from typing import Any

from review.settings import Settings


def configuration(chosen: Settings) -> dict[str, Any]:
    """Celery's own settings for ours."""
    return {
        "broker_url": chosen.redis_url,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_transport_options": {
            "visibility_timeout": 600,  # longer than any task runs
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
        },
        "task_ignore_result": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_soft_time_limit": 240,
        "task_time_limit": 300,
        "worker_prefetch_multiplier": 1,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule_filename": str(chosen.data_dir / "beat-schedule"),
        "beat_max_loop_interval": 10,
        "beat_schedule": {
            "deliver": _every(30, "deliver"),
            "remind": _every(60, "remind"),
            "decide reminders": _every(600, "prepare_reminders"),
            "digest": _every(600, "write_digests"),
            "clocks": _every(300, "resume_reviews"),
            "successions": _every(1800, "look_for_successions"),
            "invitations": _every(1800, "look_for_expired_invitations"),
            "sign of life": _every(30, "give_sign_of_life"),
            "watch": _every(60, "keep_watch"),
            **({"read reports": _every(120, "read_reports")} if chosen.imap_url else {}),
        },
    }


def _every(seconds: float, task: str) -> dict[str, Any]:
    """Seconds, not hours of a clock: no change to summer time moves them. Late ones are void."""
    return {"task": f"review.tasks.{task}", "schedule": seconds, "options": {"expires": seconds}}
