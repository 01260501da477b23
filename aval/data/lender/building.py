"""The home: forty-seven measures of the building an applicant lives in, mostly unknown."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from aval.data.lender.draws import Flags, Floats, choose, words

MEASURES: Final = {  # (share missing, median, value at 99 %, weight of quality, share of zeros)
    "APARTMENTS": (0.507, 0.0876, 0.547, 0.95, 0.004),
    "BASEMENTAREA": (0.585, 0.0764, 0.392, 0.60, 0.04),
    "YEARS_BEGINEXPLUATATION": (0.488, 0.9821, 0.999, 0.15, 0.002),
    "YEARS_BUILD": (0.665, 0.762, 0.986, 0.35, 0.001),
    "COMMONAREA": (0.699, 0.0208, 0.363, 0.55, 0.06),
    "ELEVATORS": (0.533, 0.0, 0.6, 0.80, 0.0),
    "ENTRANCES": (0.503, 0.1379, 0.517, 0.35, 0.002),
    "FLOORSMAX": (0.498, 0.1667, 0.667, 0.60, 0.02),
    "FLOORSMIN": (0.678, 0.2083, 0.708, 0.55, 0.02),
    "LANDAREA": (0.592, 0.049, 0.394, 0.45, 0.04),
    "LIVINGAPARTMENTS": (0.684, 0.0752, 0.463, 0.92, 0.004),
    "LIVINGAREA": (0.502, 0.0756, 0.551, 0.93, 0.002),
    "NONLIVINGAPARTMENTS": (0.694, 0.0, 0.112, 0.15, 0.55),
    "NONLIVINGAREA": (0.550, 0.0036, 0.330, 0.25, 0.42),
}
"""As in the real tables (RECIPES: 50-70 % missing)."""
FONDKAPREMONT: Final = {
    "reg oper account": 7187,
    "reg oper spec account": 1166,
    "org spec account": 592,
    "not specified": 529,
}
HOUSETYPE: Final = {"block of flats": 14671, "specific housing": 154, "terraced house": 117}
WALLS: Final = {
    "Panel": 6543,
    "Stone, brick": 6239,
    "Block": 906,
    "Wooden": 486,
    "Mixed": 230,
    "Monolithic": 185,
    "Others": 157,
}
EMERGENCY: Final = {"No": 15520, "Yes": 206}
CATEGORY_MISSING: Final = {
    "FONDKAPREMONT_MODE": 0.683,
    "HOUSETYPE_MODE": 0.500,
    "WALLSMATERIAL_MODE": 0.507,
    "EMERGENCYSTATE_MODE": 0.474,
}
TOTALAREA: Final = (0.482, 0.0693, 0.525)


def _values(name: str, z: Floats, zero: Flags) -> Floats:
    """A measure scaled to its own median and upper tail; the building register keeps all within 0 and 1."""
    _, median, high, _, _ = MEASURES[name]
    if name == "ELEVATORS":
        return np.clip(np.where(z < 0.4, 0.0, np.ceil((z - 0.4) * 4.0) * 0.08), 0, 1)
    if name == "YEARS_BUILD":
        value = median + 0.105 * z
    elif name == "YEARS_BEGINEXPLUATATION":
        spread = np.log((1 - median) / (1 - high)) / 2.33
        value = 1 - (1 - median) * np.exp(-spread * z)
    elif median == 0.0:
        value = 0.004 * np.exp(np.log(high / 0.004) / 2.0 * np.maximum(z, 0.0))
    else:
        value = median * np.exp(np.log(high / median) / 2.33 * z)
    if name in ("FLOORSMAX", "FLOORSMIN", "ENTRANCES"):
        value = np.round(value * 24) / 24
    return np.clip(np.where(zero, 0.0, value), 0.0, 1.0)


def building_columns(rng: np.random.Generator, wealth: Floats, income_residual: Floats) -> dict[str, pl.Series]:
    """APARTMENTS_AVG to EMERGENCYSTATE_MODE; a register that knows one measure often knows the rest."""
    size = len(wealth)
    quality = 0.35 * wealth + 0.12 * income_residual + 0.9 * rng.standard_normal(size)
    registered = rng.random(size)
    averages: dict[str, Floats] = {}
    middles: dict[str, Floats] = {}
    modes: dict[str, Floats] = {}
    for name, (missing, _, _, weight, zeros) in MEASURES.items():
        z = weight * quality + np.sqrt(max(0.0, 1 - weight**2)) * rng.standard_normal(size)
        absent = np.where(rng.random(size) < 0.9, registered, rng.random(size)) < missing
        zero = rng.random(size) < zeros
        average = np.where(absent, np.nan, _values(name, z, zero))
        averages[f"{name}_AVG"] = np.asarray(np.round(average, 4), np.float64)
        middles[f"{name}_MEDI"] = np.round(np.where(rng.random(size) < 0.7, average, average * 1.006), 4).clip(0, 1)
        modes[f"{name}_MODE"] = np.round(
            np.where(rng.random(size) < 0.3, average, average * np.exp(0.06 * rng.standard_normal(size))), 4
        ).clip(0, 1)
    columns = {name: pl.Series(value).fill_nan(None) for name, value in (averages | modes | middles).items()}
    for label, table in (("FONDKAPREMONT_MODE", FONDKAPREMONT), ("HOUSETYPE_MODE", HOUSETYPE)):
        columns[label] = _category(rng, label, table, registered)
    missing, median, high = TOTALAREA
    area = np.clip(
        median * np.exp(np.log(high / median) / 2.33 * (0.93 * quality + 0.37 * rng.standard_normal(size))), 0, 1
    )
    columns["TOTALAREA_MODE"] = pl.Series(np.where(registered < missing, np.nan, np.round(area, 4))).fill_nan(None)
    for label, table in (("WALLSMATERIAL_MODE", WALLS), ("EMERGENCYSTATE_MODE", EMERGENCY)):
        columns[label] = _category(rng, label, table, registered)
    return columns


def _category(rng: np.random.Generator, label: str, table: dict[str, int], registered: Floats) -> pl.Series:
    """A described property of the building, unknown where the register has no entry."""
    codes = choose(rng, list(table.values()), len(registered))
    return words([*table, None], np.where(registered < CATEGORY_MISSING[label], len(table), codes))
