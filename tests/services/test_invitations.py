"""Whoever looks after a review hears once that an invitation has expired unused."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from review.models import Outbox, Person
from review.services import accounts, invitations
from tests import world
from tests.world import World

DAY = timedelta(days=1)


@pytest.fixture
def invited(session: Session) -> World:
    """An expert of Zimbabwe has an invitation, and no account in use."""
    w = world.advance(world.world(session), "initial_steps")
    given = {"email": "silent@zwe.example", "title": "Silent", "language": "en", "side": "1"}
    w.take("nominate_expert", w.officer, **given)
    return w


def silent(w: World) -> Person:
    return w.session.scalars(sa.select(Person).where(Person.title == "Silent")).one()


def told(w: World) -> list[str]:
    wanted = sa.select(Outbox.address).where(Outbox.notice == invitations.NOTICE)
    return list(w.session.scalars(wanted.order_by(Outbox.id)))


def test_the_officer_is_told_when_it_expires_and_once(invited: World) -> None:
    w = invited
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY - timedelta(seconds=1)) == 0
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY) == 1
    assert invitations.tell_of_expired(w.session, w.now + 15 * DAY) == 0
    assert told(w) == [w.officer.email]


def test_without_an_officer_the_administrators_are(invited: World) -> None:
    w = invited
    w.review.officer_id = None
    w.session.flush()
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY) == 1
    assert told(w) == [w.administrator.email]


def test_of_what_expired_long_ago_nobody_is_told(invited: World) -> None:
    assert invitations.tell_of_expired(invited.session, invited.now + 30 * DAY) == 0


def test_who_came_was_released_or_has_a_newer_link_is_no_matter(invited: World) -> None:
    w = invited
    person = silent(w)
    person.activated_at = w.now
    w.session.flush()
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY) == 0

    person.activated_at = None
    accounts.invite_again(w.session, person, actor=w.officer, now=w.now + 10 * DAY)
    w.session.flush()
    assert invitations.tell_of_expired(w.session, w.now + 15 * DAY) == 0
    assert invitations.tell_of_expired(w.session, w.now + 24 * DAY) == 1

    member = next(one for one in w.seen().members if one.person_id == person.id)
    w.take("release_person", w.officer, member=str(member.member_id), reason="Specimen reason.")
    accounts.invite_again(w.session, person, actor=w.officer, now=w.now)
    assert invitations.tell_of_expired(w.session, w.now + 14 * DAY) == 0
    assert len(told(w)) == 1
