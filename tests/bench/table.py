# SPDX-License-Identifier: MIT
"""The rows of the table: our figure beside the peers' and the limit's, and whether the goal is
reached."""
import dataclasses

HEAD = ("row", "work", "ours", "peers", "limit", "ours/peer", "ours/limit", "goal")


def number(value, unit):
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    return f"{value:,.{digits}f}{unit}"


@dataclasses.dataclass
class Row:
    """`goals` are ("≥" or "≤", factor, name of a peer | "limit" | "" for an absolute figure)."""
    row: int
    work: str
    unit: str
    ours: float
    peers: dict = dataclasses.field(default_factory=dict)
    limit: float = None
    goals: list = dataclasses.field(default_factory=list)

    def reference(self, name):
        return 1 if not name else self.limit if name == "limit" else self.peers.get(name)

    def reached(self, goal):
        sign, factor, name = goal
        bound = self.reference(name) * factor
        return self.ours >= bound if sign == "≥" else self.ours <= bound

    def goal_text(self, goal):
        sign, factor, name = goal
        text = f"{sign} {factor:g} × {name}" if name else f"{sign} {number(factor, self.unit)}"
        return f"{text}: {'yes' if self.reached(goal) else '**no**'}"

    def cells(self):
        peers = {name: value for name, value in self.peers.items() if value}
        return (str(self.row), self.work, number(self.ours, self.unit),
                "; ".join(f"{name} {number(value, self.unit)}" for name, value in peers.items())
                or "–",
                number(self.limit, self.unit),
                "; ".join(f"{name} {self.ours / value:.2f}" for name, value in peers.items())
                or "–",
                f"{self.ours / self.limit:.2f}" if self.limit else "–",
                "; ".join(map(self.goal_text, self.goals)) or "–")


def line(cells):
    return "| " + " | ".join(cells) + " |"


def head():
    return line(HEAD) + "\n" + line(["---"] * len(HEAD))
