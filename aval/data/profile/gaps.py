"""What is missing: by column, and which columns of the application go missing together."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from aval.data.profile.bins import Labels, rate, tally
from aval.data.profile.facts import Block, Gap, Missing, Pattern

_TOGETHER = 0.95  # of the applicants who miss either column, so many miss both
_MOST = 63  # blocks that fit the bits of one integer
_SHOWN = 15  # patterns worth a line

Mask = npt.NDArray[np.bool_]


def missing(application: pl.DataFrame, labels: Labels, others: Mapping[tuple[str, str], tuple[int, int]]) -> Missing:
    """`others`: (rows, missing) of every (table, column) of the histories. Stand-ins are not missing values."""
    masks = {name: application[name].is_null().to_numpy() for name in application.columns}
    masks = {name: mask for name, mask in masks.items() if mask.any()}
    columns = [_gap(name, mask, labels) for name, mask in masks.items()]
    columns += [
        Gap(table, column, rows, lost, lost / rows, None, None)
        for (table, column), (rows, lost) in others.items()
        if lost
    ]
    columns.sort(key=lambda gap: (-gap.share, gap.table, gap.column))
    blocks, some = _blocks(masks, labels)
    patterns, in_all = _patterns(some, labels)
    return Missing(tuple(columns), blocks, patterns, in_all)


def _gap(name: str, mask: Mask, labels: Labels) -> Gap:
    there, absent = tally(mask.astype(np.int64), labels, 2)
    rows, lost, found = len(mask), int(mask.sum()), rate(absent)
    return Gap("application", name, rows, lost, lost / rows, found, rate(there) if found else None)


def _blocks(masks: Mapping[str, Mask], labels: Labels) -> tuple[tuple[Block, ...], list[Mask]]:
    """Blocks, the most missing first, and who misses any of their columns.

    Each column joins the first block whose leader (its most missing column) shares nearly all its gaps, so that
    no chain of small differences links columns that differ much.
    """
    if not masks:
        return (), []
    names = sorted(masks, key=lambda name: (-int(masks[name].sum()), name))
    stacked = np.array([masks[name] for name in names], dtype=np.float32)
    both = stacked @ stacked.T  # whole numbers below 2**24 are exact
    sizes = np.diag(both)
    members: list[list[int]] = []
    for place in range(len(names)):
        for block in members:
            shared = both[block[0], place]
            if shared >= _TOGETHER * (sizes[block[0]] + sizes[place] - shared):
                block.append(place)
                break
        else:
            members.append([place])
    blocks, some = [], []
    for block in members:
        losses = stacked[block].sum(axis=0)
        lost = losses > 0
        there, absent = tally(lost.astype(np.int64), labels, 2)
        blocks.append(
            Block(
                columns=tuple(sorted(names[place] for place in block)),
                some=int(lost.sum()),
                all=int((losses == len(block)).sum()),
                share=float(lost.mean()),
                absent=rate(absent),
                there=rate(there) if rate(absent) else None,
            )
        )
        some.append(lost)
    order = sorted(range(len(blocks)), key=lambda place: (-blocks[place].some, blocks[place].columns))
    return tuple(blocks[place] for place in order), [some[place] for place in order]


def _patterns(some: Sequence[Mask], labels: Labels) -> tuple[tuple[Pattern, ...], int]:
    """The most frequent patterns over the blocks, and how many there are."""
    if not len(labels):
        return (), 0
    bits = np.zeros(len(labels), np.uint64)
    for place, mask in enumerate(some[:_MOST]):
        bits |= mask.astype(np.uint64) << np.uint64(place)
    found, codes = np.unique(bits, return_inverse=True)
    counts = tally(codes.astype(np.int64), labels, len(found))
    rows = counts.sum(axis=1)
    order = np.argsort(-rows, kind="stable")[:_SHOWN]
    return tuple(
        Pattern(
            blocks=tuple(place for place in range(min(len(some), _MOST)) if int(found[at]) >> place & 1),
            rows=int(rows[at]),
            share=float(rows[at] / len(labels)),
            rate=rate(counts[at]),
        )
        for at in order
    ), len(found)
