"""What people give with a step: whatever it is, it is typed or refused with a text per field."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workflows.samples import filled, sample
from workflows.country_review import IRM_1
from workflows.given import CONTROL, InvalidGiven, asked_of, read
from workflows.spec import Actor, Field, FieldKind, Step

STEP = IRM_1.steps[0]


def one(field: Field, value: Any) -> Any:
    """What becomes of one value of one field."""
    step = Step("s", "s", "s", (Actor.SECRETARIAT,), (), "ref", STEP.basis, asks=(field,))
    return read(IRM_1, step, Actor.SECRETARIAT, {field.key: value}).get(field.key)


def errors(field: Field, value: Any) -> dict[str, str]:
    with pytest.raises(InvalidGiven) as refused:
        one(field, value)
    return refused.value.errors


def attempt(step: Step, actor: Actor, raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """What is read of these values, or what is wrong with them."""
    try:
        return read(IRM_1, step, actor, raw), {}
    except InvalidGiven as refused:
        return {}, refused.errors


awkward = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        [
            "",
            " ",
            "\x00",
            "\u202e",
            "0",
            "-1",
            "1" * 40,
            "٣",
            "²",
            "1e3",
            "2011-02-30",
            "2011-7-1",
            "<b>",
        ]
    ),
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True),
    st.dates(),
    st.lists(st.text(max_size=3), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    st.binary(max_size=5),
)


@settings(max_examples=400)
@given(st.data())
def test_anything_is_typed_or_refused(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(IRM_1.steps))
    actor = data.draw(st.sampled_from(step.by))
    fields = asked_of(step, actor)
    raw = {f.key: data.draw(st.one_of(st.just(sample(f)), awkward)) for f in fields}

    values, faults = attempt(step, actor, raw)
    assert faults.keys() <= {f.key for f in fields}
    assert all(faults.values())
    if faults:
        return

    for field in fields:
        value = values.get(field.key)
        if field.required:
            assert value not in (None, "")
        if isinstance(value, str):
            assert value == value.strip()
            assert len(value) <= field.max_length
            assert not CONTROL.search(value)
        kinds: dict[FieldKind, type] = {
            FieldKind.DATE: date,
            FieldKind.SIDE: int,
            FieldKind.ANY_SIDE: int,
            FieldKind.QUESTION: int,
            FieldKind.MEMBER: int,
            FieldKind.CONFIRM: bool,
        }
        if value is not None:
            assert type(value) is kinds.get(field.kind, str)


@pytest.mark.parametrize("step", IRM_1.steps, ids=lambda step: step.key)
def test_each_step_reads_what_its_form_asks(step: Step) -> None:
    for actor in step.by:
        given_ = filled(step, actor)
        assert read(IRM_1, step, actor, given_).keys() == given_.keys()


@pytest.mark.parametrize("step", IRM_1.steps, ids=lambda step: step.key)
def test_nothing_given_names_each_required_field(step: Step) -> None:
    for actor in step.by:
        required = {f.key for f in asked_of(step, actor) if f.required}
        if required:
            with pytest.raises(InvalidGiven) as refused:
                read(IRM_1, step, actor, {})
            assert refused.value.errors.keys() == required


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (FieldKind.DATE, "27.5.2011"),
        (FieldKind.DATE, "2011-02-30"),
        (FieldKind.DATE, "1066-10-14"),
        (FieldKind.DATE, "9999-01-01"),
        (FieldKind.DATE, date(1999, 1, 1)),
        (FieldKind.EMAIL, "somebody"),
        (FieldKind.EMAIL, "a@b"),
        (FieldKind.EMAIL, "t\u00ebst@pan.example"),
        (FieldKind.EMAIL, "a..b@pan.example"),
        (FieldKind.EMAIL, "a@-pan.example"),
        (FieldKind.EMAIL, "a@b.example, c@d.example"),
        (FieldKind.EMAIL, "a@b.example\nBcc: x@y.example"),
        (FieldKind.SYMBOL, "CAC/COSP/IRG/I/4/1/Add"),
        (FieldKind.LANGUAGE, "de"),
        (FieldKind.SIDE, "0"),
        (FieldKind.SIDE, "3"),
        (FieldKind.QUESTION, "0"),
        (FieldKind.QUESTION, "²"),
        (FieldKind.QUESTION, "1" * 30),
        (FieldKind.MEMBER, "-4"),
        (FieldKind.STAGE, "completed"),
        (FieldKind.STAGE, "nowhere"),
        (FieldKind.CHOICE, "c"),
        (FieldKind.CONFIRM, "no"),
        (FieldKind.LINE, "x" * 4001),
        (FieldKind.LINE, "bell\x07"),
        (FieldKind.LINE, "null\x00"),
        (FieldKind.LINE, "half a letter \ud800"),
        (FieldKind.LINE, ["a", "list"]),
    ],
)
def test_unusable_value_is_refused(kind: FieldKind, bad: Any) -> None:
    field = Field("f", "F", kind, choices=(("a", "A"), ("b", "B")))

    assert set(errors(field, bad)) == {"f"}


def test_line_has_no_line_breaks_and_text_may() -> None:
    assert one(Field("f", "F", FieldKind.LINE), " one\r\n\ttwo ") == "one two"
    assert one(Field("f", "F", FieldKind.TEXT), "one\r\ntwo") == "one\ntwo"


def test_moment_is_not_taken_for_a_day() -> None:
    assert set(errors(Field("f", "F", FieldKind.DATE), datetime(2011, 5, 27, 12))) == {"f"}  # noqa: DTZ001


def test_unknown_field_is_refused_by_name() -> None:
    with pytest.raises(InvalidGiven) as refused:
        read(IRM_1, IRM_1.step("resume"), Actor.SECRETARIAT, {"stage": "completed"})

    assert set(refused.value.errors) == {"stage"}


def test_field_of_another_actor_is_not_asked() -> None:
    nominate = IRM_1.step("nominate_expert")

    assert "side" in {f.key for f in asked_of(nominate, Actor.SECRETARIAT)}
    with pytest.raises(InvalidGiven, match="does not ask"):
        read(IRM_1, nominate, Actor.EXPERT, filled(nominate, Actor.EXPERT) | {"side": "1"})


def test_optional_empty_value_is_left_out() -> None:
    assert read(IRM_1, IRM_1.step("resume"), Actor.SECRETARIAT, {"note": "  "}) == {}
