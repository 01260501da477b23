"""The application itself: its own columns, under names with a unit, days turned into a positive number.

TARGET and SK_ID_CURR are never features. Of the building columns the averages are kept: the modes and medians of
the same quantities rank applicants as the averages do.
"""

from dataclasses import dataclass, field
from typing import Final

import polars as pl

from aval.credit.reason import REASONS, Theme
from aval.features.feature import Kind


@dataclass(frozen=True, slots=True)
class Derived:
    """A feature written as one expression over application columns, aggregates of histories and `STEPS`."""

    name: str
    expr: pl.Expr = field(compare=False, repr=False)
    en: str
    fr: str
    theme: Theme
    reason: str | None = None
    kind: Kind = "number"
    actionable: bool = False


def derived(
    name: str,
    expr: pl.Expr,
    en: str,
    fr: str,
    why: str | Theme,
    *,
    kind: Kind = "number",
    actionable: bool = False,
) -> Derived:
    """`why` is a reason's code, or a theme for what is never given as a reason."""
    if isinstance(why, Theme):
        return Derived(name, expr, en, fr, why, None, kind, actionable)
    return Derived(name, expr, en, fr, REASONS[why].theme, why, kind, actionable)


_CATEGORIES: Final = (
    # name, column, English, French, reason or theme
    ("contract_type", "NAME_CONTRACT_TYPE", "Kind of contract requested", "Type de contrat demandé", "CONTRACT_KIND"),
    ("sex", "CODE_GENDER", "Sex of the applicant", "Sexe du demandeur", Theme.PERSON),
    ("companion", "NAME_TYPE_SUITE", "Who came along to apply", "Personne accompagnant le demandeur", Theme.PERSON),
    ("income_type", "NAME_INCOME_TYPE", "Source of income", "Source de revenu", "EMPLOYMENT_KIND"),
    ("education", "NAME_EDUCATION_TYPE", "Highest level of education", "Niveau d'études le plus élevé", "EDUCATION"),
    ("family_status", "NAME_FAMILY_STATUS", "Family status", "Situation de famille", Theme.PERSON),
    ("housing_type", "NAME_HOUSING_TYPE", "Kind of housing", "Type de logement", "HOUSING"),
    ("occupation", "OCCUPATION_TYPE", "Occupation", "Profession", "EMPLOYMENT_KIND"),
    ("organization", "ORGANIZATION_TYPE", "Sector of the employer", "Secteur de l'employeur", "EMPLOYMENT_KIND"),
    (
        "weekday",
        "WEEKDAY_APPR_PROCESS_START",
        "Day of the week of the application",
        "Jour de la semaine de la demande",
        Theme.CONTACT,
    ),
    ("repair_fund", "FONDKAPREMONT_MODE", "Repair fund of the building", "Fonds de travaux de l'immeuble", "HOUSING"),
    ("house_type", "HOUSETYPE_MODE", "Kind of building", "Type d'immeuble", "HOUSING"),
    ("wall_material", "WALLSMATERIAL_MODE", "Material of the walls", "Matériau des murs", "HOUSING"),
)

_NUMBERS: Final = (
    ("credit_amount", "AMT_CREDIT", "Amount of the credit requested", "Montant du crédit demandé", "CREDIT_AMOUNT"),
    ("annuity_amount", "AMT_ANNUITY", "Monthly instalment of the credit", "Mensualité du crédit", "CREDIT_TERM"),
    ("goods_amount", "AMT_GOODS_PRICE", "Price of the goods financed", "Prix du bien financé", "CREDIT_AMOUNT"),
    ("income_amount", "AMT_INCOME_TOTAL", "Declared yearly income", "Revenu annuel déclaré", "INCOME"),
    ("children_count", "CNT_CHILDREN", "Number of children", "Nombre d'enfants", Theme.PERSON),
    ("family_count", "CNT_FAM_MEMBERS", "Number of family members", "Nombre de membres du foyer", Theme.PERSON),
    (
        "region_population_index",
        "REGION_POPULATION_RELATIVE",
        "Relative population of the region",
        "Population relative de la région",
        "REGION",
    ),
    ("car_age_years", "OWN_CAR_AGE", "Age of the car", "Âge du véhicule", "CAR"),
    ("region_rating", "REGION_RATING_CLIENT", "Rating of the region", "Note de la région", "REGION"),
    (
        "region_city_rating",
        "REGION_RATING_CLIENT_W_CITY",
        "Rating of the region, taking the city into account",
        "Note de la région, ville comprise",
        "REGION",
    ),
    (
        "application_hour",
        "HOUR_APPR_PROCESS_START",
        "Hour of the day of the application",
        "Heure de la demande",
        Theme.CONTACT,
    ),
    (
        "circle_observed30_count",
        "OBS_30_CNT_SOCIAL_CIRCLE",
        "Number of acquaintances seen 30 days past due or not",
        "Nombre de proches observés à 30 jours d'impayé",
        "SOCIAL_CIRCLE",
    ),
    (
        "circle_default30_count",
        "DEF_30_CNT_SOCIAL_CIRCLE",
        "Number of acquaintances in default at 30 days past due",
        "Nombre de proches en défaut à 30 jours d'impayé",
        "SOCIAL_CIRCLE",
    ),
    (
        "circle_observed60_count",
        "OBS_60_CNT_SOCIAL_CIRCLE",
        "Number of acquaintances seen 60 days past due or not",
        "Nombre de proches observés à 60 jours d'impayé",
        "SOCIAL_CIRCLE",
    ),
    (
        "circle_default60_count",
        "DEF_60_CNT_SOCIAL_CIRCLE",
        "Number of acquaintances in default at 60 days past due",
        "Nombre de proches en défaut à 60 jours d'impayé",
        "SOCIAL_CIRCLE",
    ),
)

_DAYS: Final = (
    ("age_days", "DAYS_BIRTH", "Age of the applicant", "Âge du demandeur", Theme.PERSON),
    (
        "employed_days",
        "DAYS_EMPLOYED",
        "Time in the present employment",
        "Ancienneté dans l'emploi actuel",
        "EMPLOYMENT_LENGTH",
    ),
    (
        "registration_days",
        "DAYS_REGISTRATION",
        "Time since the registration was changed",
        "Temps écoulé depuis le changement d'inscription",
        "STABILITY",
    ),
    (
        "identity_days",
        "DAYS_ID_PUBLISH",
        "Time since the identity document was changed",
        "Temps écoulé depuis le changement de pièce d'identité",
        "STABILITY",
    ),
    (
        "phone_change_days",
        "DAYS_LAST_PHONE_CHANGE",
        "Time since the telephone was changed",
        "Temps écoulé depuis le changement de téléphone",
        "STABILITY",
    ),
)

_FLAGS: Final = (
    ("mobile_flag", "FLAG_MOBIL", "Gave a mobile number", "Numéro de mobile fourni", "DOCUMENTS"),
    ("employer_phone_flag", "FLAG_EMP_PHONE", "Gave an employer's number", "Numéro de l'employeur fourni", "DOCUMENTS"),
    ("work_phone_flag", "FLAG_WORK_PHONE", "Gave a work number", "Numéro professionnel fourni", "DOCUMENTS"),
    ("mobile_reached_flag", "FLAG_CONT_MOBILE", "The mobile could be reached", "Mobile joignable", "DOCUMENTS"),
    ("home_phone_flag", "FLAG_PHONE", "Gave a home number", "Numéro du domicile fourni", "DOCUMENTS"),
    ("email_flag", "FLAG_EMAIL", "Gave an e-mail address", "Adresse électronique fournie", "DOCUMENTS"),
    (
        "region_differs_live_flag",
        "REG_REGION_NOT_LIVE_REGION",
        "Permanent and contact address are in different regions",
        "Adresses permanente et de contact dans des régions différentes",
        "REGION",
    ),
    (
        "region_differs_work_flag",
        "REG_REGION_NOT_WORK_REGION",
        "Permanent and work address are in different regions",
        "Adresses permanente et professionnelle dans des régions différentes",
        "REGION",
    ),
    (
        "region_live_differs_work_flag",
        "LIVE_REGION_NOT_WORK_REGION",
        "Contact and work address are in different regions",
        "Adresses de contact et professionnelle dans des régions différentes",
        "REGION",
    ),
    (
        "city_differs_live_flag",
        "REG_CITY_NOT_LIVE_CITY",
        "Permanent and contact address are in different cities",
        "Adresses permanente et de contact dans des villes différentes",
        "REGION",
    ),
    (
        "city_differs_work_flag",
        "REG_CITY_NOT_WORK_CITY",
        "Permanent and work address are in different cities",
        "Adresses permanente et professionnelle dans des villes différentes",
        "REGION",
    ),
    (
        "city_live_differs_work_flag",
        "LIVE_CITY_NOT_WORK_CITY",
        "Contact and work address are in different cities",
        "Adresses de contact et professionnelle dans des villes différentes",
        "REGION",
    ),
)

_YES: Final = (
    ("car_flag", "FLAG_OWN_CAR", "Y", "Owns a car", "Possède un véhicule", "CAR"),
    ("realty_flag", "FLAG_OWN_REALTY", "Y", "Owns a house or flat", "Possède un bien immobilier", "HOUSING"),
    (
        "emergency_state_flag",
        "EMERGENCYSTATE_MODE",
        "Yes",
        "The building is in a state of emergency",
        "Immeuble en état d'urgence",
        "HOUSING",
    ),
)

_ENQUIRIES: Final = (
    ("hour", "HOUR", "in the last hour", "au cours de la dernière heure"),
    ("day", "DAY", "in the last day, the last hour apart", "au cours du dernier jour, hors dernière heure"),
    ("week", "WEEK", "in the last week, the last day apart", "au cours de la dernière semaine, hors dernier jour"),
    ("month", "MON", "in the last month, the last week apart", "au cours du dernier mois, hors dernière semaine"),
    ("quarter", "QRT", "in the last three months, the last apart", "au cours des trois derniers mois, hors le dernier"),
    (
        "year",
        "YEAR",
        "in the last year, the last three months apart",
        "au cours de la dernière année, hors les trois derniers mois",
    ),
)

BUILDING: Final = (
    ("apartments", "APARTMENTS", "size of the flats", "taille des appartements"),
    ("basement", "BASEMENTAREA", "area of the basement", "surface du sous-sol"),
    ("exploitation", "YEARS_BEGINEXPLUATATION", "year the building came into use", "année de mise en service"),
    ("build", "YEARS_BUILD", "year of construction", "année de construction"),
    ("common", "COMMONAREA", "common area", "surface commune"),
    ("elevators", "ELEVATORS", "number of lifts", "nombre d'ascenseurs"),
    ("entrances", "ENTRANCES", "number of entrances", "nombre d'entrées"),
    ("floorsmax", "FLOORSMAX", "largest number of floors", "nombre maximal d'étages"),
    ("floorsmin", "FLOORSMIN", "smallest number of floors", "nombre minimal d'étages"),
    ("land", "LANDAREA", "area of the land", "surface du terrain"),
    ("livingapartments", "LIVINGAPARTMENTS", "size of the inhabited flats", "taille des appartements habités"),
    ("living", "LIVINGAREA", "living area", "surface habitable"),
    ("nonlivingapartments", "NONLIVINGAPARTMENTS", "size of the other flats", "taille des appartements non habités"),
    ("nonliving", "NONLIVINGAREA", "area not lived in", "surface non habitable"),
)
"""Part of the building -> its columns' stem and phrases."""

DOCUMENTS: Final = range(2, 22)

_ACTED_ON: Final = frozenset(
    (
        *("AMT_CREDIT", "AMT_ANNUITY", "AMT_GOODS_PRICE", "NAME_CONTRACT_TYPE", "FLAG_EMP_PHONE", "FLAG_WORK_PHONE"),
        *("FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL", "AMT_INCOME_TOTAL", "NAME_HOUSING_TYPE", "FLAG_OWN_CAR"),
    )
)
"""What a person can choose when they apply, or set right within months."""


def _columns() -> list[Derived]:
    found: list[Derived] = []
    for name, column, en, fr, why in _CATEGORIES:
        acted = column in _ACTED_ON
        found.append(
            derived(f"application_{name}_category", pl.col(column), en, fr, why, kind="category", actionable=acted)
        )
    for name, column, en, fr, why in (*_NUMBERS, *_FLAGS):
        acted = column in _ACTED_ON
        found.append(derived(f"application_{name}", pl.col(column), en, fr, why, actionable=acted))
    for name, column, en, fr, why in _DAYS:
        found.append(derived(f"application_{name}", -pl.col(column), en, fr, why))
    for name, column, yes, en, fr, why in _YES:
        acted = column in _ACTED_ON
        found.append(derived(f"application_{name}", pl.col(column) == yes, en, fr, why, actionable=acted))
    for name, stem, en, fr in _ENQUIRIES:
        found.append(
            derived(
                f"application_enquiries_{name}_count",
                pl.col(f"AMT_REQ_CREDIT_BUREAU_{stem}"),
                f"Number of credit bureau enquiries {en}",
                f"Nombre de consultations du fichier de crédit {fr}",
                "ENQUIRIES",
            )
        )
    for name, stem, en, fr in BUILDING:
        found.append(
            derived(
                f"application_building_{name}_index",
                pl.col(f"{stem}_AVG"),
                f"Building where the applicant lives, average {en}",
                f"Immeuble du demandeur, moyenne : {fr}",
                "HOUSING",
            )
        )
    found.append(
        derived(
            "application_building_total_index",
            pl.col("TOTALAREA_MODE"),
            "Building where the applicant lives, most frequent total area",
            "Immeuble du demandeur, surface totale la plus fréquente",
            "HOUSING",
        )
    )
    found.extend(
        derived(
            f"application_document{number}_flag",
            pl.col(f"FLAG_DOCUMENT_{number}"),
            f"Document {number} was supplied",
            f"Pièce {number} fournie",
            "DOCUMENTS",
            actionable=True,
        )
        for number in DOCUMENTS
    )
    return found


FEATURES: Final = tuple(_columns())
