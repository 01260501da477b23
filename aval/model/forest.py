"""A random forest as it decides: its trees in LightGBM's text format, so that one engine serves and explains both."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np

from aval.errors import ArtefactError
from aval.model import artefact
from aval.model.trees import BOOSTER, Trees

SETTINGS: Final = "settings.json"

_GAP_RIGHT: Final = 8
"""LightGBM's decision type: a number, compared by <=, with missing values sent to the right."""
_GAP_LEFT: Final = 10


class Forest(Trees):
    """Its margin is the mean vote of its trees, 0 to 1: contributions are votes, and calibration makes the log-odds."""

    kind: ClassVar[str] = "forest"
    link: ClassVar[str] = "identity"

    def __init__(self, text: str, settings: Mapping[str, str]) -> None:
        """From LightGBM's text format and what scikit-learn fitted it with."""
        super().__init__(text)
        self._settings = dict(settings)

    @property
    def parameters(self) -> dict[str, str]:
        """What scikit-learn's estimator held when it was fitted."""
        return dict(self._settings)

    def save(self, folder: Path) -> None:
        """LightGBM's text, and the settings beside it."""
        super().save(folder)
        artefact.write(folder / SETTINGS, self._settings)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises ArtefactError where a file is missing or not what it should be."""
        text = Trees.load(folder).text
        settings = artefact.read(folder / SETTINGS)
        if not isinstance(settings, dict):
            raise ArtefactError(folder / SETTINGS, "it holds no settings")
        return cls(text, {str(name): str(value) for name, value in settings.items()})


def text(trees: Iterable[Any], columns: int, share: float) -> str:
    """scikit-learn's fitted trees (`tree_` of each) as LightGBM's text; each leaf votes `share` of its defaulters.

    Both compare in double precision what training rounded to single, so that no row changes sides.
    """
    names = " ".join(f"Column_{place}" for place in range(columns))
    head = (
        *("tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0"),
        *(f"max_feature_idx={columns - 1}", f"feature_names={names}"),
        f"feature_infos={' '.join(['[-inf:inf]'] * columns)}",
    )
    written = [f"Tree={number}\n{_tree(tree, share)}\n\n" for number, tree in enumerate(trees)]
    return "\n".join(head) + "\n\n" + "\n".join(written) + f"\nend of trees\n\n# {BOOSTER}: a forest\n"


def _tree(tree: Any, share: float) -> str:
    """One tree: scikit-learn numbers nodes together, LightGBM the splits from 0 up and the leaves from -1 down."""
    split = tree.children_left >= 0
    place = np.where(split, np.cumsum(split) - 1, -np.cumsum(~split))
    vote = tree.value[:, 0, 1] / tree.value[:, 0].sum(axis=1) * share
    # What a split gained: the impurity of the rows it parted, weighed by how many they are.
    weight = tree.weighted_n_node_samples
    impure = tree.impurity * weight
    left, right = tree.children_left[split], tree.children_right[split]
    gaps = tree.missing_go_to_left[split].astype(bool)
    lines = {
        "num_leaves": int(np.count_nonzero(~split)),
        "num_cat": 0,
        "split_feature": _words(tree.feature[split]),
        "split_gain": _words(impure[split] - impure[left] - impure[right]),
        "threshold": _words(tree.threshold[split]),
        "decision_type": _words(np.where(gaps, _GAP_LEFT, _GAP_RIGHT)),
        "left_child": _words(place[left]),
        "right_child": _words(place[right]),
        "leaf_value": _words(vote[~split]),
        "leaf_weight": _words(weight[~split]),
        "leaf_count": _words(tree.n_node_samples[~split]),
        "internal_value": _words(vote[split]),
        "internal_weight": _words(weight[split]),
        "internal_count": _words(tree.n_node_samples[split]),
        "is_linear": 0,
        "shrinkage": 1,
    }
    return "\n".join(f"{name}={value}" for name, value in lines.items())


def _words(values: Any) -> str:
    """The shortest digits that read back as the same number."""
    return " ".join(map(repr, values.tolist()))
