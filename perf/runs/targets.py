"""The targets of the scoreboard, and how a file of its runs is judged.

    python3 perf/runs/targets.py FILE [--quick]    judges a file of perf/run sim again

A target is judged by the median over the seeds unless it says otherwise. Values are shares between
0 and 1, multiples, or seconds, as the name says.
"""

import dataclasses
import json
import pathlib
import statistics
import sys
from collections.abc import Callable

OWN = "triage"
ORACLE = "oracle"
BEST_FIXED = "best-fixed"
SELF_TUNING = [
    "netflix-gradient2",
    "netflix-vegas",
    "netflix-aimd",
    "gozero-forced",
    "envoy-gradient",
    "failsafe",
    "sentinel",
]
BARRED = [f"S{number}" for number in range(1, 14)]
WORST_SEED = 0.85
BEHIND_RIVAL = 0.05


class Cell:
    """The runs of one cell, by policy."""

    def __init__(self, scenario: str, name: str, board: "Board"):
        self.scenario, self.name, self.board = scenario, name, board
        self.runs: dict[str, list[dict]] = {}

    def values(self, figure: str, policy: str = OWN) -> list[float]:
        found = [run.get(figure) for run in self.runs.get(policy, [])]
        return [value for value in found if value is not None]

    def of(self, figure: str, policy: str = OWN) -> float:
        """Gives the median over the seeds."""
        return statistics.median(self.values(figure, policy))

    def least(self, figure: str, policy: str = OWN) -> float:
        return min(self.values(figure, policy))

    def mean(self, figure: str, policy: str = OWN) -> float:
        return statistics.fmean(self.values(figure, policy))

    def sibling(self, part: str) -> "Cell":
        """Gives the cell of the same scenario whose name has a part."""
        return next(cell for cell in self.board.cells(self.scenario) if part in cell.name)


class Board:
    """All runs, by cell."""

    def __init__(self, runs: list[dict]):
        self._cells: dict[tuple[str, str], Cell] = {}
        for run in runs:
            key = run["scenario"], run["cell"]
            if key not in self._cells:
                self._cells[key] = Cell(*key, self)
            self._cells[key].runs.setdefault(run["policy"], []).append(run)

    def cells(self, scenario: str | None = None) -> list[Cell]:
        return [cell for key, cell in self._cells.items() if scenario in (None, key[0])]

    def scenarios(self) -> list[str]:
        return list(dict.fromkeys(key[0] for key in self._cells))


Value = Callable[[Cell, str], float]


def median_of(figure: str) -> Value:
    return lambda cell, policy: cell.of(figure, policy)


def fixed(bound: float) -> Callable[[Cell], float]:
    return lambda cell: bound


@dataclasses.dataclass(frozen=True)
class Target:
    """What a figure of a cell must reach.

    value gives the figure of a policy, so that the oracle's can stand beside it; only restricts
    the target to the cells whose name has that part, but to those without it after a "!".
    """

    scenario: str
    text: str
    value: Value
    bound: Callable[[Cell], float]
    at_least: bool
    only: str = ""

    def applies(self, cell: Cell) -> bool:
        wanted = self.only.removeprefix("!")
        return not wanted or (wanted in cell.name) != self.only.startswith("!")


def least(scenario: str, text: str, value: Value, bound, only: str = "") -> Target:
    bound = bound if callable(bound) else fixed(bound)
    return Target(scenario, text, value, bound, True, only)


def most(scenario: str, text: str, value: Value, bound, only: str = "") -> Target:
    bound = bound if callable(bound) else fixed(bound)
    return Target(scenario, text, value, bound, False, only)


def no_later_than_deadline(cell: Cell) -> float:
    """The deadline, or 1.05 times what the oracle needs where uneven work alone breaks it."""
    return max(1.0, 1.05 * cell.of("p99_over_deadline", ORACLE))


def above_oracle(figure: str) -> Value:
    return lambda cell, policy: cell.of(figure, policy) - cell.of(figure, ORACLE)


def ratio_to_best_fixed(cell: Cell, policy: str) -> float:
    return cell.of("goodput", policy) / cell.of("goodput", BEST_FIXED)


def drift(cell: Cell, policy: str) -> float:
    return abs(cell.of("limit_last", policy) / cell.of("limit_at_1min", policy) - 1)


def moved_by_errors(cell: Cell, policy: str) -> float:
    calm = cell.sibling("no errors").of("limit_mean", policy)
    return abs(cell.of("limit_mean", policy) / calm - 1)


def victims_over_solo(cell: Cell, policy: str) -> float:
    figure = "watched_p99_over_deadline"
    return cell.of(figure, policy) / cell.sibling("alone").of(figure, policy)


def wait_in_services(cell: Cell, policy: str) -> float:
    return cell.of("watched_wait_max_s", policy) / cell.of("service_s")


def lost_by_lending(cell: Cell, policy: str) -> float:
    unreserved = cell.sibling("nothing reserved").of("lender_goodput", policy)
    return unreserved - cell.of("lender_goodput", policy)


def rtts(least_seconds: float, count: float) -> Callable[[Cell], float]:
    return lambda cell: max(least_seconds, count * cell.of("service_s"))


GOODPUT = median_of("goodput")
P99 = median_of("p99_over_deadline")

# By cell. S16's cells of few slots or uneven work are held to the oracle less 0.5 points.
TARGETS = [
    most("S1", "p99 over deadline", P99, no_later_than_deadline),
    least("S2", "goodput at 10x", median_of("goodput_peak"), 0.95),
    least("S2", "worst second", median_of("worst_window"), 0.85),
    most("S2", "seconds to the last shed once load fell", median_of("calm_s"), 2),
    most("S3", "shed above the oracle", above_oracle("shed"), 0.0001, "0.5x"),
    most("S3", "shed above the oracle", above_oracle("shed"), 0.005, "0.9x"),
    most("S3", "p99 above the oracle's, s", above_oracle("p99_s"), 0.001),
    most("S4", "recovery down, s", median_of("recover_down_s"), rtts(1, 3)),
    most("S4", "recovery up, s", median_of("recover_up_s"), rtts(2, 8)),
    least("S5", "lowest limit over C", median_of("limit_low"), 0.8),
    most("S5", "highest limit over C", median_of("limit_high"), 1.2),
    least("S5", "goodput", GOODPUT, 0.92),
    least("S6", "lowest limit over C", median_of("limit_low"), 0.75),
    most("S6", "highest limit over C", median_of("limit_high"), 1.25),
    most("S7", "limit at the end off that at 1 min", drift, 0.15),
    least("S8", "goodput", GOODPUT, 0.85),
    least("S9", "goodput", GOODPUT, 0.92),
    most(
        "S9",
        "short work's p99 over unloaded",
        lambda cell, policy: cell.of("short_p99_s", policy) / 0.05,
        1.5,
        "!lognormal",
    ),
    least("S10", "goodput", GOODPUT, 0.90),
    most(
        "S10",
        "most in flight over C",
        lambda cell, policy: max(cell.values("in_flight_max", policy)) / cell.of("capacity"),
        2,
    ),
    least("S11", "goodput", GOODPUT, 0.90),
    most("S11", "p99 over deadline", P99, 1),
    least("S12", "goodput over the best fixed limit's", ratio_to_best_fixed, 0.92),
    least("S13", "goodput over the best fixed limit's", ratio_to_best_fixed, 0.93),
    most("S14", "limit moved by errors", moved_by_errors, 0.2, "fast errors"),
    most("S14", "recovery after the hang, s", median_of("recover_up_s"), 5, "hangs"),
    least("S15", "goodput of the fair share", GOODPUT, 0.85),
    least("S15", "no lock-out: worst second", median_of("worst_window"), 0.01),
    *(
        target
        for cell in ("C=8 10x", "C=64 10x", "C=8 0.9x-10x", "C=64 0.9x-10x")
        for target in (
            least(
                "S16",
                "CRITICAL_PLUS success, worst seed",
                lambda cell, policy: cell.least("critical_success", policy),
                0.999,
                cell,
            ),
            least(
                "S16",
                "the same in the first second, all seeds",
                lambda cell, policy: cell.mean("critical_success_first_s", policy),
                0.995,
                cell,
            ),
        )
    ),
    *(
        least(
            "S16",
            "CRITICAL_PLUS success, the oracle's - 0.5 points",
            median_of("critical_success"),
            lambda cell: cell.of("critical_success", ORACLE) - 0.005,
            cell,
        )
        for cell in ("C=2", "cv 1.5")
    ),
    most("S16", "answers to a class out of order", median_of("out_of_order"), 0.02),
    least("S17", "goodput", GOODPUT, 0.95),
    least("S18", "Jain's index", median_of("jain"), 0.95, "!alone"),
    most("S18", "victims' p99 over their own alone", victims_over_solo, 1.5, "!alone"),
    least("S19", "Jain's index of the mice", median_of("watched_jain"), 0.90),
    most("S19", "longest wait of a mouse in services", wait_in_services, 2),
    most(
        "S20",
        "owner at its full share after, s",
        median_of("owner_full_s"),
        lambda cell: cell.of("service_s") + 0.1,
        "needed",
    ),
    most("S20", "lender's loss while it is idle", lost_by_lending, 0, "needed"),
    most("S21", "attempts at the backend over requests", median_of("attempts"), 1.1),
    most("S21", "recovery after the trigger, s", median_of("recover_up_s"), 5),
    most("S22", "work finished late", median_of("wasted"), 0.02),
    least("S23", "goodput from 5 s on", GOODPUT, 0.95),
    least("S25", "goodput", GOODPUT, 0.95),
    most("S25", "p99 over deadline", P99, 1),
    least("S27", "goodput", GOODPUT, 0.90),
    least(
        "S27",
        "sum of the limits over C, mean",
        lambda cell, policy: cell.of("limit_mean", policy) / cell.of("capacity"),
        0.7,
    ),
    most(
        "S27",
        "sum of the limits over C, mean",
        lambda cell, policy: cell.of("limit_mean", policy) / cell.of("capacity"),
        1.3,
    ),
]

# What section 6 asks for beyond that, and the gate alone cannot show here.
NOT_JUDGED = [
    "S14 a hang opens the breaker, S21 the gateway's own retries, S23 ejection: the Data path's",
    "S17 cohort-stable: the front door's threshold, DoorThresholdTest",
    "S22 EDF-like order: the order inside a class is fair between tenants, then by age (0015)",
    "S27 no common-phase oscillation",
]


@dataclasses.dataclass(frozen=True)
class Row:
    """One judgement."""

    scenario: str
    cell: str
    target: str
    at_least: bool
    bound: float
    value: float
    oracle: float | None
    met: bool

    def json(self) -> str:
        record = {
            "target": self.target,
            "scenario": self.scenario,
            "cell": self.cell,
            "rule": "at least" if self.at_least else "at most",
            "bound": round(self.bound, 4),
            "value": round(self.value, 4),
            "oracle": None if self.oracle is None else round(self.oracle, 4),
            "met": self.met,
        }
        return json.dumps(record, separators=(",", ":"))

    def line(self) -> str:
        oracle = "" if self.oracle is None else f"{self.oracle:.4f}"
        rule = ">=" if self.at_least else "<="
        return (
            f"{self.scenario:<6}{self.cell:<52}{self.target:<50}{rule} {self.bound:<9.4f}"
            f"{self.value:>9.4f}{oracle:>9}  {'met' if self.met else 'MISSED'}"
        )


class Judge:
    """Holds runs to the targets, or to a share of them."""

    def __init__(self, board: Board, kept: float):
        self.board, self.kept = board, kept
        self.rows: list[Row] = []

    def all(self) -> list[Row]:
        self._grid()
        for target in TARGETS:
            for cell in self.board.cells(target.scenario):
                if target.applies(cell):
                    self._target(target, cell)
        self._bars()
        return sorted(self.rows, key=lambda row: _number(row.scenario))

    def _row(self, scenario, cell, text, at_least, bound, value, oracle=None) -> Row:
        # Seconds and shares have four digits in the record: no more is asked of them.
        held = bound * self.kept if at_least else bound / self.kept
        met = value >= held - 5e-5 if at_least else value <= held + 5e-5
        return Row(scenario, cell, text, at_least, bound, value, oracle, met)

    def _target(self, target: Target, cell: Cell) -> None:
        try:
            oracle = target.value(cell, ORACLE)
        except (StopIteration, ValueError):
            oracle = None
        self.rows.append(
            self._row(
                target.scenario,
                cell.name,
                target.text,
                target.at_least,
                target.bound(cell),
                target.value(cell, OWN),
                oracle,
            )
        )

    def _grid(self) -> None:
        cells = self.board.cells("S1")
        if not cells:
            return

        def over(policy: str, what) -> float:
            return what(cell.of("goodput", policy) for cell in cells)

        for name, what, bound in (
            ("goodput, median of the cells", statistics.median, 0.95),
            ("goodput, worst cell", min, 0.90),
        ):
            row = ("S1", f"{len(cells)} cells", name, True, bound, over(OWN, what))
            self.rows.append(self._row(*row, over(ORACLE, what)))

    def _bars(self) -> None:
        """The release bar, by scenario: the cell that is nearest to it, and each that misses it."""
        for scenario in self.board.scenarios():
            cells = self.board.cells(scenario)
            if scenario in BARRED:
                self._nearest([self._worst_seed(cell) for cell in cells])
            rivals = [row for row in map(self._best_rival, cells) if row]
            if rivals:
                self._nearest(rivals)

    def _worst_seed(self, cell: Cell) -> Row:
        value = cell.least("goodput")
        return self._row(
            cell.scenario,
            cell.name,
            "goodput, worst seed",
            True,
            WORST_SEED,
            value,
            cell.least("goodput", ORACLE),
        )

    def _best_rival(self, cell: Cell) -> Row | None:
        rivals = [policy for policy in SELF_TUNING if policy in cell.runs]
        if not rivals:
            return None
        best = max(rivals, key=lambda policy: cell.of("goodput", policy))
        return self._row(
            cell.scenario,
            cell.name,
            f"goodput, {best} - 5 points",
            True,
            min(1, cell.of("goodput", best)) - BEHIND_RIVAL,
            cell.of("goodput"),
            cell.of("goodput", ORACLE),
        )

    def _nearest(self, rows: list[Row]) -> None:
        missed = [row for row in rows if not row.met]
        self.rows += missed or [min(rows, key=lambda row: row.value - row.bound)]


def _number(scenario: str) -> int:
    return int(scenario[1:]) if scenario[1:].isdigit() and scenario[0] == "S" else 1_000


def judge(runs: list[dict], kept: float) -> list[Row]:
    """Judges runs, prints the table, and gives its rows."""
    board = Board(runs)
    rows = Judge(board, kept).all()
    print(f"\n{'':<6}{'cell':<52}{'target':<50}{'bound':<12}{'value':>9}{'oracle':>9}")
    for row in rows:
        print(row.line())
    for line in NOT_JUDGED:
        print(f"not judged: {line}")
    seeds = len({run["seed"] for run in runs})
    print(f"\n{len(board.cells())} cells, {seeds} seeds; least goodput of any run:")
    for policy in dict.fromkeys(run["policy"] for run in runs):
        worst = min(run["goodput"] for run in runs if run["policy"] == policy)
        print(f"  {policy:<20}{100 * worst:6.1f} %")
    missed = sum(not row.met for row in rows)
    held = "" if kept == 1 else f", held to {100 * kept:.0f} %"
    print(f"sim: {missed} of {len(rows)} targets missed{held}")
    return rows


def read(path: str) -> list[dict]:
    lines = pathlib.Path(path).read_text("utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    return [record for record in records if "policy" in record]


if __name__ == "__main__":
    judged = judge(read(sys.argv[1]), 0.8 if "--quick" in sys.argv else 1.0)
    sys.exit(0 if all(row.met for row in judged) else 1)
