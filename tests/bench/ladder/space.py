"""What may be varied, and from where a search starts. Names and ranges are x265's (``x265 --fullhelp``, 4.3)."""

import random
from dataclasses import dataclass

import optuna

Parameters = dict[str, str | int | float]


@dataclass(frozen=True)
class Goal:
    """What a speed is to be: at most ``cpu_ratio`` times the CPU of the preset that it replaces.

    ``starts``: presets that sets may start from; x265 puts the other parameters over theirs.
    """

    speed: str
    replaces: str
    cpu_ratio: float
    starts: tuple[str, ...]


GOALS = {
    goal.speed: goal
    for goal in (
        Goal("fastest", "ultrafast", 1.05, ("ultrafast",)),
        Goal("fast", "superfast", 1.0, ("ultrafast", "superfast")),
        Goal("balanced", "veryfast", 1.0, ("superfast", "veryfast")),
        Goal("smallest", "medium", 1.0, ("superfast", "veryfast", "faster", "medium")),
        Goal("slower", "slow", 1.0, ("faster", "medium", "slow")),
    )
}

CHOICES: dict[str, tuple[str | int | float, ...]] = {
    "ctu": (16, 32, 64),
    "min-cu-size": (8, 16),
    "me": ("dia", "hex", "umh", "star"),
    "b-adapt": (0, 1, 2),
    "scenecut": (0, 40),
    "qg-size": (16, 32, 64),
    "deblock": ("-2,-2", "-1,-1", "0,0", "1,1"),
}
SWITCHES = ("cutree", "early-skip", "fast-intra", "b-intra", "sao", "weightp", "weightb", "limit-modes", "rect",
            "signhide", "strong-intra-smoothing", "aq-motion",
            "lowpass-dct")  # fmt: skip
WHOLE = {
    "aq-mode": (0, 4),
    "rc-lookahead": (4, 40),
    "bframes": (2, 8),
    "ref": (1, 4),
    "subme": (0, 4),
    "rd": (1, 5),
    "rdoq-level": (0, 2),
    "max-merge": (1, 5),
    "rskip": (0, 2),
    "selective-sao": (0, 4),
    "limit-refs": (0, 3),
    "limit-tu": (0, 4),
    "tu-intra-depth": (1, 2),
    "tu-inter-depth": (1, 2),
}
BROKEN = {"aq-strength": (0.0, 1.4), "psy-rd": (0.0, 2.0), "psy-rdoq": (0.0, 2.0), "qcomp": (0.5, 0.8),
          "ipratio": (1.1, 1.6), "pbratio": (1.0, 1.4)}  # fmt: skip
STEP = 0.1

NEIGHBOURS, CHANGES = 14, 4
"""How many changed starting points there are, and in how many parameters."""

PRESETS: dict[str, Parameters] = {
    "ultrafast": {
        "ctu": 32, "min-cu-size": 16, "me": "dia", "b-adapt": 0, "scenecut": 0, "cutree": 1, "early-skip": 1,
        "fast-intra": 1, "b-intra": 0, "sao": 0, "selective-sao": 0, "weightp": 0, "limit-modes": 0, "rect": 0,
        "signhide": 0, "aq-mode": 1, "aq-strength": 0.0, "rc-lookahead": 5, "bframes": 3, "ref": 1, "subme": 0,
        "rd": 2, "rdoq-level": 0, "max-merge": 2, "limit-refs": 0, "psy-rdoq": 0.0,
    },
    "superfast": {
        "ctu": 32, "min-cu-size": 8, "me": "hex", "b-adapt": 0, "scenecut": 40, "cutree": 1, "early-skip": 1,
        "fast-intra": 1, "b-intra": 0, "sao": 0, "selective-sao": 0, "weightp": 0, "limit-modes": 0, "rect": 0,
        "signhide": 1, "aq-mode": 1, "aq-strength": 0.0, "rc-lookahead": 10, "bframes": 3, "ref": 1, "subme": 1,
        "rd": 2, "rdoq-level": 0, "max-merge": 2, "limit-refs": 0, "psy-rdoq": 0.0,
    },
    "veryfast": {
        "ctu": 64, "min-cu-size": 8, "me": "hex", "b-adapt": 0, "scenecut": 40, "cutree": 1, "early-skip": 1,
        "fast-intra": 1, "b-intra": 0, "sao": 1, "selective-sao": 4, "weightp": 1, "limit-modes": 0, "rect": 0,
        "signhide": 1, "aq-mode": 2, "aq-strength": 1.0, "rc-lookahead": 15, "bframes": 4, "ref": 2, "subme": 1,
        "rd": 2, "rdoq-level": 0, "max-merge": 2, "limit-refs": 3, "psy-rdoq": 0.0,
    },
    "medium": {
        "ctu": 64, "min-cu-size": 8, "me": "hex", "b-adapt": 2, "scenecut": 40, "cutree": 1, "early-skip": 1,
        "fast-intra": 0, "b-intra": 1, "sao": 1, "selective-sao": 4, "weightp": 1, "limit-modes": 0, "rect": 0,
        "signhide": 1, "aq-mode": 2, "aq-strength": 1.0, "rc-lookahead": 20, "bframes": 4, "ref": 3, "subme": 2,
        "rd": 3, "rdoq-level": 0, "max-merge": 3, "limit-refs": 1, "psy-rdoq": 0.0,
    },
    "slow": {
        "ctu": 64, "min-cu-size": 8, "me": "star", "b-adapt": 2, "scenecut": 40, "cutree": 1, "early-skip": 0,
        "fast-intra": 0, "b-intra": 0, "sao": 1, "selective-sao": 4, "weightp": 1, "limit-modes": 1, "rect": 1,
        "signhide": 1, "aq-mode": 2, "aq-strength": 1.0, "rc-lookahead": 25, "bframes": 4, "ref": 4, "subme": 3,
        "rd": 4, "rdoq-level": 2, "max-merge": 3, "limit-refs": 3, "psy-rdoq": 1.0,
    },
}  # fmt: skip
"""What x265 4.3's presets set of what is varied here, as it signs its streams."""

USUAL: Parameters = {
    "deblock": "0,0", "strong-intra-smoothing": 1, "aq-motion": 0, "limit-tu": 0, "tu-intra-depth": 1,
    "tu-inter-depth": 1, "psy-rd": 2.0, "qcomp": 0.6, "ipratio": 1.4, "pbratio": 1.3, "rskip": 1, "weightb": 0,
    "lowpass-dct": 0, "qg-size": 32,
}  # fmt: skip
"""What no preset of these changes."""

DENSE: Parameters = {"psy-rd": 0.0, "rdoq-level": 2, "limit-modes": 1, "sao": 0}
"""What was found to save most bytes, and some of the time that this costs."""

LEAN: Parameters = {"psy-rd": 0.0, "max-merge": 3, "pbratio": 1.4, "strong-intra-smoothing": 0}
LARGE_BLOCKS: Parameters = {"ctu": 64, "limit-refs": 3, "limit-modes": 1, "qg-size": 64}

HINTS: dict[str, tuple[tuple[str, Parameters], ...]] = {
    "fastest": (
        ("ultrafast", LEAN | {"signhide": 1, "rc-lookahead": 12}),
        ("ultrafast", LEAN | {"signhide": 1, "rc-lookahead": 20}),
        ("ultrafast", LEAN | LARGE_BLOCKS | {"signhide": 1, "rc-lookahead": 12}),
        ("ultrafast", LEAN | {"signhide": 1, "rc-lookahead": 12, "b-intra": 1}),
        ("ultrafast", LEAN | {"rdoq-level": 2, "rc-lookahead": 12}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "limit-refs": 3, "limit-modes": 1}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "limit-refs": 3, "limit-modes": 1, "b-intra": 1,
                       "rc-lookahead": 6, "aq-strength": 0.3, "qg-size": 64}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "weightp": 1, "bframes": 4, "rc-lookahead": 6}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "qg-size": 64, "rskip": 2, "max-merge": 1}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "aq-mode": 0, "max-merge": 3, "rskip": 2}),
        ("ultrafast", {"psy-rd": 0.0, "signhide": 1, "fast-intra": 0, "limit-tu": 1}),
        ("ultrafast", {"psy-rd": 0.2, "ctu": 64, "signhide": 1, "bframes": 4, "rc-lookahead": 8, "rskip": 2}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "rc-lookahead": 6, "aq-strength": 0.3}),
        ("ultrafast", {"psy-rd": 0.0, "signhide": 1, "rc-lookahead": 8, "weightp": 1, "limit-refs": 3}),
        ("ultrafast", {"aq-mode": 2, "aq-strength": 1.0, "rc-lookahead": 15, "ctu": 64}),
        ("ultrafast", {"aq-mode": 2, "aq-strength": 0.8, "rc-lookahead": 10, "ctu": 64, "psy-rd": 0.5, "bframes": 4}),
        ("ultrafast", {"aq-mode": 1, "aq-strength": 0.6, "rc-lookahead": 10, "psy-rd": 0.0, "pbratio": 1.2}),
        ("ultrafast", {"psy-rd": 0.0, "signhide": 1, "bframes": 5, "rc-lookahead": 8}),
    ),
    "fast": (
        ("ultrafast", LEAN | {"signhide": 1, "rdoq-level": 2, "rc-lookahead": 20, "min-cu-size": 8}),
        ("ultrafast", LEAN | {"rdoq-level": 2, "rc-lookahead": 20, "min-cu-size": 8, "max-merge": 2}),
        ("ultrafast", LEAN | LARGE_BLOCKS | {"signhide": 1, "rdoq-level": 2, "rc-lookahead": 20, "subme": 1}),
        ("ultrafast", LEAN | LARGE_BLOCKS | {"signhide": 1, "rdoq-level": 2, "rc-lookahead": 20, "aq-strength": 0.3,
                                             "min-cu-size": 8}),
        ("ultrafast", LEAN | LARGE_BLOCKS | {"signhide": 1, "rdoq-level": 2, "rc-lookahead": 20, "aq-strength": 0.3,
                                             "b-intra": 1, "bframes": 4}),
        ("ultrafast", LEAN | LARGE_BLOCKS | {"signhide": 1, "rdoq-level": 2, "rc-lookahead": 20}),
        ("superfast", LEAN | LARGE_BLOCKS | {"rc-lookahead": 20}),
        ("superfast", LEAN | {"rc-lookahead": 20, "rdoq-level": 2}),
        ("ultrafast", LEAN | {"rdoq-level": 2, "rc-lookahead": 20, "subme": 1, "me": "hex"}),
        ("superfast", DENSE | {"ctu": 64, "limit-refs": 3, "rc-lookahead": 8}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "limit-refs": 3, "limit-modes": 1, "rc-lookahead": 8}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "limit-refs": 3, "limit-modes": 1, "bframes": 5, "me": "dia",
                       "qg-size": 64}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "limit-refs": 3, "limit-modes": 1, "weightp": 1}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "limit-refs": 3, "limit-modes": 1, "weightp": 1, "b-intra": 1,
                       "bframes": 5, "rc-lookahead": 12, "subme": 2, "me": "dia"}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "limit-refs": 3, "limit-modes": 1, "aq-strength": 0.3, "bframes": 4,
                       "strong-intra-smoothing": 0, "me": "dia"}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "min-cu-size": 16, "aq-strength": 0.3, "limit-refs": 3,
                       "limit-modes": 1, "b-intra": 1}),
        ("superfast", {"psy-rd": 0.0, "rc-lookahead": 8, "limit-refs": 3, "bframes": 4, "subme": 0}),
        ("ultrafast", {"psy-rd": 0.0, "ctu": 64, "signhide": 1, "subme": 1, "me": "hex", "bframes": 4,
                       "rc-lookahead": 10}),
        ("superfast", {"ctu": 64, "rc-lookahead": 15, "psy-rd": 0.5, "aq-mode": 2, "aq-strength": 0.8}),
        ("ultrafast", {"aq-mode": 2, "aq-strength": 1.0, "rc-lookahead": 15, "ctu": 64, "psy-rd": 0.5, "subme": 1,
                       "signhide": 1, "weightp": 1}),
        ("ultrafast", {"aq-mode": 1, "aq-strength": 0.6, "rc-lookahead": 12, "psy-rd": 0.0, "signhide": 1, "subme": 1}),
    ),
    "balanced": (
        ("superfast", DENSE | LARGE_BLOCKS | {"strong-intra-smoothing": 0, "rc-lookahead": 25, "bframes": 5,
                                              "aq-strength": 0.3, "max-merge": 3}),
        ("superfast", DENSE | {"ctu": 64, "rc-lookahead": 20, "bframes": 5, "subme": 1, "limit-refs": 3,
                       "aq-mode": 2, "aq-strength": 0.6}),
        ("superfast", DENSE | {"ctu": 64, "rc-lookahead": 20, "bframes": 5, "subme": 1, "limit-refs": 3,
                       "aq-strength": 0.3}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "rc-lookahead": 20, "aq-strength": 0.4, "subme": 2, "limit-refs": 3,
                       "limit-modes": 1, "b-intra": 1, "bframes": 5, "weightp": 1, "ref": 2, "max-merge": 3}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "rc-lookahead": 20, "aq-mode": 3, "aq-strength": 0.5, "subme": 2,
                       "limit-refs": 3, "limit-modes": 1, "bframes": 5, "weightp": 1, "rd": 3, "b-adapt": 1}),
        ("veryfast", {"psy-rd": 0.0, "selective-sao": 2}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "rc-lookahead": 15, "aq-strength": 0.3, "ref": 2, "limit-refs": 3,
                       "limit-modes": 1, "max-merge": 3, "bframes": 4}),
        ("superfast", {"psy-rd": 0.0, "ctu": 64, "rc-lookahead": 20, "aq-strength": 0.4, "subme": 2, "limit-refs": 3,
                       "limit-modes": 1, "b-intra": 1, "bframes": 5, "weightp": 1}),
        ("veryfast", {"psy-rd": 0.0, "aq-strength": 0.5, "ref": 1, "subme": 2, "max-merge": 3}),
        ("veryfast", {"psy-rd": 0.5, "rc-lookahead": 20}),
        ("superfast", {"ctu": 64, "rc-lookahead": 20, "psy-rd": 0.5, "ref": 2, "max-merge": 3, "bframes": 4,
                       "aq-mode": 2, "aq-strength": 0.8}),
    ),
    "smallest": (
        ("superfast", DENSE | LARGE_BLOCKS | {"b-intra": 1, "bframes": 5, "rc-lookahead": 30, "subme": 2, "b-adapt": 2,
                                              "aq-mode": 2, "aq-strength": 0.9, "ref": 3, "max-merge": 3}),
        ("superfast", DENSE | {"ctu": 64, "b-intra": 1, "bframes": 5, "limit-refs": 3, "rc-lookahead": 25, "subme": 2,
                               "aq-mode": 2, "aq-strength": 0.6, "ref": 2, "max-merge": 3, "b-adapt": 2}),
        ("medium", DENSE | {"psy-rd": 0.5, "limit-refs": 3, "aq-strength": 0.8, "fast-intra": 1, "ref": 2, "rd": 2,
                            "b-intra": 0}),
        ("medium", DENSE | {"limit-refs": 3, "aq-strength": 0.6, "fast-intra": 1, "ref": 2, "rd": 2}),
        ("medium", DENSE | {"limit-refs": 3, "aq-strength": 0.6, "fast-intra": 1, "ref": 2, "b-intra": 0}),
        ("medium", DENSE | {"bframes": 5, "limit-refs": 3, "rc-lookahead": 25, "aq-strength": 0.6, "fast-intra": 1}),
        ("medium", DENSE | {"b-adapt": 0, "bframes": 5, "limit-refs": 3, "rc-lookahead": 25, "aq-strength": 0.6}),
        ("medium", DENSE | {"b-adapt": 0, "bframes": 5, "limit-refs": 3, "rc-lookahead": 25, "aq-strength": 0.6,
                            "fast-intra": 1, "ref": 2, "rd": 2}),
        ("superfast", DENSE | {"ctu": 64, "b-intra": 1, "bframes": 6, "limit-refs": 3, "rc-lookahead": 25, "subme": 2,
                               "aq-mode": 2, "aq-strength": 0.6, "ref": 2, "max-merge": 3, "weightp": 1}),
        ("veryfast", DENSE | {"rd": 3, "b-adapt": 0, "bframes": 5, "subme": 2, "max-merge": 3,
                      "rc-lookahead": 25, "aq-strength": 0.6}),
        ("veryfast", DENSE | {"rd": 3, "b-adapt": 0, "bframes": 5, "subme": 2, "max-merge": 3,
                      "rc-lookahead": 25, "aq-mode": 3, "aq-strength": 0.6}),
        ("veryfast", DENSE | {"rd": 3, "b-adapt": 0, "bframes": 5, "subme": 2, "max-merge": 3,
                      "rc-lookahead": 25, "aq-mode": 4, "aq-strength": 0.6, "selective-sao": 1}),
        ("veryfast", {"psy-rd": 0.0, "rdoq-level": 1, "rd": 3, "b-adapt": 1, "limit-modes": 1, "bframes": 6,
                      "subme": 2, "max-merge": 4, "ref": 3, "rc-lookahead": 25, "aq-mode": 1, "aq-strength": 0.4}),
        ("veryfast", {"psy-rd": 0.0, "rdoq-level": 2, "rd": 3, "b-adapt": 1, "limit-modes": 1, "bframes": 6, "sao": 0,
                      "subme": 2, "max-merge": 3, "ref": 2, "rc-lookahead": 25, "aq-mode": 1, "aq-strength": 0.3}),
        ("veryfast", {"psy-rd": 0.0, "rdoq-level": 1, "rd": 4, "b-adapt": 1, "limit-modes": 1, "bframes": 5, "sao": 0,
                      "subme": 2, "max-merge": 3, "ref": 2, "rc-lookahead": 25, "aq-mode": 1, "aq-strength": 0.3}),
        ("veryfast", {"psy-rd": 0.0, "rd": 3, "b-adapt": 1, "limit-modes": 1, "bframes": 8, "sao": 0, "subme": 3,
                      "max-merge": 5, "ref": 4, "rc-lookahead": 40, "aq-mode": 1, "aq-strength": 0.3, "weightb": 1}),
        ("medium", {"psy-rd": 0.0, "sao": 0, "aq-mode": 1, "aq-strength": 0.4, "limit-refs": 3, "limit-modes": 1,
                    "bframes": 5, "rc-lookahead": 30}),
        ("medium", {"psy-rd": 0.3, "selective-sao": 1, "aq-mode": 3, "aq-strength": 0.5, "limit-refs": 3,
                    "limit-modes": 1, "bframes": 6, "rc-lookahead": 30, "subme": 3, "me": "star"}),
        ("medium", {"psy-rd": 0.0, "aq-strength": 0.6}),
        ("medium", {"psy-rd": 0.0, "aq-mode": 1, "aq-strength": 0.4, "limit-refs": 3, "limit-modes": 1, "bframes": 6,
                    "rc-lookahead": 30, "subme": 3, "max-merge": 4}),
        ("medium", {"psy-rd": 0.0, "aq-strength": 0.6, "limit-refs": 3, "subme": 3, "bframes": 6, "b-intra": 0}),
        ("medium", {"psy-rd": 0.5, "rc-lookahead": 25}),
        ("veryfast", {"psy-rd": 0.5, "rc-lookahead": 25, "subme": 2, "b-adapt": 2, "ref": 3, "max-merge": 3, "rd": 3}),
    ),
    "slower": (
        ("medium", DENSE | {"limit-refs": 3, "aq-mode": 1, "aq-strength": 0.3, "subme": 3, "me": "star", "bframes": 8,
                            "max-merge": 4, "rc-lookahead": 40, "ref": 4, "rd": 4, "rect": 1, "tu-inter-depth": 2,
                            "limit-tu": 4, "weightb": 1}),
        ("medium", DENSE | {"limit-refs": 3, "aq-strength": 0.4, "subme": 3, "me": "star", "bframes": 8, "sao": 1,
                            "max-merge": 5, "rc-lookahead": 40, "ref": 4, "rd": 5, "selective-sao": 2}),
        ("slow", {"psy-rd": 0.5, "psy-rdoq": 0.0, "sao": 0, "aq-strength": 0.7}),
        ("slow", DENSE | {"psy-rdoq": 0.0, "aq-strength": 0.6, "early-skip": 1, "bframes": 6, "rc-lookahead": 30}),
        ("medium", DENSE | {"limit-refs": 3, "aq-strength": 0.6, "subme": 3, "me": "star", "bframes": 6, "max-merge": 4,
                            "rc-lookahead": 30, "ref": 4, "rd": 4}),
        ("slow", DENSE | {"psy-rdoq": 0.0, "aq-strength": 0.6}),
        ("medium", DENSE | {"bframes": 8, "rc-lookahead": 40, "subme": 3, "me": "star", "max-merge": 4, "rd": 4,
                    "aq-strength": 0.6, "rect": 1}),
        ("slow", {"psy-rd": 0.0, "psy-rdoq": 0.0, "sao": 0, "aq-mode": 1, "aq-strength": 0.4, "bframes": 6,
                  "rc-lookahead": 40, "max-merge": 4, "early-skip": 1}),
        ("medium", {"psy-rd": 0.0, "selective-sao": 1, "aq-mode": 1, "aq-strength": 0.4, "limit-modes": 1, "rect": 1,
                    "bframes": 8, "rc-lookahead": 40, "subme": 4, "me": "star", "ref": 4, "max-merge": 5}),
        ("slow", {"psy-rd": 0.0, "psy-rdoq": 0.0, "aq-strength": 0.6}),
        ("slow", {"psy-rd": 0.0, "psy-rdoq": 0.0, "aq-mode": 1, "aq-strength": 0.4, "bframes": 8, "rc-lookahead": 40,
                  "max-merge": 4, "early-skip": 1, "b-intra": 1}),
        ("slow", {"psy-rd": 0.0, "psy-rdoq": 0.0, "early-skip": 1, "bframes": 8, "rc-lookahead": 35, "ref": 3}),
        ("slow", {"psy-rd": 0.5, "psy-rdoq": 0.0}),
        ("medium", {"psy-rd": 0.5, "rc-lookahead": 30, "subme": 3, "ref": 4, "bframes": 6, "rd": 4, "rdoq-level": 1}),
    ),
}  # fmt: skip
"""Where a search begins: after what was measured before it."""


def suggest(trial: optuna.Trial, goal: Goal) -> tuple[str, Parameters]:
    """A preset to start from and every parameter."""
    start = trial.suggest_categorical("preset", goal.starts)
    found: Parameters = {}
    for name, values in CHOICES.items():
        chosen = trial.suggest_categorical(name, values)
        found[name] = chosen if isinstance(chosen, str) else int(chosen or 0)
    found |= {name: trial.suggest_int(name, 0, 1) for name in SWITCHES}
    found |= {name: trial.suggest_int(name, least, most) for name, (least, most) in WHOLE.items()}
    found |= {name: round(trial.suggest_float(name, *ends, step=STEP), 2) for name, ends in BROKEN.items()}
    found["bframes"] = min(int(found["bframes"]), int(found["rc-lookahead"]) - 1)  # x265 refuses more
    return str(start), found


Point = dict[str, str | int | float]


def starting_points(goal: Goal, seed: int) -> list[Point]:
    """The presets that a search may start from, what was measured to be better than them, and neighbours of these.

    Most of the space is ten times too slow: the optimiser learns from points near the good ones, not from anywhere.
    """
    bases = {"faster": "veryfast"}  # the same point in x265 4.3
    plain: list[tuple[str, Parameters]] = [(start, {}) for start in (*goal.starts, goal.replaces)]
    points: list[Point] = []
    for start, changes in [*HINTS[goal.speed], *plain]:
        point = {"preset": start} | USUAL | PRESETS[bases.get(start, start)] | changes
        if start in goal.starts and point not in points:
            points.append(point)
    chance = random.Random(seed)
    return points + [neighbour(chance.choice(points), chance) for _ in range(NEIGHBOURS)]


def neighbour(point: Point, chance: random.Random) -> Point:
    """The point with a few parameters changed by a step.

    Samplers guess where points may be good; half of the time it is better to look beside the best ones.
    """
    changed = dict(point)
    for name in chance.sample(sorted(set(point) - {"preset"}), CHANGES):
        if name in CHOICES:
            changed[name] = chance.choice(CHOICES[name])
        elif name in SWITCHES:
            changed[name] = 1 - int(point[name])
        elif name in WHOLE:
            least, most = WHOLE[name]
            step = chance.choice((-1, 1)) * max(1, (most - least) // 6)
            changed[name] = min(most, max(least, int(point[name]) + step))
        else:
            low, high = BROKEN[name]
            changed[name] = round(min(high, max(low, float(point[name]) + chance.choice((-0.3, 0.3)))), 2)
    return changed


def argument(parameters: Parameters) -> str:
    """As ``-x265-params`` takes them. What belongs to a mode that is off is left out: x265 warns of it."""
    parts = []
    for name, value in parameters.items():
        if name == "deblock":
            value = str(value).replace(",", ":")
            parts.append(f"deblock={value.replace(':', ',')}")
        elif name == "aq-strength" and parameters.get("aq-mode") == 0:
            continue
        else:
            parts.append(f"{name}={value}")
    return ":".join(parts)
