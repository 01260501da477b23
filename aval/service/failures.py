"""What failures say in French, by the English forms that errors are made of; a form that is missing fails a test."""

from typing import Any, Final

from aval.credit.reason import Language
from aval.errors import Said
from aval.service.terms import RIGHTS, ROLES, SPACE, typeset

_FILES: Final = {
    "{file}: {what}; {remedy}.": "{file} {what} ; {remedy}.",
    "{where}: no {wanted} there; {remedy}.": "{where} : il manque {wanted} ; {remedy}.",
    "{files} both hold the table {table}; keep one of them.": "{files} contiennent la même table {table} ; "
    "gardez un seul de ces fichiers.",
    "{file}: column {names} missing; add it under its published name and run again.": "{file} : il manque la colonne "
    "{names} ; ajoutez-la sous son nom publié et recommencez.",
    "{file}: columns {names} missing; add it under its published name and run again.": "{file} : il manque les "
    "colonnes {names} ; ajoutez-les sous leurs noms publiés et recommencez.",
    "{file}: columns {names}, and {more} more missing; add it under its published name and run again.": (
        "{file} : il manque les colonnes {names} et {more} autres ; ajoutez-les sous leurs noms publiés et recommencez."
    ),
    "{file}: no value of column {column} is {wanted}; check that the file's columns are not shifted.": "{file} : "
    "aucune valeur de la colonne {column} n'est {wanted} ; vérifiez que les colonnes du fichier ne sont pas décalées.",
    "{file}: {rows:,} rows repeat the key {key}; remove the repeated rows.": "{file} : lignes qui répètent la clé "
    "{key} : {rows} ; supprimez les répétitions.",
    "{table}: {rejected:,} of {rows:,} rows break the contract (most often {worst}), more than tolerated; "
    "look at {where}, mend the source, or allow it with --tolerate.": "{table} : {rejected} lignes sur {rows} "
    "enfreignent le contrat de données (le plus souvent {worst}), plus que toléré ; regardez {where}, corrigez la "
    "source, ou admettez-le par --tolerate.",
    "{name}": "{name}",
    "{name} and {rest}": "{name} et {rest}",
    "The upload": "L'envoi",
    "The upload {what}; {remedy}.": "L'envoi {what} ; {remedy}.",
    "its first line names no column of the table": "ne nomme sur sa première ligne aucune colonne de la table",
    "put the published names there": "mettez-y les noms publiés",
    "holds no application": "ne contient aucune demande",
    "holds no application that keeps the contract": "ne contient aucune demande qui respecte le contrat de données",
    "export it again": "exportez le fichier de nouveau",
    "is neither a folder nor a zip": "n'est ni un dossier de fichiers ni un zip",
    "give the folder that holds the tables": "donnez le dossier qui contient les tables",
    "file or folder": "un fichier ou un dossier",
    "give the folder or the zip that holds application.csv": "donnez le dossier ou le zip qui contient application.csv",
    "is not a .csv, .csv.gz, .zip or .parquet file": "n'est pas un fichier .csv, .csv.gz, .zip ou .parquet",
    "save it as one of these": "enregistrez-le sous l'une de ces formes",
    "application table": "la table des demandes",
    "add application_train.csv, application_test.csv or both": "ajoutez application_train.csv, application_test.csv, "
    "ou les deux",
    "is truncated or not a zip archive": "est tronqué ou n'est pas une archive zip",
    "is truncated or damaged": "est tronqué ou endommagé",
    "is truncated or not what its name says": "est tronqué ou n'est pas ce que dit son nom",
    "is truncated or not the archive it begins as": "est tronqué ou n'est pas l'archive que son début annonce",
    "is damaged, or a quotation mark is never closed": "est endommagé, ou un guillemet n'y est jamais refermé",
    "a quotation mark is never closed": "contient un guillemet qui n'est jamais refermé",
    "copy or download it again": "copiez ou téléchargez le fichier de nouveau",
    "copy or export it again": "copiez ou exportez le fichier de nouveau",
    "pack and send it again": "refaites l'archive et renvoyez-la",
    "is empty": "est vide",
    "is UTF-16 text": "est un texte en UTF-16",
    "save it as UTF-8": "enregistrez-le en UTF-8",
    "is not the text its name says": "n'est pas le texte que son nom annonce",
    "give it the ending of what it is (.zip, .gz, .parquet)": "donnez-lui l'extension de ce qu'il est (.zip, .gz, "
    ".parquet)",
    "semicolons": "des points-virgules",
    "tabs": "des tabulations",
    "bars": "des barres verticales",
    "its values are separated by {mark}": "sépare ses valeurs par {mark}",
    "save it with commas": "enregistrez-le avec des virgules",
    "two columns share a name": "contient deux colonnes du même nom",
    "column {column} stands there twice": "contient deux fois la colonne {column}",
    "keep one of them": "gardez-en une seule",
    "does not hold exactly one file": "ne contient pas exactement un fichier",
    "zip each table by itself": "mettez chaque table dans un zip à part",
    "does not hold a .csv file": "ne contient pas de fichier .csv",
    "zip the CSV file itself": "mettez le fichier CSV lui-même dans le zip",
    "a date (YYYY-MM-DD)": "une date (AAAA-MM-JJ)",
    "a whole number": "un nombre entier",
    "a number": "un nombre",
    "text": "un texte",
    "holds too many files": "contient trop de fichiers",
    "zip the tables alone": "ne mettez dans le zip que les tables",
    "holds an archive in an archive": "contient une archive dans une archive",
    "pack the tables themselves, once": "mettez les tables elles-mêmes dans une seule archive",
    "unpacks to more than {bytes:,} bytes": "dépasse {bytes} octets une fois décompressé",
    "unpacks to more than {ratio} times its size": "dépasse {ratio} fois sa taille une fois décompressé",
    "send it in several files": "envoyez-le en plusieurs fichiers",
    "send the tables": "envoyez les tables elles-mêmes",
    "is encrypted": "est chiffré",
    "send it without a password": "envoyez-le sans mot de passe",
    "is compressed in an unusual way": "est compressé d'une façon inhabituelle",
    "zip it with deflate": "refaites le zip avec la méthode deflate",
    "must lie between 0 and 1": "doit être compris entre 0 et 1",
    "It ended unfinished, for a reason that is not the file's; send it again, or ask who runs this service.": "Le "
    "traitement s'est arrêté avant la fin, sans que le fichier soit en cause ; renvoyez-le, ou prévenez "
    "l'exploitation.",
    "The job is not done": "Le traitement du fichier n'est pas terminé",
    "ask again at {address}": "redemandez-le à l'adresse {address}",
    "No job of this number is known; check the number.": "Aucun traitement de fichier sous ce numéro ; vérifiez le "
    "numéro.",
}
"""Files and the jobs that decide them."""

_BODIES: Final = {
    "The body {what} at line {line}, column {column}; send one JSON object in UTF-8.": "Le corps de la demande {what} "
    "(ligne {line}, colonne {column}) ; envoyez un objet JSON en UTF-8.",
    "The body is not JSON; send one JSON object in UTF-8.": "Le corps de la demande n'est pas du JSON ; envoyez un "
    "objet JSON en UTF-8.",
    "The body is not {wanted}; name what it is in Content-Type.": "Le corps de la demande n'est pas du type attendu "
    "({wanted}) ; nommez son type dans Content-Type.",
    "The body came too slowly; send it again.": "Le corps de la demande est arrivé trop lentement ; renvoyez-le.",
    "The body is larger than {most:,} bytes; send a file to /decisions/file, in parts if need be.": "Le corps de la "
    "demande dépasse {most} octets ; envoyez un fichier à /decisions/file, en plusieurs parties s'il le faut.",
    "Content-Length is not a number.": "Content-Length n'est pas un nombre.",
    "{place}: breaks the rule {rule}; see the OpenAPI at /openapi.json.": "{place} : la règle {rule} n'est pas "
    "respectée ; voyez la description OpenAPI à l'adresse /openapi.json.",
    "There is nothing at this address; the addresses are at /openapi.json.": "Il n'y a rien à cette adresse ; les "
    "adresses sont décrites dans /openapi.json.",
    "This address does not take that method; see /openapi.json.": "Cette adresse n'accepte pas cette méthode ; voyez "
    "/openapi.json.",
    "application/json": "application/json",
    "one of {kinds}": "l'un de {kinds}",
    "lacks a name in quotation marks": "manque d'un nom entre guillemets",
    "lacks a comma": "manque d'une virgule",
    "lacks a colon": "manque d'un deux-points",
    "lacks a value": "manque d'une valeur",
    "has a text that is never closed": "contient un texte qui n'est jamais refermé",
    "has a control character in a text": "contient un caractère de contrôle dans un texte",
    "has an escape that JSON does not know": "contient un échappement que JSON ne connaît pas",
    "has a comma too many": "contient une virgule de trop",
    "goes on after its end": "continue après sa fin",
    "is UTF-16 or UTF-32": "est en UTF-16 ou UTF-32",
    "is not JSON": "n'est pas du JSON",
    "is not UTF-8": "n'est pas en UTF-8",
    "is nested deeper than {depth}": "est emboîté sur plus de {depth} niveaux",
    "has a number that JSON does not know (NaN or Infinity)": "contient un nombre que JSON ne connaît pas (NaN ou "
    "Infinity)",
    "has a number that is too long or too large": "contient un nombre trop long ou trop grand",
    "has an escape that stands for half a character": "contient un échappement qui n'est qu'un demi-caractère",
    "has the same name twice in one object": "contient deux fois le même nom dans un objet",
    "{first} ({total:,} problem in all); mend the dossier and send it again.": "{first} ({total} problème en tout) ; "
    "corrigez le dossier et renvoyez-le.",
    "{first} ({total:,} problems in all); mend the dossier and send it again.": "{first} ({total} problèmes en tout) ; "
    "corrigez le dossier et renvoyez-le.",
    "{place}: {column} breaks {rule}": "{place} : {column} ne respecte pas la règle {rule}",
    "{table}, row {row}": "{table}, ligne {row}",
    "the whole": "l'ensemble",
    "The dossier holds {rows:,} rows; send at most {limit:,} rows for one applicant.": "Le dossier contient {rows} "
    "lignes ; envoyez-en au plus {limit} pour un demandeur.",
    "The Idempotency-Key came with another request before; send a new key for a new request.": "Cette Idempotency-Key "
    "est déjà venue avec une autre demande ; prenez une nouvelle clé pour une nouvelle demande.",
    "{option} {rule}.": "{option} {rule}.",
    "is none of this log's; leave it out for the first page": "n'est pas de ce registre ; omettez-le pour la première "
    "page",
    "is a day or an instant of the calendar, in UTC": "doit être un jour ou un instant du calendrier, en UTC",
    "are columns of one length": "doivent être des colonnes de même longueur",
    "lie between 0 and 1": "doivent être comprises entre 0 et 1",
    "are known and not negative": "doivent être connus et non négatifs",
    "is above 0 a second, with a burst of at least 1": "doit dépasser 0 par seconde, avec une rafale d'au moins 1",
}
"""Requests and dossiers."""

_DOORS: Final = {
    "{what}; {remedy}.": "{what} ; {remedy}.",
    "The key is not one of this service": "Cette clé n'est pas de ce service",
    "ask an administrator for one (`aval key add`)": "demandez-en une à un administrateur (`aval key add`)",
    "The request shows no key": "La demande ne présente aucune clé",
    "send one as `X-API-Key` or `Authorization: Bearer`": "envoyez-en une par `X-API-Key` ou `Authorization: Bearer`",
    "The request shows two keys": "La demande présente deux clés",
    "send X-API-Key or Authorization, not both": "envoyez X-API-Key ou Authorization, pas les deux",
    "Too many {what}; try again in {seconds:.1f} s.": "Trop de {what} ; réessayez dans {seconds} s.",
    "requests": "demandes",
    "failed attempts from this address": "tentatives manquées depuis cette adresse",
    "The role {role} may not {right}; ask an administrator for a role that may.": (
        "Le rôle « {role} » n'a pas ce droit : {right} ; demandez à un administrateur un rôle qui l'a."
    ),
    "The bearer token's claim {claim} holds no role of this service; ask an administrator for one.": "Dans le jeton, "
    "la revendication {claim} ne porte aucun rôle de ce service ; demandez-en un à un administrateur.",
    "The bearer token {what}": "Le jeton {what}",
    "The bearer token has expired": "Le jeton a expiré",
    "sign in again": "reconnectez-vous",
    "sign in again with the bank's identity provider": "reconnectez-vous auprès du fournisseur d'identité de la banque",
    "is too long": "est trop long",
    "is of another type": "est d'un autre type",
    "is signed with a key the identity provider does not publish": "est signé d'une clé que le fournisseur d'identité "
    "ne publie pas",
    "is signed in a way that is not accepted": "est signé d'une façon qui n'est pas acceptée",
    "is not signed by the identity provider, or damaged": "n'est pas signé par le fournisseur d'identité, ou est "
    "endommagé",
    "lacks a claim, or has one that is not accepted: {claim}": "n'a pas une revendication attendue, ou en a une qui "
    "n'est pas acceptée : {claim}",
    "names nobody": "ne nomme personne",
    "names its holder by what {unfit}": "nomme son porteur par un nom qui {unfit}",
    "is not of 1 to 100 characters": "n'a pas de 1 à 100 caractères",
    "holds characters that do not print, or begins or ends with a space": "contient des caractères non imprimables, ou "
    "commence ou finit par une espace",
    "is one that records of the service itself bear": "est un nom que portent les écritures du service lui-même",
    "What was sent cannot be kept on this disk now ({what}); try again later.": "L'envoi ne peut pas être gardé sur ce "
    "disque en ce moment ({what}) ; réessayez plus tard.",
    "The chain is being walked already": "La chaîne est déjà en cours de vérification",
    "begins like a key": "commence comme une clé",
    "{what}; try again in a moment.": "{what} ; réessayez dans un instant.",
    "More applications came at once than can be decided": "Plus de demandes sont arrivées à la fois qu'il ne peut en "
    "être décidé",
    "The turn did not come in time": "Le tour de cette demande n'est pas venu à temps",
}
"""Who may, and how many at once."""

_DECISIONS: Final = {
    "{where}: no application with this SK_ID_CURR; check the number or ingest the newer tables.": "{where} : aucune "
    "demande sous ce numéro (SK_ID_CURR) ; vérifiez le numéro, ou chargez les tables plus récentes.",
    "The warehouse": "L'entrepôt",
    "The log": "Le registre",
    "the dossiers": "les dossiers",
    "No decision of this number is in the log; check the number.": "Aucune décision sous ce numéro dans le registre ; "
    "vérifiez le numéro.",
    "No version of this number is registered; the versions are at /models.": "Aucune version sous ce numéro ; les "
    "versions sont à l'adresse /models.",
    "Decision {decision}: everything personal in it was erased; only its public part is left.": "Décision {decision} : "
    "tout ce qui y était personnel a été effacé ; il n'en reste que la partie publique.",
    "An override approves or declines": "La décision d'un conseiller est un accord ou un refus",
    "choose one of the two": "choisissez l'un des deux",
    "The motive is not in the policy's list": "Ce motif n'est pas dans la liste de la politique",
    "use one of {motives}": "prenez l'un de ceux-ci : {motives}",
    "Say why in your own words": "Dites pourquoi en vos propres mots",
    "write 1 to {most:,} characters": "écrivez de 1 à {most} caractères",
    "The hard rule {rule} declined": "La règle impérative {rule} a refusé la demande",
    "no officer may approve against it": "aucun conseiller ne peut l'accorder malgré elle",
    "An override waits for a second officer": "La décision d'un conseiller attend un second avis",
    "let them confirm or reject it first": "qu'elle soit d'abord confirmée ou rejetée",
    "That verdict stands already": "Ce verdict est déjà en vigueur",
    "there is nothing to override": "il n'y a rien à décider autrement",
    "No override waits for a second officer": "Aucune décision n'attend de second avis",
    "look at the decision again": "regardez la décision de nouveau",
    "The second pair of eyes must be another officer's": "Le second avis doit être celui d'un autre conseiller",
    "ask a colleague": "demandez à un collègue",
    "Another officer was quicker": "Un autre conseiller a été plus rapide",
    "{option}: {what}; {remedy}.": "{option} : {what} ; {remedy}.",
    "a revolving loan has neither term nor price": "un crédit renouvelable n'a ni durée ni prix",
    "move the credit instead": "changez plutôt le montant du crédit",
    "the application asks for no amount": "la demande n'indique pas de montant",
    "set AMT_CREDIT first": "donnez d'abord AMT_CREDIT",
    "no plausible term follows from the instalment": "la mensualité ne correspond à aucune durée plausible",
    "set AMT_ANNUITY or move another lever": "donnez AMT_ANNUITY, ou changez autre chose",
    "the application states no price of goods": "la demande n'indique pas le prix du bien",
    "set AMT_GOODS_PRICE or move another lever": "donnez AMT_GOODS_PRICE, ou changez autre chose",
    "they hold more or less than one application": "il n'y a pas exactement une demande",
    "give exactly one": "donnez-en exactement une",
    "not an amount that can be lent": "ce montant ne peut être prêté",
    "give more than 0": "donnez plus de 0",
    "not a term that is offered": "cette durée n'est pas proposée",
    "give whole months from 1 to {longest}": "donnez un nombre entier de mois, de 1 à {longest}",
    "not a part of the price": "cet apport n'est pas une partie du prix",
    "give 0 or more, below the price": "donnez 0 ou plus, et moins que le prix",
    "it names a column that no officer may change": "cette colonne ne peut être changée par un conseiller",
    "use {columns}": "prenez {columns}",
    "it would lie outside the contract": "la valeur sortirait des limites permises",
    "keep it within {low:.0f} to {high:.0f}": "restez entre {low} et {high}",
}
"""Decisions, and what would be decided."""

_CHAIN: Final = {
    "a record is missing": "il manque un maillon",
    "decisions stand without their record": "des décisions n'ont plus leur maillon",
    "decision {decision} is not the one that was written": "la décision {decision} n'est pas celle qui fut écrite",
    "decision {decision}: {wrong}": "décision {decision} : {wrong}",
    "its person's key is gone, and no erasure is on record": "la clé de la personne a disparu, sans effacement "
    "enregistré",
    "its person was erased, and the key is there again": "la personne a été effacée, et sa clé est de nouveau là",
    "its sealed part does not open with the key of the person it is said to be about": "sa partie scellée ne s'ouvre "
    "pas avec la clé de la personne qu'elle est censée concerner",
    "its decisions are not those that were written": "ses décisions ne sont pas celles qui furent écrites",
    "it does not follow the record before it": "il ne suit pas le maillon précédent",
    "it is not the record that was written": "ce n'est pas le maillon qui fut écrit",
    "this {kind} is about no decision before it": "cet événement ({kind}) ne porte sur aucune décision antérieure",
    "the last record is not the one the log ended with": "le dernier maillon n'est pas celui par lequel le registre "
    "finissait",
    "the exported head is not signed by this log": "la tête exportée n'est pas signée par ce registre",
    "the log ends before record {seq}, which it once held: it was cut short": "le registre finit avant le maillon "
    "{seq}, qu'il a contenu : il a été tronqué",
    "it is another record than the one whose hash was exported": "ce n'est pas le maillon dont l'empreinte fut "
    "exportée",
}
"""Faults of the log."""

FRENCH: Final = {
    **{role: french for role, (french, _) in ROLES.items()},
    **{right.replace("_", " "): french for right, (french, _) in RIGHTS.items()},
    **_FILES,
    **_BODIES,
    **_DOORS,
    **_DECISIONS,
    **_CHAIN,
}
"""English form -> French."""


def said(sentence: str, lang: Language, otherwise: str = "") -> str:
    """A sentence in the reader's language; where it was made of what the catalogue lacks, `otherwise` or as it is."""
    if lang != "fr" or not sentence:
        return str(sentence)
    try:
        return _french(Said(sentence))
    except KeyError:
        return otherwise or str(sentence)


def _french(sentence: Said) -> str:
    facts = {name: _fact(fact) for name, fact in sentence.facts.items()}
    form = typeset(FRENCH[sentence.form], "fr")
    return form.format(**facts) if facts else form


def _fact(fact: Any) -> Any:
    """Parts are said, figures written as in French, names left as they are."""
    if isinstance(fact, Said):
        return _french(fact)
    if isinstance(fact, int | float):
        return f"{fact:,.1f}".removesuffix(".0").replace(",", SPACE).replace(".", ",")
    return fact
