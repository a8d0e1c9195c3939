"""Repeats a drawing of lots: python verify_lots.py transcript.json [--commitment HEX]

Written to specification.md beside it, whose sections are named here, and to nothing else."""

import json
import re
import sys
from collections import Counter
from hashlib import sha256
from math import prod
from pathlib import Path

def need(holds, text):
    if not holds:
        raise ValueError(text)
def canonical(value):  # section 1
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
def fingerprint(value):  # H of section 1
    return sha256(canonical(value).encode()).hexdigest()
def choose(seed, label, n):  # section 3
    start = bytes.fromhex(seed) + label.encode() + b"\0"
    numbers = (int(sha256(start + k.to_bytes(4, "big")).hexdigest(), 16) for k in range(2**32))
    return next(x for x in numbers if x < 2**256 - 2**256 % n) % n

def many(form):  # what a value may be, as a pattern of its canonical form: a list
    return rf"\[(({form})(,({form}))*)?\]"
def keys(**forms):  # an object
    return r"\{" + ",".join(f'"{key}":({forms[key]})' for key in sorted(forms)) + r"\}"

TEXT, SOME, CODE, HEX = r'"([^"\\]|\\.)*"', r'"([^"\\]|\\.)+"', '"[A-Z]{3}"', '"[0-9a-f]{64}"'
FROM0, FROM1, BOOL = "0|[1-9][0-9]*", "[1-9][0-9]*", "true|false"
TRANSCRIPT = keys(announcement=r"\{.*\}", commitment=HEX, secret=HEX, read_out=SOME, seed=HEX,
    lots=r"\[.*\]", digest=HEX)
BOTH = {"format": '"uncac-lots/1"', "cycle": FROM1, "title": TEXT, "secret_sha256": HEX}
YEARS = keys(**BOTH, kind='"years"', year="0", mode='"lot_by_lot"', reviews=r"\[\]",
    parties=many(keys(code=CODE, name=TEXT, group=TEXT, volunteers=FROM0)),
    rules=keys(quotas=rf"\{{({TEXT}:{many(FROM0)},?)*\}}"), lots=many(keys(group=TEXT, year=FROM1)))
REVIEWERS = keys(**BOTH, kind='"reviewers"', year=FROM1, mode='"(lot_by_lot|whole)"',
    parties=many(keys(code=CODE, name=TEXT, group=f"null|{SOME}", tradition=TEXT, serves=BOOL,
                      excused=many(FROM1))),
    reviews=many(keys(code=CODE, year=FROM1, reviewers=rf"\[({CODE}|null),({CODE}|null)\]")),
    lots=many(keys(state=CODE, slot="[12]", without=many(CODE))),
    rules=keys(most=FROM1, least=FROM0, working_most=FROM0, last_year=FROM1, no_mutual=BOOL,
               similar_tickets="[1-9][0-9]{0,2}|1000", steps_per_slot="[1-9][0-9]{0,4}|100000"))

def draw(reasons, tickets, seed, label):  # one lot, given why each party is closed, or None
    closed = {r: [p for p in reasons if reasons[p] == r] for r in {*reasons.values()} - {None}}
    among = [p for p in reasons if not reasons[p]]
    bowl = [p for p in among for _ in range(tickets(p))]
    return {"candidates": among, "closed": closed, "drawn": bowl[choose(seed, label, len(bowl))]}

def reviewers(a, seed):
    """Sections 4 and 6. A slot is (State under review, 1 or 2); `held` says who stands in each."""
    rules, party = a["rules"], {row["code"]: row for row in a["parties"]}
    least, working_most, most = rules["least"], rules["working_most"], rules["most"]
    need(least <= working_most <= most, "rules: least, working_most and most contradict each other")
    review = {row["code"]: row for row in sorted(a["reviews"], key=lambda row: row["year"])}
    held = {(state, k): review[state]["reviewers"][k - 1] for state in review for k in (1, 2)}
    early = {s for s in held if review[s[0]]["year"] < rules["last_year"]}  # the first of held
    for state, row in review.items():
        states = [state, *filter(None, row["reviewers"])]
        need(len(states) == len({*states} & {*party}), f"the review of {state}: unknown or twice")
    lots, without = [(lot["state"], lot["slot"]) for lot in a["lots"]], {}
    for n, (s, lot) in enumerate(zip(lots, a["lots"], strict=True)):
        fits = held.get(s, "") is None and s not in lots[:n] and {*lot["without"]} <= {*party}
        same = without.setdefault(s[0], lot["without"]) == lot["without"]
        need(fits and same, f"announced lot {n + 1}: contradicts section 4.4")
    slots = lots + [s for s, p in held.items() if not p and s not in lots]

    def reason(held, slot, p):  # why p is closed: section 4.6 but for its last
        (state, k), stand, stand_early = slot, [*held.values()], [*held.values()][: len(early)]
        return next((reason for reason, holds in {
            "itself": p == state,
            "already": p == held[state, 3 - k],
            "other_group": k == 1 and party[state]["group"] not in (None, party[p]["group"]),
            "not_serving": not party[p]["serves"],
            "excused": review[state]["year"] in party[p]["excused"],
            "repeated": p in without.get(state, []),
            "mutual": rules["no_mutual"] and state in (held.get((p, 1)), held.get((p, 2))),
            "most": stand.count(p) >= most,
            "working_most": slot in early and stand_early.count(p) >= working_most,
        }.items() if holds), None)

    def tickets(slot, p):  # section 4.7
        similar = slot[1] == 1 and party[slot[0]]["tradition"] == party[p]["tradition"] != ""
        return rules["similar_tickets"] if similar else 1

    # A party has a seat for each further review; the first are for early reviews, and the first
    # must be taken. In the others a number may sit, which stands for nobody, instead of a slot.
    stand, stand_early = Counter(held.values()), Counter(held[s] for s in early)
    fewest = Counter({p: least * row["serves"] for p, row in party.items()})
    seats = {(p, n) for p in party for n in range(min(most, len(held) + 1) - stand[p])}
    for_early = {(p, n) for p, n in seats if n < working_most - stand_early[p]}
    for_nobody = {(p, n) for p, n in seats if n >= fewest[p] - stand[p]}
    may = dict.fromkeys(range(len(seats) - len(slots)), for_nobody)
    for s in slots:
        fits = {p for p in party if not reason(held, s, p)}
        may[s] = {seat for seat in (for_early if s in early else seats) if seat[0] in fits}

    def seated(slot, may, plan):  # give a slot a seat by a shortest chain of moves
        sits, wants, queue = {seat: s for s, seat in plan.items()}, {}, [slot]
        for s in queue:
            for seat in may[s] - wants.keys():
                wants[seat] = s
                if seat not in sits:
                    while seat:
                        s = wants[seat]
                        seat, plan[s] = plan.get(s), seat
                    return True
                queue.append(sits[seat])
        return False

    def completion(may, near):  # section 4.5: seats for all, made from those near; None: none exist
        plan = {s: seat for s, seat in near.items() if seat in may[s]}
        if not all(s in plan or seated(s, may, plan) for s in may):
            return None
        holds = held | {s: plan[s][0] for s in slots}
        for s in slots:
            mutual = [((holds[s], k), s[0]) for k in (1, 2) if rules["no_mutual"]]
            for t, p in [((s[0], 3 - s[1]), holds[s]), *mutual]:
                if holds.get(t) == p:  # one State twice, or a mutual review: forbid either part
                    one = may | {s: {seat for seat in may[s] if seat[0] != holds[s]}}
                    two = may | {t: {seat for seat in may[t] if seat[0] != p}}
                    return completion(one, plan) or completion(two, plan)
        return plan

    plan, whole = completion(may, {}), a["mode"] == "whole"
    need(plan is not None, "no completion exists before the first lot")
    for n, slot in enumerate(slots if whole else lots, 1):
        reasons, plans = {p: reason(held, slot, p) for p in party}, {}
        for p in [p for p in reasons if not reasons[p]]:
            plans[p] = completion(may | {slot: {seat for seat in may[slot] if seat[0] == p}}, plan)
            reasons[p] = None if plans[p] else "no_completion"
        lot = draw(reasons, lambda p: tickets(slot, p), seed, f"start:{n}" if whole else f"lot:{n}")
        held[slot], plan = lot["drawn"], plans[lot["drawn"]]
        may[slot] = {seat for seat in may[slot] if seat[0] == lot["drawn"]}
        if not whole:
            yield {"state": slot[0], "slot": slot[1]} | lot
    for n in range(1, whole * len(slots) * rules["steps_per_slot"] + 1):  # section 6
        s = slots[choose(seed, f"walk:{n}:slot", len(slots))]
        t = [*slots, *party][choose(seed, f"walk:{n}:with", len(slots) + len(party))]
        new = {t: held[s], s: held[t]} if t in held else {s: t}
        then = held | new
        a, b = (prod(tickets(slot, way[slot]) for slot in new) for way in (held, then))
        closed = any(reason(then | {slot: None}, slot, p) for slot, p in new.items())
        lacks = fewest - Counter(then.values())
        if not closed and not lacks and (b >= a or choose(seed, f"walk:{n}:accept", a) < b):
            held = then
    yield from ({"state": s[0], "slot": s[1], "drawn": held[s]} for s in lots * whole)

def years(a, seed):  # section 7
    quotas, sizes, placed = a["rules"]["quotas"], Counter(row["group"] for row in a["parties"]), []
    need(all(sum(quotas.get(g, [])) == sizes[g] for g in {*quotas, *sizes}), "quotas: other sums")
    places = [(g, y) for g in sorted(quotas) for y, n in enumerate(quotas[g], 1) for _ in range(n)]
    need(places == [(x["group"], x["year"]) for x in a["lots"]], "lots: not the quotas' places")
    for n, (group, year) in enumerate(places, 1):
        wishes = {row["code"]: row["volunteers"] for row in a["parties"] if row["group"] == group}
        left = {p: wish for p, wish in wishes.items() if p not in placed}
        reasons = dict.fromkeys(wishes, "placed")
        for p, wish in left.items():
            later = "volunteers_later" if wish > year and min(left.values()) <= year else None
            reasons[p] = "volunteers_first" if wish != year in left.values() else later
        lot = draw(reasons, lambda _: 1, seed, f"lot:{n}")
        placed.append(lot["drawn"])
        yield {"group": group, "year": year} | lot

def verify(octets, *published):
    given = json.loads(octets.decode())
    need(octets == canonical(given).encode() + b"\n", "not exactly its own canonical form")
    need(re.fullmatch(TRANSCRIPT, canonical(given)), "transcript: not of the form of section 5")
    a, lots, secret = given["announcement"], given["lots"], given["secret"]
    need(re.fullmatch(f"{REVIEWERS}|{YEARS}", canonical(a)), "announcement: not as in section 2")
    lists = [[row["code"] for row in a[key]] for key in ("parties", "reviews")]
    lists += [row.get("excused", row.get("without", [])) for row in a["parties"] + a["lots"]]
    need(all(row == sorted({*row}) for row in lists), "announcement: not sorted, or one twice")
    commit = fingerprint(a)
    need({given["commitment"], *published} == {commit}, f"commitment {commit}: not published")
    need(sha256(bytes.fromhex(secret)).hexdigest() == a["secret_sha256"], "the secret is another")
    seed = chain = fingerprint({key: given[key] for key in ("commitment", "read_out", "secret")})
    need(seed == given["seed"], "the seed is not that of what was read out")
    need(len(lots) == len(a["lots"]), f"{len(a['lots'])} lots announced, {len(lots)} written down")
    right = (years if a["kind"] == "years" else reviewers)(a, seed)
    for n, (one, two) in enumerate(zip(lots, right, strict=True), 1):
        two = {"number": n} | two
        two["chain"] = chain = fingerprint({"lot": two, "previous": chain})
        need(type(one) is dict and one.keys() == two.keys(), f"lot {n}: other keys")
        for key in two:
            is_, by_rules = canonical(one[key]), canonical(two[key])
            need(is_ == by_rules, f"lot {n}: {key} is {is_[:60]}, by the rules {by_rules[:60]}")
    need(chain == given["digest"], "the digest is not the chain of the last lot")
    return f"{len(lots)} lots, digest {chain}, commitment {commit}"

if __name__ == "__main__":
    try:
        need(len(sys.argv) in (2, 4), "python verify_lots.py transcript.json [--commitment HEX]")
        line, status = "Right: " + verify(Path(sys.argv[1]).read_bytes(), *sys.argv[3:]), 0
    except (OSError, ValueError, RecursionError) as departs:
        line, status = f"Refused: {departs}", 1
    print(line.encode("ascii", "backslashreplace").decode())
    sys.exit(status)
