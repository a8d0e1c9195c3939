"""Who sees what of a draw, and when; the secret leaves with the transcript and not before."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from review.models import Draw, Person
from review.services.draws import conduct, prepare, record
from review.services.errors import NotFound
from review.services.queries import draws
from tests import world
from tests.services import drawing
from tests.services.drawing import NOW, Setting


@pytest.fixture
def setting(session: Session) -> Setting:
    return drawing.setting(session)


@pytest.fixture
def delegate(setting: Setting) -> Person:
    return world.person(setting.session, "focal_point", drawing.codes()[0])


def everything(setting: Setting, draw: Draw, person: Person) -> str:
    """All that the queries say of a draw to somebody, as text; empty where they say nothing."""
    session = setting.session
    said = [repr(draws.draws(session, setting.cycle, person))]
    asked = (draws.draw, draws.room, draws.results, draws.transcript)
    for ask in asked:
        try:
            said.append(repr(ask(session, draw.id, person)))
        except NotFound:
            said.append("")
    for give in (draws.public_announcement, draws.public_transcript):
        try:
            said.append(repr(give(session, draw.id)))
        except NotFound:
            said.append("")
    return "".join(said)


def test_others_see_nothing_before_the_publication(setting: Setting, delegate: Person) -> None:
    draw = setting.prepared()

    assert everything(setting, draw, delegate) == "[]"
    assert draw.secret not in everything(setting, draw, setting.officer)


def test_others_see_the_announcement_but_no_lot_before_the_record(
    setting: Setting, delegate: Person
) -> None:
    draw = setting.opened()
    conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)

    (row,) = draws.draws(setting.session, setting.cycle, delegate)
    assert row.commitment == draw.commitment
    assert draws.public_announcement(setting.session, draw.id) == draw.announcement
    page = draws.draw(setting.session, draw.id, delegate)
    assert not any(line.drawn for line in page.lines)
    with pytest.raises(NotFound):
        draws.results(setting.session, draw.id, delegate)
    with pytest.raises(NotFound):
        draws.public_transcript(setting.session, draw.id)
    for person in (delegate, setting.officer):
        assert draw.secret not in everything(setting, draw, person)


def test_everybody_has_the_transcript_of_a_recorded_draw(
    setting: Setting, delegate: Person
) -> None:
    draw = setting.opened()
    conduct.draw_rest(setting.session, draw.id, actor=setting.officer, now=NOW)
    with pytest.raises(NotFound):
        draws.public_transcript(setting.session, draw.id)
    with pytest.raises(NotFound):
        draws.transcript(setting.session, draw.id, delegate)
    record.record(setting.session, draw.id, actor=setting.officer, now=NOW)

    assert draws.public_transcript(setting.session, draw.id) == draw.transcript
    assert draws.transcript(setting.session, draw.id, delegate) == draw.transcript
    found = draws.results(setting.session, draw.id, delegate)
    pairs = setting.pairs()
    assert found
    for one in found:
        assert one.first
        assert one.second
        assert (one.first.code, one.second.code) == pairs[one.state.code]
        assert one.new == {1, 2}


def test_closed_account_sees_no_draw(setting: Setting, delegate: Person) -> None:
    draw = setting.recorded()
    delegate.active = False

    with pytest.raises(NotFound):
        draws.draw(setting.session, draw.id, delegate)


def test_draw_that_was_given_up_after_publication_stays_visible(
    setting: Setting, delegate: Person
) -> None:
    draw = setting.opened()
    prepare.void(setting.session, draw.id, "Wrong numbers.", actor=setting.officer, now=NOW)

    (row,) = draws.draws(setting.session, setting.cycle, delegate)

    assert (row.state, row.void_reason) == ("void", "Wrong numbers.")


def test_room_shows_the_bowl_of_the_next_lot(setting: Setting) -> None:
    draw = setting.opened()
    room = draws.room(setting.session, draw.id, setting.officer)
    assert room.next
    shown = [one.party.code for one in room.next.candidates]

    drawn = conduct.draw_next(setting.session, draw.id, 1, actor=setting.officer, now=NOW)

    assert shown == drawn.entry["candidates"]
    assert {key: [one.code for one in codes] for key, codes in room.next.closed.items()} == (
        drawn.entry["closed"]
    )
    after = draws.room(setting.session, draw.id, setting.officer)
    assert after.latest
    assert after.latest.drawn
    assert after.latest.drawn.code == drawn.entry["drawn"]
