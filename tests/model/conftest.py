"""The laws of the model's arithmetic are tried alike on every machine; a home with a scorecard."""

from pathlib import Path

import pytest
from hypothesis import settings

from tests.conftest import run

# A deadline would fail a test for its neighbours' work, a fresh seed for nobody's.
settings.register_profile("model", max_examples=100, deadline=None, derandomize=True)
settings.load_profile("model")


CARD = """
name = "card"
why = "A card to sign, in seconds."
[data]
test_share = 0.2
folds = 2
seed = 3
[features]
set = [
    "external_score_mean", "external_score_min", "application_income_amount", "application_phone_change_days",
    "application_occupation_category", "application_education_category", "application_contract_type_category",
    "bureau_debt_amount_sum", "instalments_late_days_mean", "instalments_late_days_mean_last10", "card_use_ratio_last",
    "application_goods_term_ratio", "across_granted_credit_ratio", "previous_decided_days_min_refused",
]
[[candidates]]
name = "scorecard"
learner = "scorecard"
[candidates.parameters]
information_value = 0.001
doubt = 0.9
"""


@pytest.fixture(scope="session")
def carded(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own whose version 1 is a scorecard, trained by the command a user would type."""
    own = tmp_path_factory.mktemp("carded")
    (own / "warehouse").symlink_to(home / "warehouse")
    (own / "features").symlink_to(home / "features")
    (own / "card.toml").write_text(CARD)
    run(own, "train", str(own / "card.toml"), "--threads", "1")
    return own
