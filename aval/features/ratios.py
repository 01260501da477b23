"""Recipe R1: ratios and differences of the application's columns."""

from typing import Final

import polars as pl

from aval.credit.reason import Theme
from aval.features.application import BUILDING, DOCUMENTS, Derived, derived
from aval.features.measure import DAYS_A_YEAR, mean_known, quotient

_CREDIT = pl.col("AMT_CREDIT")
_ANNUITY = pl.col("AMT_ANNUITY")
_GOODS = pl.col("AMT_GOODS_PRICE")
_INCOME = pl.col("AMT_INCOME_TOTAL")
_BIRTH = pl.col("DAYS_BIRTH")
_EMPLOYED = pl.col("DAYS_EMPLOYED")
_REGISTRATION = pl.col("DAYS_REGISTRATION")
_IDENTITY = pl.col("DAYS_ID_PUBLISH")
_PHONE = pl.col("DAYS_LAST_PHONE_CHANGE")
_CAR = pl.col("OWN_CAR_AGE")
_CHILDREN = pl.col("CNT_CHILDREN")
_FAMILY = pl.col("CNT_FAM_MEMBERS")
_ADULTS = _FAMILY - _CHILDREN

DAYS_A_MONTH = 30
A_DAY: Final = 1 / DAYS_A_YEAR
"""In years. Constants multiply, never divide: Polars divides one row by a constant in another way than a column."""


def _documents() -> pl.Expr:
    return pl.sum_horizontal(f"FLAG_DOCUMENT_{number}" for number in DOCUMENTS)


def _building(*stems: str) -> pl.Expr:
    return mean_known(*(f"{stem}_AVG" for stem in stems))


def _unknown(*columns: str) -> pl.Expr:
    return pl.sum_horizontal(pl.col(column).is_null() for column in columns)


_AREAS = ("BASEMENTAREA", "COMMONAREA", "LANDAREA", "LIVINGAREA", "NONLIVINGAREA")
_FLATS = ("APARTMENTS", "LIVINGAPARTMENTS", "NONLIVINGAPARTMENTS")
_FLOORS = ("FLOORSMAX", "FLOORSMIN", "ELEVATORS", "ENTRANCES")
_AGES = ("YEARS_BEGINEXPLUATATION", "YEARS_BUILD")
_CONTACT = ("FLAG_EMP_PHONE", "FLAG_WORK_PHONE", "FLAG_CONT_MOBILE", "FLAG_PHONE", "FLAG_EMAIL")
_PLACES = (
    *("REG_REGION_NOT_LIVE_REGION", "REG_REGION_NOT_WORK_REGION", "LIVE_REGION_NOT_WORK_REGION"),
    *("REG_CITY_NOT_LIVE_CITY", "REG_CITY_NOT_WORK_CITY", "LIVE_CITY_NOT_WORK_CITY"),
)
_ASKED = tuple(f"AMT_REQ_CREDIT_BUREAU_{stem}" for stem in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR"))


def _known_sum(columns: tuple[str, ...]) -> pl.Expr:
    """Sum of columns that are known or unknown together; unknown stays unknown."""
    return pl.when(pl.col(columns[0]).is_not_null()).then(pl.sum_horizontal(*columns))


_RATIOS: Final = (
    # name, expression, English, French, reason or theme, actionable
    (
        "term_ratio",
        quotient(_CREDIT, _ANNUITY),
        "Credit requested over its monthly instalment",
        "Rapport du crédit demandé à sa mensualité",
        "CREDIT_TERM",
        True,
    ),
    (
        "credit_goods_ratio",
        quotient(_CREDIT, _GOODS),
        "Credit requested over the price of the goods",
        "Rapport du crédit demandé au prix du bien",
        "DOWN_PAYMENT",
        True,
    ),
    (
        "goods_gap_amount",
        _GOODS - _CREDIT,
        "Price of the goods less the credit requested",
        "Prix du bien moins le crédit demandé",
        "DOWN_PAYMENT",
        True,
    ),
    (
        "credit_income_ratio",
        quotient(_CREDIT, _INCOME),
        "Credit requested over yearly income",
        "Rapport du crédit demandé au revenu annuel",
        "INCOME_BURDEN",
        True,
    ),
    (
        "annuity_income_ratio",
        quotient(_ANNUITY, _INCOME),
        "Monthly instalment over yearly income",
        "Rapport de la mensualité au revenu annuel",
        "INCOME_BURDEN",
        True,
    ),
    (
        "goods_income_ratio",
        quotient(_GOODS, _INCOME),
        "Price of the goods over yearly income",
        "Rapport du prix du bien au revenu annuel",
        "INCOME_BURDEN",
        True,
    ),
    (
        "goods_term_ratio",
        quotient(_GOODS, _ANNUITY),
        "Price of the goods over the monthly instalment",
        "Rapport du prix du bien à la mensualité",
        "CREDIT_TERM",
        True,
    ),
    (
        "income_left_amount",
        _INCOME - 12 * _ANNUITY,
        "Yearly income less a year of instalments",
        "Revenu annuel moins un an de mensualités",
        "INCOME_BURDEN",
        True,
    ),
    (
        "credit_income_gap_amount",
        _CREDIT - _INCOME,
        "Credit requested less yearly income",
        "Crédit demandé moins le revenu annuel",
        "INCOME_BURDEN",
        True,
    ),
    (
        "income_per_child_amount",
        _INCOME / (_CHILDREN + 1),
        "Yearly income per child, plus one",
        "Revenu annuel par enfant, plus un",
        Theme.INCOME,
        False,
    ),
    (
        "income_per_member_amount",
        quotient(_INCOME, _FAMILY),
        "Yearly income per family member",
        "Revenu annuel par membre du foyer",
        Theme.INCOME,
        False,
    ),
    ("adults_count", _ADULTS, "Number of adults in the family", "Nombre d'adultes du foyer", Theme.PERSON, False),
    (
        "income_per_adult_amount",
        quotient(_INCOME, _ADULTS),
        "Yearly income per adult",
        "Revenu annuel par adulte",
        Theme.INCOME,
        False,
    ),
    (
        "credit_per_adult_amount",
        quotient(_CREDIT, _ADULTS),
        "Credit requested per adult",
        "Crédit demandé par adulte",
        Theme.INCOME,
        False,
    ),
    (
        "annuity_per_adult_amount",
        quotient(_ANNUITY, _ADULTS),
        "Monthly instalment per adult",
        "Mensualité par adulte",
        Theme.INCOME,
        False,
    ),
    (
        "annuity_per_member_amount",
        quotient(_ANNUITY, _FAMILY),
        "Monthly instalment per family member",
        "Mensualité par membre du foyer",
        Theme.INCOME,
        False,
    ),
    (
        "children_share",
        quotient(_CHILDREN, _FAMILY),
        "Share of children in the family",
        "Part des enfants dans le foyer",
        Theme.PERSON,
        False,
    ),
    (
        "employed_age_ratio",
        quotient(_EMPLOYED, _BIRTH),
        "Time in the present employment over age",
        "Rapport de l'ancienneté dans l'emploi à l'âge",
        Theme.EMPLOYMENT,
        False,
    ),
    (
        "identity_age_ratio",
        quotient(_IDENTITY, _BIRTH),
        "Time since the identity document was changed over age",
        "Rapport du temps depuis le changement de pièce d'identité à l'âge",
        Theme.CONTACT,
        False,
    ),
    (
        "phone_age_ratio",
        quotient(_PHONE, _BIRTH),
        "Time since the telephone was changed over age",
        "Rapport du temps depuis le changement de téléphone à l'âge",
        Theme.CONTACT,
        False,
    ),
    (
        "registration_age_ratio",
        quotient(_REGISTRATION, _BIRTH),
        "Time since the registration was changed over age",
        "Rapport du temps depuis le changement d'inscription à l'âge",
        Theme.CONTACT,
        False,
    ),
    (
        "car_age_ratio",
        quotient(_CAR * DAYS_A_YEAR, -_BIRTH),
        "Age of the car over the applicant's age",
        "Rapport de l'âge du véhicule à celui du demandeur",
        Theme.PERSON,
        False,
    ),
    (
        "car_employed_ratio",
        quotient(_CAR * DAYS_A_YEAR, -_EMPLOYED),
        "Age of the car over the time in the present employment",
        "Rapport de l'âge du véhicule à l'ancienneté dans l'emploi",
        "CAR",
        False,
    ),
    (
        "age_end_years",
        (DAYS_A_MONTH * quotient(_CREDIT, _ANNUITY) - _BIRTH) * A_DAY,
        "Age when the credit would end",
        "Âge à la fin du crédit",
        Theme.PERSON,
        False,
    ),
    (
        "employed_start_years",
        (_EMPLOYED - _BIRTH) * A_DAY,
        "Age at the start of the present employment",
        "Âge au début de l'emploi actuel",
        Theme.EMPLOYMENT,
        False,
    ),
    (
        "registration_start_years",
        (_REGISTRATION - _BIRTH) * A_DAY,
        "Age when the registration was changed",
        "Âge lors du changement d'inscription",
        Theme.CONTACT,
        False,
    ),
    (
        "identity_start_years",
        (_IDENTITY - _BIRTH) * A_DAY,
        "Age when the identity document was changed",
        "Âge lors du changement de pièce d'identité",
        Theme.CONTACT,
        False,
    ),
    (
        "phone_start_years",
        (_PHONE - _BIRTH) * A_DAY,
        "Age when the telephone was changed",
        "Âge lors du changement de téléphone",
        Theme.CONTACT,
        False,
    ),
    (
        "employed_registration_days",
        _REGISTRATION - _EMPLOYED,
        "From the start of employment to the change of registration",
        "Du début de l'emploi au changement d'inscription",
        "STABILITY",
        False,
    ),
    (
        "employed_identity_days",
        _IDENTITY - _EMPLOYED,
        "From the start of employment to the change of identity document",
        "Du début de l'emploi au changement de pièce d'identité",
        "STABILITY",
        False,
    ),
    (
        "employed_phone_days",
        _PHONE - _EMPLOYED,
        "From the start of employment to the change of telephone",
        "Du début de l'emploi au changement de téléphone",
        "STABILITY",
        False,
    ),
    (
        "registration_identity_days",
        _IDENTITY - _REGISTRATION,
        "From the change of registration to that of the identity document",
        "Du changement d'inscription à celui de la pièce d'identité",
        "STABILITY",
        False,
    ),
    (
        "registration_phone_days",
        _PHONE - _REGISTRATION,
        "From the change of registration to that of the telephone",
        "Du changement d'inscription à celui du téléphone",
        "STABILITY",
        False,
    ),
    (
        "identity_phone_days",
        _PHONE - _IDENTITY,
        "From the change of identity document to that of the telephone",
        "Du changement de pièce d'identité à celui du téléphone",
        "STABILITY",
        False,
    ),
    (
        "employed_income_ratio",
        quotient(_INCOME, 30 - _EMPLOYED),
        "Yearly income over the days in the present employment",
        "Rapport du revenu annuel aux jours d'ancienneté dans l'emploi",
        "EMPLOYMENT_LENGTH",
        False,
    ),
    ("documents_count", _documents(), "Number of documents supplied", "Nombre de pièces fournies", "DOCUMENTS", True),
    (
        "contact_count",
        pl.sum_horizontal(*_CONTACT),
        "Number of ways to reach the applicant",
        "Nombre de moyens de joindre le demandeur",
        "DOCUMENTS",
        True,
    ),
    (
        "places_differ_count",
        pl.sum_horizontal(*_PLACES),
        "Number of differences between permanent, contact and work address",
        "Nombre d'écarts entre adresses permanente, de contact et professionnelle",
        "REGION",
        False,
    ),
    (
        "enquiries_total_count",
        _known_sum(_ASKED),
        "Number of credit bureau enquiries in the last year",
        "Nombre de consultations du fichier de crédit au cours de la dernière année",
        "ENQUIRIES",
        False,
    ),
    (
        "enquiries_recent_count",
        _known_sum(_ASKED[:4]),
        "Number of credit bureau enquiries in the last month",
        "Nombre de consultations du fichier de crédit au cours du dernier mois",
        "ENQUIRIES",
        False,
    ),
    (
        "circle_default_ratio",
        quotient(pl.col("DEF_30_CNT_SOCIAL_CIRCLE"), pl.col("OBS_30_CNT_SOCIAL_CIRCLE")),
        "Acquaintances in default over acquaintances observed, at 30 days",
        "Rapport des proches en défaut aux proches observés, à 30 jours",
        "SOCIAL_CIRCLE",
        False,
    ),
    (
        "region_rating_income_amount",
        quotient(_INCOME, pl.col("REGION_RATING_CLIENT_W_CITY")),
        "Yearly income over the rating of the region",
        "Revenu annuel rapporté à la note de la région",
        "INCOME",
        False,
    ),
    (
        "building_area_index",
        _building(*_AREAS),
        "Building where the applicant lives, mean of its areas",
        "Immeuble du demandeur, moyenne des surfaces",
        "HOUSING",
        False,
    ),
    (
        "building_flats_index",
        _building(*_FLATS),
        "Building where the applicant lives, mean size of its flats",
        "Immeuble du demandeur, moyenne des tailles d'appartement",
        "HOUSING",
        False,
    ),
    (
        "building_height_index",
        _building(*_FLOORS),
        "Building where the applicant lives, mean of floors, lifts and entrances",
        "Immeuble du demandeur, moyenne des étages, ascenseurs et entrées",
        "HOUSING",
        False,
    ),
    (
        "building_years_index",
        _building(*_AGES),
        "Building where the applicant lives, mean of its years",
        "Immeuble du demandeur, moyenne de ses années",
        "HOUSING",
        False,
    ),
    (
        "building_mean_index",
        _building(*(stem for _, stem, _, _ in BUILDING)),
        "Building where the applicant lives, mean of all averages",
        "Immeuble du demandeur, moyenne de toutes les moyennes",
        "HOUSING",
        False,
    ),
    (
        "building_unknown_count",
        _unknown(*(f"{stem}_AVG" for _, stem, _, _ in BUILDING)),
        "Number of unknown averages of the building",
        "Nombre de moyennes inconnues de l'immeuble",
        Theme.HOUSING,
        False,
    ),
)


def _features() -> list[Derived]:
    found = [
        derived(f"application_{name}", expr, en, fr, why, actionable=acted)
        for name, expr, en, fr, why, acted in _RATIOS
    ]
    found.append(
        derived(
            "application_region_category",
            pl.col("REGION_POPULATION_RELATIVE").cast(pl.String),
            "Region, known by its relative population",
            "Région, identifiée par sa population relative",
            "REGION",
            kind="category",
        )
    )
    return found


FEATURES: Final = tuple(_features())
