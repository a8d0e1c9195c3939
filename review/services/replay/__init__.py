"""The first review cycle, played through the same services on a virtual clock.

Everything goes the way it goes when people act: nominations, answers, findings, approvals, with
the same guards, audit trail and mails (recorded, never sent). Dates that no source gives come from
the model of durations and are marked as simulated.
"""

from review.services.replay.play import play
from review.services.replay.result import Result

__all__ = ["Result", "play"]
