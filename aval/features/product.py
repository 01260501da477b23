"""What was sold in earlier applications: the levels of their categories, each as a share of the applications.

Left out are a level that fewer than one row in 500 has, XNA and XAP (not said), one that another feature holds (a
rejection by the client is an unused offer), the day of the week, and who came along (family; the column is protected).
"""

from typing import Final

import polars as pl

from aval.features.measure import History

_Level = tuple[str, str, str, str]

_LEVELS: Final[tuple[tuple[str, str, tuple[_Level, ...]], ...]] = (
    (
        "CODE_REJECT_REASON",
        "PREVIOUS_REFUSED",
        (
            ("rejecthc", "HC", "refused for reason HC", "refusées au motif HC"),
            ("rejectlimit", "LIMIT", "refused for reason LIMIT", "refusées au motif LIMIT"),
            ("rejectsco", "SCO", "refused for reason SCO", "refusées au motif SCO"),
            ("rejectscofr", "SCOFR", "refused for reason SCOFR", "refusées au motif SCOFR"),
            ("rejectverif", "VERIF", "refused for reason VERIF", "refusées au motif VERIF"),
        ),
    ),
    (
        "NAME_CLIENT_TYPE",
        "PREVIOUS_RECENT",
        (
            ("newclient", "New", "as a new client", "en tant que nouveau client"),
            ("repeater", "Repeater", "as a regular client", "en tant que client habituel"),
            ("refreshed", "Refreshed", "as a returning client", "en tant que client de retour"),
        ),
    ),
    (
        "NAME_PORTFOLIO",
        "PREVIOUS_TERMS",
        (
            ("portfoliopos", "POS", "of the POS portfolio", "du portefeuille POS"),
            ("portfoliocash", "Cash", "of the cash portfolio", "du portefeuille des prêts personnels"),
            ("portfoliocards", "Cards", "of the card portfolio", "du portefeuille des cartes"),
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
        (
            ("paybank", "Cash through the bank", "paid through the bank", "payées par la banque"),
            ("payaccount", "Non-cash from your account", "paid from an account", "payées depuis un compte"),
        ),
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
            ("channelcorporate", "Channel of corporate sales", "made through an employer", "faites par un employeur"),
        ),
    ),
    (
        "NAME_SELLER_INDUSTRY",
        "PREVIOUS_TERMS",
        (
            ("sellerelectronics", "Consumer electronics", "at an electronics seller", "chez un vendeur d'électronique"),
            ("sellerconnectivity", "Connectivity", "at a telephone seller", "chez un vendeur de téléphonie"),
            ("sellerfurniture", "Furniture", "at a furniture seller", "chez un vendeur de meubles"),
            ("sellerconstruction", "Construction", "at a building merchant", "chez un vendeur de matériaux"),
            ("sellerclothing", "Clothing", "at a clothing seller", "chez un vendeur de vêtements"),
            ("sellerindustry", "Industry", "at an industrial seller", "chez un vendeur industriel"),
            ("sellerauto", "Auto technology", "at a seller of car parts", "chez un vendeur de pièces automobiles"),
        ),
    ),
    (
        "NAME_GOODS_CATEGORY",
        "PREVIOUS_TERMS",
        (
            ("goodsmobile", "Mobile", "for a telephone", "pour un téléphone"),
            ("goodscomputers", "Computers", "for a computer", "pour un ordinateur"),
            ("goodsaudio", "Audio/Video", "for audio or video", "pour du matériel audio ou vidéo"),
            ("goodselectronics", "Consumer Electronics", "for electronics", "pour de l'électronique"),
            ("goodsfurniture", "Furniture", "for furniture", "pour des meubles"),
            ("goodsconstruction", "Construction Materials", "for building materials", "pour des matériaux"),
            ("goodsclothing", "Clothing and Accessories", "for clothing", "pour des vêtements"),
            ("goodsphoto", "Photo / Cinema Equipment", "for a camera", "pour du matériel photo"),
            ("goodsauto", "Auto Accessories", "for car parts", "pour des accessoires automobiles"),
            ("goodsjewelry", "Jewelry", "for jewelry", "pour des bijoux"),
            ("goodshome", "Homewares", "for the home", "pour des articles de maison"),
            ("goodsmedical", "Medical Supplies", "for medical supplies", "pour des fournitures médicales"),
            ("goodsgarden", "Gardening", "for a garden", "pour le jardin"),
        ),
    ),
    (
        "NAME_CASH_LOAN_PURPOSE",
        "PREVIOUS_TERMS",
        (
            ("purposeother", "Other", "for another purpose", "pour un autre objet"),
            ("purposerepairs", "Repairs", "for repairs", "pour des travaux"),
            ("purposeurgent", "Urgent needs", "for urgent needs", "pour des besoins urgents"),
        ),
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
            (
                "producthouseholdfree",
                "POS household without interest",
                "for the household, without interest",
                "d'équipement, sans intérêts",
            ),
            (
                "productmobilefree",
                "POS mobile without interest",
                "for a telephone, without interest",
                "de téléphone, sans intérêts",
            ),
            (
                "productindustryfree",
                "POS industry without interest",
                "for industry, without interest",
                "d'industrie, sans intérêts",
            ),
            (
                "productother",
                "POS other with interest",
                "for another purchase, with interest",
                "d'autre achat, avec intérêts",
            ),
            ("productcash", "Cash", "for a cash loan not described", "de prêt personnel sans autre précision"),
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
