"""Repeats a drawing of lots from its transcript and says whether it is the one that the rules give.

Written to specification.md beside it (whose sections are named below) and to nothing else:
python verify_lots.py transcript.json [--commitment HEX]
"""

import argparse
import hashlib
import json
import re
import sys
from bisect import bisect
from collections import Counter
from itertools import accumulate, count
from math import prod
from pathlib import Path

# What a value may be, as a pattern of its canonical form: [a list], sorted by code or by itself.
FROM_0, FROM_1, BOOL, OBJECT, LIST = "0|[1-9][0-9]*", "[1-9][0-9]*", "true|false", "{.*}", r"\[.*\]"
CODE, HEX, TEXT, SOME = '"[A-Z]{3}"', '"[0-9a-f]{64}"', '".*"', '".+"'
TRANSCRIPT = {"announcement": OBJECT, "commitment": HEX, "read_out": SOME, "lots": LIST}
TRANSCRIPT |= {"secret": HEX, "seed": HEX, "digest": HEX}
BOTH = {"format": '"uncac-lots/1"', "cycle": FROM_1, "title": TEXT, "secret_sha256": HEX}
PARTY = {"code": CODE, "name": TEXT, "group": f"null|{SOME}"}
YEARS = BOTH | {"kind": '"years"', "year": "0", "mode": '"lot_by_lot"', "reviews": r"\[\]"}
YEARS |= {"rules": {"quotas": OBJECT}, "lots": LIST}
YEARS |= {"parties": [PARTY | {"group": f"null|{TEXT}", "volunteers": FROM_0}]}
RULES = {"most": FROM_1, "least": FROM_0, "working_most": FROM_0, "last_year": FROM_1}
RULES |= {"no_mutual": BOOL, "similar_tickets": FROM_1, "steps_per_slot": FROM_1}
REVIEW = {"code": CODE, "year": FROM_1, "reviewers": rf"\[({CODE}|null),({CODE}|null)\]"}
REVIEWERS = BOTH | {"kind": '"reviewers"', "year": FROM_1, "mode": '"(lot_by_lot|whole)"'}
REVIEWERS |= {"parties": [PARTY | {"tradition": TEXT, "serves": BOOL, "excused": [FROM_1]}]}
REVIEWERS |= {"lots": [{"state": CODE, "slot": "[12]", "without": [CODE]}]}
REVIEWERS |= {"rules": RULES, "reviews": [REVIEW]}


def need(holds, text):
    """Go on only if it holds."""
    if not holds:
        raise ValueError(text)


def canonical(value):
    """Section 1."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fingerprint(value):
    """H of section 1."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def check(value, form, where):
    """Refuse what is not of the form."""
    shown = canonical(value)
    if isinstance(form, str):
        need(re.fullmatch(form, shown), f"{where} cannot be {shown[:60]}")
    elif isinstance(form, list):
        need(type(value) is list, f"{where} is not a list")
        for n, one in enumerate(value, 1):
            check(one, form[0], f"{where} {n}")
        order = [one.get("code", n) if type(one) is dict else one for n, one in enumerate(value)]
        need(order == sorted({*order}), f"{where}: not sorted, each once")
    else:
        need(type(value) is dict and value.keys() == form.keys(), f"{where}: other keys")
        for key in form:
            check(value[key], form[key], f"{where}, {key}")


def choose(seed, label, n):
    """The generator of section 3."""
    need(n <= 2**256, f"{label}: more tickets than the generator has numbers")
    octets = bytes.fromhex(seed) + label.encode() + b"\0"
    hashes = (hashlib.sha256(octets + k.to_bytes(4, "big")).hexdigest() for k in count())
    return next(x for h in hashes if (x := int(h, 16)) < 2**256 - 2**256 % n) % n


def draw(reasons, tickets, seed, label):
    """One lot among the parties, given why each of them is closed, or None."""
    candidates = [p for p, reason in reasons.items() if not reason]
    closed = {r: [p for p in reasons if reasons[p] == r] for r in {*reasons.values()} - {None}}
    ends = list(accumulate(map(tickets, candidates)))
    drawn = candidates[bisect(ends, choose(seed, label, ends[-1]))]
    return {"candidates": candidates, "closed": closed, "drawn": drawn}


class Cycle:
    """Sections 4 and 6. A slot is (State under review, 1 or 2); `held` says who stands in each."""

    def __init__(self, a, seed):
        self.seed, self.rules = seed, a["rules"]
        limits = [self.rules[key] for key in ("least", "working_most", "most")]
        need(limits == sorted(limits), "rules: least, working_most and most contradict each other")
        self.party = {row["code"]: row for row in a["parties"]}
        self.least = {p: self.rules["least"] * row["serves"] for p, row in self.party.items()}
        rows = sorted(a["reviews"], key=lambda row: row["year"])
        self.held = {(row["code"], k): row["reviewers"][k - 1] for row in rows for k in (1, 2)}
        self.year = {(row["code"], k): row["year"] for row in rows for k in (1, 2)}
        known = {state for state, _ in self.held} | {*self.held.values()} <= {None, *self.party}
        need(known, "reviews: an unknown party")
        self.early = {s for s in self.held if self.year[s] < self.rules["last_year"]}
        self.lots = [(lot["state"], lot["slot"]) for lot in a["lots"]]
        self.without = {lot["state"]: lot["without"] for lot in a["lots"]}
        for n, slot in enumerate(self.lots):
            is_open = self.held.get(slot, "") is None and slot not in self.lots[:n]
            without = a["lots"][n]["without"]
            fits = without == self.without[slot[0]] and {*without} <= {*self.party}
            need(is_open and fits, f"announced lot {n + 1}: contradicts section 4.4")
        later = [s for s, p in self.held.items() if p is None and s not in self.lots]
        self.slots = self.lots + later
        self.may = {s: {p for p in self.party if not self.reason(s, p)} for s in self.slots}
        self.plan = self.completion(self.may, self.held)
        need(self.plan is not None, "no completion exists before the first lot")

    def reason(self, slot, p):
        """Why a party is closed (section 4.6), as far as it is seen without a completion."""
        (state, k), party, stand = slot, self.party[p], list(self.held.values())
        early = stand[: len(self.early)] if slot in self.early else []
        reasons = {
            "itself": p == state,
            "already": p == self.held[state, 3 - k],
            "other_group": k == 1 and self.party[state]["group"] not in (None, party["group"]),
            "not_serving": not party["serves"],
            "excused": self.year[slot] in party["excused"],
            "repeated": p in self.without.get(state, []),
            "mutual": self.mutual(self.held, state, p),
            "most": stand.count(p) >= self.rules["most"],
            "working_most": early and early.count(p) >= self.rules["working_most"],
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def mutual(self, held, state, p):
        """Whether p may not review the State, which reviews p."""
        return self.rules["no_mutual"] and state in (held.get((p, 1)), held.get((p, 2)))

    def completion(self, may, near):
        """A completion with only those in a slot who may, made from `near`; None: there is none."""
        held = {s: p if s not in may or p in may[s] else None for s, p in near.items()}
        for s in may:
            if held[s] is None and not (self.fill(s, may, held, True) or self.fill(s, may, held)):
                return None
        stand = list(held.values())
        if any(stand.count(p) < least for p, least in self.least.items()):
            return None
        for state, p in [(s[0], held[s]) for s in may]:
            if self.mutual(held, state, p):  # forbid the one or the other
                for one, two in ((state, p), (p, state)):
                    rest = {s: who - {two} if s[0] == one else who for s, who in may.items()}
                    if found := self.completion(rest, held):
                        return found
                return None
        return held

    def fill(self, slot, may, held, careful=False):
        """Fill a slot by a shortest chain of moves: a flow, exact but for mutual reviews.

        It runs from the fewest reviews of each party, and from what there is to spare above them,
        through the party (most), its early reviews (working_most) and the State under review (one
        each) to the slot. `careful`: no move makes a mutual review with those who stand now.
        """
        stand, own = list(held.values()), {p: [] for p in (None, *self.party)}
        for s in may:
            own[held[s]].append(s)
        carried, early = Counter(stand), Counter(stand[: len(self.early)])
        spare = len(held) > sum(max(carried[p], least) for p, least in self.least.items())
        over = [s for s in may if held[s] and carried[held[s]] > self.least[held[s]]]
        came, queue, tried = {slot: None}, [slot], {True: set(), False: set()}
        for s in queue:
            is_early, mate = s in self.early, (s[0], 3 - s[1])
            for p in may[s] - tried[is_early] - {held[s]}:
                if careful and self.mutual(held, s[0], p):
                    continue
                if p == held[mate]:
                    leaves = [mate]
                elif is_early and early[p] >= self.rules["working_most"]:
                    leaves = [t for t in own[p] if t in self.early]
                elif carried[p] >= self.rules["most"]:
                    leaves = own[p]
                elif carried[p] >= self.least[p] and not spare:
                    leaves = own[p] + over
                else:
                    move = s, p
                    while move:
                        held[move[0]] = move[1]
                        move = came[move[0]]
                    return True
                tried[is_early] |= {p} - {held[mate]}
                new = [t for t in leaves if t not in came]
                came |= dict.fromkeys(new, (s, p))
                queue += new
        return False

    def tickets(self, slot, p):
        """Section 4.7."""
        one, two = self.party[slot[0]]["tradition"], self.party[p]["tradition"]
        return self.rules["similar_tickets"] if slot[1] == 1 and one == two != "" else 1

    def lot(self, label, slot):
        """Sections 4.6 and 4.7."""
        reasons, plans = {}, {}
        for p in self.party:
            reasons[p] = self.reason(slot, p)
            if not reasons[p]:
                plans[p] = self.completion(self.may | {slot: {p}}, self.plan)
                reasons[p] = None if plans[p] else "no_completion"
        lot = draw(reasons, lambda p: self.tickets(slot, p), self.seed, label)
        drawn = self.held[slot] = lot["drawn"]
        self.may[slot], self.plan = {drawn}, plans[drawn]
        return {"state": slot[0], "slot": slot[1]} | lot

    def walk(self):
        """The walk of section 6."""
        size, parties = len(self.slots), list(self.party)
        for n in range(1, size * self.rules["steps_per_slot"] + 1):
            i = choose(self.seed, f"walk:{n}:slot", size)
            j = choose(self.seed, f"walk:{n}:with", size + len(parties))
            s, t = self.slots[i], self.slots[j % size]
            new = {t: self.held[s], s: self.held[t]} if j < size else {s: parties[j - size]}
            old = {s: self.held[s] for s in new}
            if new != old and not self.step(old, new, f"walk:{n}:accept"):
                self.held |= old

    def step(self, old, new, label):
        """Make a step of the walk; False if it has to be taken back."""
        self.held |= dict.fromkeys(new)
        for slot, p in new.items():
            if self.reason(slot, p):
                return False
            self.held[slot] = p
        stand = list(self.held.values())
        a, b = (prod(self.tickets(*one) for one in way.items()) for way in (old, new))
        enough = all(stand.count(p) >= self.least[p] for p in old.values())
        return enough and (b >= a or choose(self.seed, label, a) < b)


def reviewers(a, seed):
    """The lots of section 4 or 6."""
    cycle = Cycle(a, seed)
    if a["mode"] == "lot_by_lot":
        return (cycle.lot(f"lot:{n}", slot) for n, slot in enumerate(cycle.lots, 1))
    for n, slot in enumerate(cycle.slots, 1):
        cycle.lot(f"start:{n}", slot)
    cycle.walk()
    return ({"state": s[0], "slot": s[1], "drawn": cycle.held[s]} for s in cycle.lots)


def years(a, seed):
    """The lots of section 7."""
    quotas, groups, placed = a["rules"]["quotas"], {}, set()
    for row in a["parties"]:
        groups.setdefault(row["group"] or "", {})[row["code"]] = row["volunteers"]
    for group in sorted(quotas | groups):
        form = re.fullmatch(r"\[([0-9]++,?)*\]", canonical(quotas.get(group)))
        fits = form and sum(quotas[group]) == len(groups.get(group, []))
        need(fits, f"rules: the quotas of {group!a} are not the number of its parties")
    places = [(g, y) for g in sorted(quotas) for y, n in enumerate(quotas[g], 1) for _ in range(n)]
    lots = canonical([{"group": group, "year": year} for group, year in places])
    need(lots == canonical(a["lots"]), "announcement: the lots are not the places of the quotas")
    for n, (group, year) in enumerate(places, 1):
        wishes = {p: wish for p, wish in groups[group].items() if p not in placed}
        reasons = dict.fromkeys(groups[group], "placed")
        for p, wish in wishes.items():
            later = "volunteers_later" if wish > year and min(wishes.values()) <= year else None
            reasons[p] = "volunteers_first" if wish != year in wishes.values() else later
        lot = draw(reasons, lambda _: 1, seed, f"lot:{n}")
        placed.add(lot["drawn"])
        yield {"group": group, "year": year} | lot


def compare(given, right, where):
    """Refuse the first value that is not the right one."""
    need(type(given) is dict and given.keys() == right.keys(), f"{where}: other keys")
    for key in right:
        one, two = canonical(given[key]), canonical(right[key])
        at = max(0, next((n for n in range(len(one)) if one[:n] != two[:n]), len(one)) - 20)
        need(one == two, f"{where}: {key} is {one[at:][:50]}, by the rules {two[at:][:50]}")


def verify(octets, published=None):
    """Repeat the draw and compare; what to say of it."""
    transcript = json.loads(octets.decode())
    need(octets == canonical(transcript).encode() + b"\n", "not exactly its own canonical form")
    check(transcript, TRANSCRIPT, "transcript")
    a, given, secret = (transcript[key] for key in ("announcement", "lots", "secret"))
    kind, form = (years, YEARS) if a.get("kind") == "years" else (reviewers, REVIEWERS)
    check(a, form, "announcement")
    commitment, number = fingerprint(a), 0
    need(published in (None, commitment), f"commitment {commitment} is not the one published")
    hashed = hashlib.sha256(bytes.fromhex(secret)).hexdigest()
    need(hashed == a["secret_sha256"], "the secret is not the one announced")
    chance = {"commitment": commitment, "read_out": transcript["read_out"], "secret": secret}
    seed = chain = fingerprint(chance)
    compare(transcript, transcript | {"commitment": commitment, "seed": seed}, "transcript")
    for number, drawn in enumerate(kind(a, seed), 1):
        lot = {"number": number} | drawn
        chain = fingerprint({"lot": lot, "previous": chain})
        need(number <= len(given), f"lot {number} is missing")
        compare(given[number - 1], lot | {"chain": chain}, f"lot {number}")
    need(number == len(given), f"lot {number + 1} was not announced")
    compare(transcript, transcript | {"digest": chain}, "transcript")
    return f"{number} lots, digest {chain}, commitment {commitment}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("transcript", type=Path)
    parser.add_argument("--commitment", metavar="HEX", help="as published before the draw")
    asked = parser.parse_args()
    try:
        line, status = "Right: " + verify(asked.transcript.read_bytes(), asked.commitment), 0
    except (OSError, ValueError, RecursionError) as departs:
        line, status = f"Refused: {departs}", 1
    sys.stdout.write(line.encode("ascii", "backslashreplace").decode() + "\n")
    sys.exit(status)
