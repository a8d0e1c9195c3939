"""Drawing lots: from what stands in the database to the reviews, step by step and on the record.

``board.py`` reads what stands; ``prepare.py`` announces a draw, publishes it, gives it up;
``conduct.py`` opens it and draws; ``record.py`` writes the result into the reviews; ``requests.py``
takes repeats and withdrawals; ``rule_check.py`` judges what stands; ``pairings.py`` and
``pairings_paper.py`` load and give out the official pairings. Rules and chance are in
``workflows/``.
"""
