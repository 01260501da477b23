"""What was sold in earlier applications: the levels of their categories, each as a share of the applications."""

from typing import Final

import polars as pl

from aval.features.measure import History

# A level that fewer than one row in 500 has tells nothing and is left out.
_Level = tuple[str, str, str, str]

_LEVELS: Final[tuple[tuple[str, str, tuple[_Level, ...]], ...]] = (
    (
        "CODE_REJECT_REASON",
        "PREVIOUS_REFUSED",
        (
            ("rejecthc", "HC", "refused for reason HC", "refusées au motif HC"),
            ("rejectlimit", "LIMIT", "refused for reason LIMIT", "refusées au motif LIMIT"),
            ("rejectsco", "SCO", "refused for reason SCO", "refusées au motif SCO"),
        ),
    ),
    (
        "NAME_CLIENT_TYPE",
        "PREVIOUS_RECENT",
        (
            ("newclient", "New", "as a new client", "en tant que nouveau client"),
            ("repeater", "Repeater", "as a regular client", "en tant que client habituel"),
        ),
    ),
    (
        "NAME_PORTFOLIO",
        "PREVIOUS_TERMS",
        (
            ("portfoliopos", "POS", "of the POS portfolio", "du portefeuille POS"),
            ("portfoliocash", "Cash", "of the cash portfolio", "du portefeuille des prêts personnels"),
        ),
    ),
    (
        "NAME_PRODUCT_TYPE",
        "PREVIOUS_TERMS",
        (
            ("crosssell", "x-sell", "offered to a client", "proposées à un client"),
            ("walkin", "walk-in", "made at the counter", "faites au guichet"),
        ),
    ),
    (
        "NAME_YIELD_GROUP",
        "PREVIOUS_TERMS",
        (
            ("yieldhigh", "high", "at a high rate", "à taux élevé"),
            ("yieldmiddle", "middle", "at a middling rate", "à taux moyen"),
            ("yieldlow", "low_normal", "at a low rate", "à taux bas"),
            ("yieldaction", "low_action", "at a promotional rate", "à taux promotionnel"),
        ),
    ),
    (
        "NAME_PAYMENT_TYPE",
        "PREVIOUS_TERMS",
        (("paybank", "Cash through the bank", "paid through the bank", "payées par la banque"),),
    ),
    (
        "CHANNEL_TYPE",
        "PREVIOUS_TERMS",
        (
            ("channeloffice", "Credit and cash offices", "made in an office", "faites en agence"),
            ("channelcountry", "Country-wide", "made country-wide", "faites par le réseau national"),
            ("channelstone", "Stone", "made through the channel Stone", "faites par le canal Stone"),
            ("channelregional", "Regional / Local", "made locally", "faites par le réseau local"),
            ("channelcontact", "Contact center", "made by telephone", "faites par téléphone"),
            ("channelap", "AP+ (Cash loan)", "made through the channel AP+", "faites par le canal AP+"),
        ),
    ),
    (
        "NAME_SELLER_INDUSTRY",
        "PREVIOUS_TERMS",
        (
            ("sellerelectronics", "Consumer electronics", "at an electronics seller", "chez un vendeur d'électronique"),
            ("sellerconnectivity", "Connectivity", "at a telephone seller", "chez un vendeur de téléphonie"),
            ("sellerfurniture", "Furniture", "at a furniture seller", "chez un vendeur de meubles"),
        ),
    ),
    (
        "NAME_GOODS_CATEGORY",
        "PREVIOUS_TERMS",
        (
            ("goodsmobile", "Mobile", "for a telephone", "pour un téléphone"),
            ("goodscomputers", "Computers", "for a computer", "pour un ordinateur"),
            ("goodsaudio", "Audio/Video", "for audio or video", "pour du matériel audio ou vidéo"),
        ),
    ),
    (
        "NAME_CASH_LOAN_PURPOSE",
        "PREVIOUS_TERMS",
        (("purposeother", "Other", "for another purpose", "pour un autre objet"),),
    ),
    (
        "PRODUCT_COMBINATION",
        "PREVIOUS_TERMS",
        (
            (
                "productxselllow",
                "Cash X-Sell: low",
                "for a cash loan offered at a low rate",
                "de prêt proposé à taux bas",
            ),
            (
                "productxsellmiddle",
                "Cash X-Sell: middle",
                "for a cash loan offered at a middling rate",
                "de prêt proposé à taux moyen",
            ),
            (
                "productxsellhigh",
                "Cash X-Sell: high",
                "for a cash loan offered at a high rate",
                "de prêt proposé à taux élevé",
            ),
            (
                "productstreetlow",
                "Cash Street: low",
                "for a counter cash loan at a low rate",
                "de prêt au guichet à taux bas",
            ),
            (
                "productstreetmiddle",
                "Cash Street: middle",
                "for a counter cash loan at a middling rate",
                "de prêt au guichet à taux moyen",
            ),
            (
                "productstreethigh",
                "Cash Street: high",
                "for a counter cash loan at a high rate",
                "de prêt au guichet à taux élevé",
            ),
            ("productcardstreet", "Card Street", "for a card at the counter", "de carte au guichet"),
            ("productcardxsell", "Card X-Sell", "for a card that was offered", "de carte proposée"),
            (
                "productmobile",
                "POS mobile with interest",
                "for a telephone, with interest",
                "de téléphone, avec intérêts",
            ),
            (
                "producthousehold",
                "POS household with interest",
                "for the household, with interest",
                "d'équipement, avec intérêts",
            ),
            (
                "productindustry",
                "POS industry with interest",
                "for industry, with interest",
                "d'industrie, avec intérêts",
            ),
        ),
    ),
)


def of_previous(history: History) -> str:
    """Declare a flag for every level; their names, to take shares of."""
    tokens = []
    for column, reason, levels in _LEVELS:
        for token, level, en, fr in levels:
            history.flag(token, pl.col(column) == level, en, fr, reason)
            tokens.append(token)
    return " ".join(tokens)
