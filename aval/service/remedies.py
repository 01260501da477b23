"""Every failure as a sentence for a person, with what to do: French, English."""

from collections.abc import Mapping
from typing import Final

from aval.service.terms import Pair

PROBLEMS: Final[dict[str, Pair]] = {
    "unreadable-body": (
        "La demande envoyée est illisible. Vérifiez le fichier et renvoyez-le.",
        "What was sent cannot be read. Check the file and send it again.",
    ),
    "not-authenticated": (
        "Votre session est terminée. Reconnectez-vous.",
        "Your session is over. Sign in again.",
    ),
    "not-allowed": (
        "Votre rôle ne le permet pas. Adressez-vous à un collègue qui peut, ou à votre administrateur.",
        "Your role does not allow this. Ask a colleague who may, or your administrator.",
    ),
    "applicant-unknown": (
        "Aucun demandeur de ce numéro dans l'entrepôt. Vérifiez le numéro, ou déposez son dossier.",
        "No applicant of this number in the warehouse. Check the number, or drop the dossier.",
    ),
    "decision-unknown": (
        "Aucune décision de ce numéro. Cherchez-la dans le journal.",
        "No decision of this number. Look for it in the journal.",
    ),
    "job-unknown": (
        "Ce fichier n'est plus suivi. Déposez-le de nouveau.",
        "This file is not followed any more. Drop it again.",
    ),
    "version-unknown": (
        "Aucune version de ce numéro. Choisissez-en une dans la liste.",
        "No version of this number. Choose one of the list.",
    ),
    "not-now": (
        "Ce n'est plus possible dans l'état de cette décision. Actualisez-la et regardez ce qui a changé.",
        "Not possible in the state of this decision. Look at it again to see what has changed.",
    ),
    "erased": (
        "Les données de cette personne ont été effacées : rien à rouvrir ni à refaire.",
        "This person's data were erased: there is nothing to open or to do again.",
    ),
    "too-large": (
        "L'envoi est trop volumineux. Envoyez moins de lignes à la fois.",
        "This is too large. Send fewer rows at a time.",
    ),
    "media-type": (
        "Ce type de fichier n'est pas accepté. Envoyez un CSV, un Parquet ou un zip de tables.",
        "This kind of file is not accepted. Send a CSV, a Parquet or a zip of tables.",
    ),
    "contract": (
        "Le dossier enfreint le contrat des tables. Corrigez ce qui suit et renvoyez-le.",
        "The dossier breaks the tables' contract. Correct what follows and send it again.",
    ),
    "request": (
        "La demande n'est pas de la forme attendue. Corrigez ce qui suit.",
        "The request is not of the form expected. Correct what follows.",
    ),
    "option": (
        "Une option n'est pas admise. Lisez laquelle et corrigez-la.",
        "An option is not admitted. Read which and correct it.",
    ),
    "change": (
        "Cette modification ne peut être simulée. Choisissez-en une autre.",
        "This change cannot be simulated. Choose another.",
    ),
    "idempotency-key-reused": (
        "Cette demande a déjà été envoyée autrement. Recommencez.",
        "This request was sent otherwise before. Begin again.",
    ),
    "override": (
        "La politique ne permet pas cette décision. Lisez pourquoi et corrigez-la.",
        "The policy does not allow this decision. Read why and correct it.",
    ),
    "unreadable-file": (
        "Ce fichier ne se lit pas comme des tables de demandes. Vérifiez ses colonnes et renvoyez-le.",
        "This file does not read as tables of applications. Check its columns and send it again.",
    ),
    "too-many-requests": (
        "Trop de demandes à la fois. Patientez quelques secondes et réessayez.",
        "Too many requests at once. Wait some seconds and try again.",
    ),
    "busy": (
        "Le service est très occupé. Réessayez dans quelques secondes.",
        "The service is very busy. Try again in some seconds.",
    ),
    "no-room": (
        "Le disque du service est plein : rien n'y est gardé. Réessayez plus tard, ou prévenez l'exploitation.",
        "The service's disk is full: what was sent could not be kept. Try again later, or tell operations.",
    ),
    "log-unavailable": (
        "Le registre ne répond pas : rien n'a été décidé. Réessayez, puis prévenez l'exploitation.",
        "The log does not answer: nothing was decided. Try again, then tell operations.",
    ),
    "identity-provider-unavailable": (
        "Le fournisseur d'identité ne répond pas. Réessayez dans une minute.",
        "The identity provider does not answer. Try again in a minute.",
    ),
    "no-model": (
        "Aucun modèle ne peut décider. Demandez à l'équipe du modèle d'en promouvoir un (aval train).",
        "No model can decide. Ask the model's team to promote one (aval train).",
    ),
    "no-policy": (
        "Aucune politique en vigueur. Prévenez l'administrateur.",
        "No policy is in force. Tell the administrator.",
    ),
    "warehouse-unavailable": (
        "L'entrepôt ne peut être lu. Déposez le dossier, ou prévenez l'exploitation (aval ingest).",
        "The warehouse cannot be read. Drop the dossier, or tell operations (aval ingest).",
    ),
    "timeout": (
        "L'envoi a été trop lent. Renvoyez-le.",
        "Sending took too long. Send it again.",
    ),
    "http": (
        "Le service ne connaît pas cette adresse. Vérifiez que le poste et le service sont de la même version.",
        "The service does not know this address. Check that desk and service are of one version.",
    ),
    "internal": (
        "Quelque chose a échoué dans le service. Réessayez ; si cela continue, prévenez l'exploitation.",
        "Something failed in the service. Try again; if it goes on, tell operations.",
    ),
}
"""By the last part of a problem's type."""

TITLES: Final[Mapping[int, Pair]] = {
    400: ("La demande est illisible", "The request cannot be read"),
    401: ("Non authentifié", "Not authenticated"),
    403: ("Non autorisé", "Not allowed"),
    404: ("Introuvable", "Not found"),
    405: ("Méthode non permise", "Method not allowed"),
    406: ("Forme non disponible", "Not acceptable"),
    408: ("La demande a pris trop de temps", "The request took too long"),
    409: ("Impossible à présent", "Not possible now"),
    410: ("Effacé", "Erased"),
    413: ("Trop volumineux", "Too large"),
    415: ("Type de contenu non accepté", "Unsupported media type"),
    422: ("La demande enfreint le contrat", "The request breaks the contract"),
    429: ("Trop de demandes", "Too many requests"),
    500: ("Erreur interne", "Internal error"),
    503: ("Indisponible à présent", "Not available now"),
}
"""Titles of problems, by their status."""
FAILED: Final[Pair] = ("Échec", "Failed")
"""Of a status that has no title."""

SAID: Final[Mapping[str, Pair]] = {
    "log-unavailable": (
        "Le registre des décisions ne peut être lu ni écrit, donc rien n'a été décidé ; réessayez dans un instant.",
        "The decision log cannot be read or written now, so nothing was decided; try again in a moment.",
    ),
    "no-model": (
        "Le modèle nécessaire n'est pas disponible ; réessayez dans un instant, ou prévenez l'exploitation.",
        "The model that this needs cannot be had now; try again in a moment, or ask who runs the service.",
    ),
    "no-policy": (
        "La politique n'est pas en vigueur aujourd'hui ; prévenez l'exploitation.",
        "The policy is not in force today; ask who runs the service.",
    ),
    "warehouse-unavailable": (
        "Les tables de l'établissement ne peuvent être lues ; envoyez le dossier lui-même, ou réessayez.",
        "The lender's tables cannot be read now; send the dossier itself, or try again.",
    ),
    "identity-provider-unavailable": (
        "Le fournisseur d'identité ne peut être interrogé ; réessayez dans un instant.",
        "The identity provider cannot be asked now; try again in a moment.",
    ),
    "internal": (
        "Quelque chose a échoué ici ; le numéro de la demande permet de le retrouver dans les journaux techniques.",
        "Something failed here; the request's number finds it in the logs.",
    ),
}
"""By the kind of a problem whose own sentence names machines and files, which are for the logs alone."""

LOST: Final = "Ce qui l'a décidée (modèle, politique ou données) n'est plus disponible ici, ou n'est plus tel qu'écrit."
"""Why a decision cannot be made again, in French, where the failure's own sentence is for the logs."""
