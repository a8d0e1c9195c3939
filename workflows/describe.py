"""A process in words: its page in ``docs/``, its mails, and every text to translate."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from workflows import deadlines, guards
from workflows.diagram import TITLES
from workflows.spec import (
    N_,
    Actor,
    Basis,
    Deadline,
    Each,
    Field,
    Milestone,
    Notice,
    Process,
    Recipient,
    Rule,
    Step,
    Trigger,
)

ACTORS = {
    Actor.SECRETARIAT: N_("Secretariat"),
    Actor.FOCAL_POINT: N_("Focal point"),
    Actor.EXPERT: N_("Governmental expert"),
    Actor.MISSION: N_("Permanent Mission"),
}
SURENESS = {
    Basis.SOURCED: N_("read in a source"),
    Basis.RECALLED: N_("known wording; the paragraph number may be off by one or two"),
    Basis.PRACTICE: N_("practice of the Implementation Review Group"),
    Basis.DESIGN: N_("a decision of this software, not a rule of the Mechanism"),
}
RECIPIENTS = {
    Recipient.PERSON: "whoever owes it",
    Recipient.FOCAL_POINT: "the focal point of that State",
    Recipient.MISSION: "the Permanent Mission of that State",
    Recipient.SECRETARIAT: "the secretariat",
}
RECORDED = {
    Each.ONCE: "once",
    Each.REVIEWERS: "by each reviewing State",
    Each.THREE: "by each of the three States",
    Each.QUESTION: "for each question",
}


def period(deadline: Deadline | None) -> str:
    """The length of a deadline in English; empty where there is none."""
    if deadline is None:
        return ""
    counts = ((deadline.months, "month"), (deadline.weeks, "week"))
    return " and ".join(f"{n} {unit}{'s' if n > 1 else ''}" for n, unit in counts if n)


def labels(process: Process) -> tuple[str, ...]:
    """Every text of a process that people read, once each: all of them are to be translated."""
    found = [process.title, *TITLES.values(), *ACTORS.values(), *SURENESS.values()]
    for stage in process.stages:
        found += [stage.label, stage.meaning]
    found += [item.label for item in process.milestones]
    found += [guards.running.says]
    for step in process.steps:
        found += [step.label, step.button, step.explains, step.happened]
        found += [guard.says for guard in step.only_if]
        for field in step.asks:
            found += [field.label, field.help, *(label for _, label in field.choices)]
    return tuple(dict.fromkeys(filter(None, found)))


def process_page(processes: Iterable[Process]) -> str:
    """``docs/process.md``: the first process in full, of the others what differs."""
    first, *others = processes
    lines = [
        "# The process of a country review",
        "",
        (
            "Written by `uncac-review docs` from `workflows/country_review.py`; change that file,"
            " not this one."
        ),
        "",
        *_processes((first, *others)),
        "",
        f"![{first.title}: who does what in which stage](process.svg)",
        "",
        "How sure a rule is: " + "; ".join(f"*{b}*: {text}" for b, text in SURENESS.items()) + ".",
        "",
        *_stages(first),
        *_milestones(first),
        *_reminders(first),
        *_steps(first),
        *_mails(first),
    ]
    for other in others:
        lines += _differences(first, other)
    return "\n".join(lines) + "\n"


def permissions_table(process: Process) -> str:
    """Who may take which step, as a Markdown table; everybody else is refused."""
    lines = _table(
        ["Step", *ACTORS.values(), "In the stages"],
        [
            [step.label]
            + [_may(step, actor) for actor in ACTORS]
            + [", ".join(process.stage(at).label for at in step.at)]
            for step in process.steps
        ],
    )
    return "\n".join(lines)


def _may(step: Step, actor: Actor) -> str:
    """Whether an actor takes a step, and whether the link of a mail is enough for that."""
    if actor not in step.by:
        return ""
    return "yes, also by link" if step.by_link and actor is not Actor.SECRETARIAT else "yes"


def _table(head: list[str], rows: Iterable[Iterable[str]]) -> list[str]:
    def line(cells: Iterable[str]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(head), "|" + " --- |" * len(head), *(line(row) for row in rows)]


def _processes(processes: Iterable[Process]) -> list[str]:
    rows = [[f"`{p.key}`", p.title, ", ".join(p.chapters), f"`{p.version}`"] for p in processes]
    return _table(["Key", "Process", "Chapters", "Version"], rows)


def _stages(process: Process) -> list[str]:
    rows = [
        [str(number or ""), stage.label, stage.meaning, stage.ref, stage.basis]
        for number, stage in enumerate(process.stages)
    ]
    return ["## Stages", "", *_table(["", "Stage", "Meaning", "Reference", "Sure"], rows), ""]


def _counting(process: Process) -> str:
    """What days off do to dates and reminders, as the process has it."""
    rule = process.counting
    said = [
        " A date that would fall on a day off of whoever owes it falls on the next working day."
        if rule.shifts
        else "",
        " Nobody is reminded on a day off." if rule.rests else "",
    ]
    return "".join(said) + (f" ({rule.ref}; {rule.basis})" if any(said) else "")


def _milestones(process: Process) -> list[str]:
    rows = []
    for item in process.milestones:
        due = ""
        if item.due:
            due = f"{period(item.due)} from “{process.milestone(item.due.after).label}”"
        waits = ", ".join(process.milestone(need).label for need in item.needs)
        stage = process.stage(item.stage).label
        rows.append([stage, *_owed(item), due or "no fixed time", waits, item.ref, item.basis])
    head = ["Stage", "Milestone", "Owed by", "Period", "Waits for", "Reference", "Sure"]
    return [
        "## Milestones and deadlines",
        "",
        (
            "Periods are counted on the calendar (31 January plus one month is 28 or 29 February)"
            " and end with the day where the party is. The model date, the agreed date and the day"
            " it was reached are kept apart."
            f"{_counting(process)}"
        ),
        "",
        *_table(head, rows),
        "",
    ]


def _owed(item: Milestone) -> tuple[str, str]:
    label, owner = item.label, TITLES[item.owner]
    if item.each is Each.THREE:
        owner = "All three States"
    if item.applies:
        label += f" (where {item.applies.says})"
    return label, owner if item.each is Each.ONCE else f"{owner}, {RECORDED[item.each]}"


def _reminders(process: Process) -> list[str]:
    """The ladders, each with the milestones that it is for."""
    lines = [
        "## Reminders",
        "",
        (
            f"In the morning at {deadlines.MORNING:%H:%M} where the step is owed. Nobody is"
            " reminded of what waits for somebody else, nor while the clock is stopped. Where a"
            " recipient does not exist (a mission without an address, say) the next one is told."
        ),
        "",
    ]
    for rule in (process.silence, process.asking, process.settling, process.stopping):
        if rule.said:
            lines += [f"{rule.said} ({rule.ref}; {rule.basis})", ""]
    ladders: dict[tuple[Rule, ...], list[str]] = {}
    for item in process.milestones:
        rules = process.reminders if item.reminders is None else item.reminders
        ladders.setdefault(rules, []).append(item.label)
    for rules, milestones in ladders.items():
        rows = [
            [rule_days(rule), _recipients(rule), rule.channel, rule.ref, rule.basis]
            for rule in rules
        ]
        table = _table(["When", "To", "By", "Reference", "Sure"], rows)
        lines += [f"For: {', '.join(milestones)}.", "", *(table if rows else ["Nobody."]), ""]
    return lines


def _recipients(rule: Rule) -> str:
    return ", ".join(RECIPIENTS[to] for to in rule.to)


def rule_days(rule: Rule) -> str:
    """When a rule applies, in English: "7 days after the due date"."""
    days = f"{abs(rule.days)} day{'s' if abs(rule.days) != 1 else ''}"
    if rule.on is Trigger.TURN:
        said = f"{days} after it became the turn of its owner, if it has no date"
    else:
        said = f"{days} {'before' if rule.days < 0 else 'after'} the due date"
    return said + (f", then every {rule.every} days" if rule.every else "")


def _steps(process: Process) -> list[str]:
    lines = ["## Steps", ""]
    for stage in process.stages:
        mine = [step for step in process.steps if step.at[0] == stage.key]
        if mine:
            lines += [f"### From the stage “{stage.label}”", ""]
        for step in mine:
            lines += _step(process, step)
    return lines


def _step(process: Process, step: Step) -> list[str]:
    def named(milestones: Iterable[str]) -> str:
        return ", ".join(process.milestone(key).label for key in milestones)

    conditions = [guard.says for guard in step.only_if]
    if not step.while_suspended:
        conditions.append(guards.running.says)
    facts = {
        "By": ", ".join(ACTORS[actor] for actor in step.by),
        "In": ", ".join(process.stage(at).label for at in step.at),
        "Leads to": "the stage that is chosen"
        if step.to_any
        else process.stage(step.to).label
        if step.to
        else "",
        "Reaches": named([step.does]) if step.does else "",
        "Opens again": named(step.undoes),
        "Only if": "; ".join(conditions),
        "Without signing in": "by the link of a mail about it" if step.by_link else "",
        "Asks for": "; ".join(_asked(field) for field in step.asks),
        "Tells": "; ".join(_told(notice) for notice in step.tells),
        "Reference": f"{step.ref} ({step.basis})",
    }
    lines = [f"#### {step.label}", "", f"`{step.key}`. {step.explains}".strip(), ""]
    return [*lines, *(f"- {name}: {text}" for name, text in facts.items() if text), ""]


def _asked(field: Field) -> str:
    more = [] if field.required else ["if there is one"]
    more += [f"asked of the {ACTORS[actor].lower()} only" for actor in field.only_for]
    return field.label + (f" ({', '.join(more)})" if more else "")


def _told(notice: Notice) -> str:
    parties = ", ".join(TITLES[party] for party in notice.to)
    return f"`{notice.key}` to {parties}" + (" (own side only)" if notice.own else "")


def _mails(process: Process) -> list[str]:
    rows = [
        [
            f"`{notice.key}`",
            step.label,
            ", ".join(TITLES[party] for party in notice.to),
            process.milestone(notice.about).label if notice.about else "",
            notice.opens,
        ]
        for step in process.steps
        for notice in step.tells
    ]
    head = ["Mail", "Sent by the step", "To", "Names the date of", "Opens the page"]
    return ["## Mails", "", *_table(head, sorted(rows)), ""]


def _differences(first: Process, other: Process) -> list[str]:
    found = list(_different(first, other))
    lines = [f"## What differs in `{other.key}`", "", f"{other.title}.", ""]
    return [*lines, *(found or ["Nothing but the chapters."]), ""]


def _different(first: Process, other: Process) -> Iterator[str]:
    for what in ("stages", "milestones", "steps"):
        before = {item.key: item for item in getattr(first, what)}
        after = {item.key: item for item in getattr(other, what)}
        for key in before.keys() - after.keys():
            yield f"- without {what[:-1]} `{key}`"
        for key, item in after.items():
            if key not in before:
                yield f"- with {what[:-1]} `{key}`: {item.label}"
            elif isinstance(item, Step) and item != before[key]:
                yield from (f"- `{key}` {change}" for change in _changed(before[key], item))
            elif item != before[key]:
                yield f"- {what[:-1]} `{key}` is another: {item.label}"


def _changed(before: Step, after: Step) -> Iterator[str]:
    choices = {field.key: field.choices for field in before.asks}
    for field in after.asks:
        more = [label for key, label in field.choices if key not in dict(choices[field.key])]
        if more:
            yield f"offers under “{field.label}” also: {', '.join(more)}"
