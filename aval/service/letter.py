"""The letter a customer receives: one calm page to print, in their language, without a figure of the model.

What it says about rights follows the General Data Protection Regulation (EU) 2016/679, articles 15 (1)(h) among them,
16, 22(3) and 77, Directive (EU) 2023/2225, articles 18(8), 18(9) and 19, and the French Consumer Code, article
L. 312-16. Article 22 is named only where no officer decided. A lender's lawyers read it before a customer does: what
the law asks, and which credit database was consulted, they know and this program does not.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from html import escape
from typing import Final

from aval.credit.decision import Decision, Verdict
from aval.credit.policy import Policy
from aval.credit.reason import Language, Theme
from aval.service.decide import sentences
from aval.service.terms import SPACE, typeset

LENDER: Final = "Prêt à dépenser"

_OTHERS: Final = (Theme.BUREAU, Theme.ENQUIRIES, Theme.EXTERNAL)
"""Themes of what other lenders and third parties know."""

_MONTHS: Final = (
    ("janvier", "January"), ("février", "February"), ("mars", "March"), ("avril", "April"), ("mai", "May"),
    ("juin", "June"), ("juillet", "July"), ("août", "August"), ("septembre", "September"), ("octobre", "October"),
    ("novembre", "November"), ("décembre", "December"),
)  # fmt: skip

_WORDS: Final[dict[str, tuple[str, str]]] = {
    "service": ("Service client", "Customer service"),
    "signed": ("Le service des crédits", "The credit department"),
    "reference": ("Référence de la décision", "Reference of the decision"),
    "subject": ("Objet : votre demande de crédit", "Subject: your application for credit"),
    "hello": ("Madame, Monsieur,", "Dear Sir or Madam,"),
    "approve": (
        "Nous avons le plaisir de vous informer que votre demande de crédit est acceptée.",
        "We are pleased to tell you that your application for credit has been approved.",
    ),
    "next": (
        "Vous recevrez l'offre de contrat de crédit avec le détail de ses conditions : montant, durée, taux et "
        "mensualités. Le crédit ne sera ouvert qu'après votre signature, et vous disposerez alors du délai légal de "
        "rétractation. Prenez le temps de lire l'offre ; notre service client répond à vos questions.",
        "You will receive the credit agreement with its terms in full: amount, length, rate and instalments. The "
        "credit is opened only once you have signed it, and you then have the statutory right to withdraw. Please "
        "take the time to read the agreement; our customer service will answer your questions.",
    ),
    "commits": (
        "Un crédit vous engage et doit être remboursé. Vérifiez vos capacités de remboursement avant de vous engager.",
        "A loan is a commitment and has to be repaid. Please make sure that you can repay it before you sign.",
    ),
    "refer": (
        "Nous avons bien reçu votre demande de crédit et vous en remercions.",
        "Thank you for your application for credit, which we have received.",
    ),
    "studied": (
        "Un conseiller l'étudie personnellement : aucune décision n'est prise à ce jour. Il vous écrira dès que son "
        "étude sera terminée, et pourra d'ici là vous demander une pièce ou une précision. Vous n'avez rien à faire "
        "pour le moment ; si votre situation a changé depuis votre demande, faites-le-nous savoir.",
        "An officer is looking at it in person: no decision has been taken yet. You will hear from us once this is "
        "done, and may be asked for a document or a detail until then. There is nothing you need to do for now; if "
        "your situation has changed since you applied, please let us know.",
    ),
    "decline": (
        "Nous avons étudié votre demande de crédit avec attention. Nous regrettons de ne pas pouvoir y donner une "
        "suite favorable.",
        "We have looked at your application for credit with care. We are sorry that we cannot approve it.",
    ),
    "reasons": ("Les principaux motifs de cette décision", "The principal reasons for this decision"),
    "automated": (
        "Cette décision repose sur un traitement automatisé des informations de votre demande et de votre historique "
        "de crédit.",
        "This decision is based on automated processing of the information in your application and of your credit "
        "history.",
    ),
    "officer": (
        "Un conseiller a étudié votre demande et a pris cette décision. Son étude s'appuie aussi sur un traitement "
        "automatisé des informations de votre demande et de votre historique de crédit.",
        "An officer has looked at your application and taken this decision. The assessment also rests on automated "
        "processing of the information in your application and of your credit history.",
    ),
    "checked": (
        "Avant d'accorder un crédit, la loi nous impose de vérifier la solvabilité de l'emprunteur.",
        "Before granting credit, the law requires us to check that the borrower is creditworthy.",
    ),
    "checked_database": (
        "Avant d'accorder un crédit, la loi nous impose de vérifier la solvabilité de l'emprunteur et de consulter le "
        "fichier national des incidents de remboursement des crédits aux particuliers (FICP), tenu par la Banque de "
        "France.",
        "Before granting credit, the law requires us to check that the borrower is creditworthy and to consult the "
        "national register of household credit repayment incidents (FICP), kept by the Banque de France.",
    ),
    "unstated": (
        "Notre service client vous en expose les motifs sur simple demande.",
        "Our customer service will give you the reasons at your request.",
    ),
    "rights": ("Vos droits", "Your rights"),
    "may": ("Vous pouvez, sans frais :", "Free of charge, you may:"),
    "review": (
        "demander qu'une personne intervienne et réexamine votre demande, donner votre point de vue, recevoir une "
        "explication claire de l'évaluation, y compris de la logique du traitement automatisé et de ses effets, et "
        "contester la décision ;",
        "ask for a person to step in and review your application, give your own point of view, receive a clear "
        "explanation of the assessment, with the logic of the automated processing and its effects, and contest the "
        "decision;",
    ),
    "data": (
        "savoir quelles données vous concernant ont été utilisées, en recevoir une copie et faire rectifier celles "
        "qui seraient inexactes ou incomplètes{end}",
        "know which data about you were used, receive a copy of them, and have any that are wrong or incomplete "
        "corrected{end}",
    ),
    "database": (
        "connaître le résultat de la consultation du fichier de crédit faite pour votre demande, les catégories de "
        "données prises en compte et les coordonnées de ce fichier{named}.",
        "know the result of the credit database enquiry made for your application, the categories of data considered, "
        "and the particulars of that database{named}.",
    ),
    "advice": (
        "Si vos remboursements vous pèsent, un service de conseil budgétaire indépendant peut vous aider gratuitement. "
        "Vous pouvez aussi saisir l'autorité de protection des données (en France, la CNIL).",
        "If repayments weigh on you, an independent debt advisory service can help you free of charge. You may also "
        "complain to the data protection authority (in France, the CNIL).",
    ),
    "contact": (
        "Pour exercer ces droits ou nous poser une question, écrivez au service client de {lender} en indiquant la "
        "référence {reference}.",
        "To use these rights or ask a question, please write to the customer service of {lender} and give the "
        "reference {reference}.",
    ),
    "question": (
        "Pour toute question, écrivez au service client de {lender} en indiquant la référence {reference}.",
        "If you have a question, please write to the customer service of {lender} and give the reference {reference}.",
    ),
    "bye": (
        "Nous vous prions d'agréer, Madame, Monsieur, l'expression de nos salutations distinguées.",
        "Yours faithfully,",
    ),
    "law": (
        "Règlement (UE) 2016/679 (RGPD), articles 15, dont paragraphe 1, point h), 16, 22, paragraphe 3, et 77 ; "
        "directive (UE) 2023/2225, article 18, paragraphes 8 et 9{more} ; "
        "Code de la consommation, article L.\u00a0312-16.",
        "Regulation (EU) 2016/679 (GDPR), articles 15, (1)(h) among them, 16, 22(3) and 77; Directive (EU) 2023/2225, "
        "article 18(8) and (9){more}; French Consumer Code (Code de la consommation), article L.\u00a0312-16.",
    ),
    "law_officer": (
        "Règlement (UE) 2016/679 (RGPD), articles 15, 16 et 77 ; directive (UE) 2023/2225, article 18, paragraphes 8 "
        "et 9{more} ; Code de la consommation, article L.\u00a0312-16.",
        "Regulation (EU) 2016/679 (GDPR), articles 15, 16 and 77; Directive (EU) 2023/2225, article 18(8) and "
        "(9){more}; French Consumer Code (Code de la consommation), article L.\u00a0312-16.",
    ),
    "law_database": (", et article 19", ", and article 19"),
}
"""French and English."""

_CHECKED: Final = {True: "checked_database", False: "checked"}
"""What the law asked for, by whether others' files were looked at."""


def letter(
    decision: Decision,
    policy: Policy,
    lang: Language,
    *,
    on: date,
    reference: str,
    lender: str = LENDER,
    verdict: Verdict | None = None,
    contact: Sequence[str] = (),
    database: str = "",
) -> str:
    """A complete HTML page for A4: no script, nothing loaded, no identity, no figure of the model.

    Args:
        decision: what was decided; of it only the sentences of its principal reasons are told.
        policy: the one it was decided under.
        lang: of the letter.
        on: its date.
        reference: the decision's number, by which the lender finds it again.
        lender: as it signs.
        verdict: an officer's, where one decided otherwise or a referred application.
        contact: lines of the customer service's address, telephone or e-mail.
        database: the name of the credit database that was consulted.
    """
    final = decision.verdict if verdict is None else verdict

    def say(key: str, **facts: str) -> str:
        """A sentence, set and escaped, its facts included."""
        return _set(_WORDS[key][0 if lang == "fr" else 1].format(**facts), lang)

    whom = {"lender": lender, "reference": reference.replace("-", "\u2011")}
    parts = [f'<p class="verdict">{say(final.value)}</p>']
    small = ""
    if final is Verdict.APPROVE:
        parts += [f"<p>{say('next')}</p>", f'<p class="note">{say("commits")}</p>', f"<p>{say('question', **whom)}</p>"]
    elif final is Verdict.REFER:
        parts += [f"<p>{say('studied')}</p>", f"<p>{say('question', **whom)}</p>"]
    else:
        consulted = _consulted(decision)
        parts += [_reasons(_told(decision, policy, lang), say("reasons"), say("unstated"), lang)]
        rights = [say("review"), say("data", end=(" ;" if lang == "fr" else ";") if consulted else ".")]
        if consulted:
            rights.append(say("database", named=f" ({database})" if database else ""))
        lines = "".join(f"<li>{right}</li>" for right in rights)
        parts += [
            f"<p>{say('automated' if verdict is None else 'officer')} {say(_CHECKED[consulted])}</p>",
            f'<h2>{say("rights")}</h2><p class="may">{say("may")}</p><ul>{lines}</ul>',
            f"<p>{say('contact', **whom)}</p><p>{say('advice')}</p>",
        ]
        more = _WORDS["law_database"][0 if lang == "fr" else 1] if consulted else ""
        small = f"<footer>{say('law' if verdict is None else 'law_officer', more=more)}</footer>"
    address = "".join(f"<br>{_set(line, lang)}" for line in contact)
    return _PAGE.format(
        lang=lang,
        title=f"{_set(lender, lang)} · {say('reference')} {escape(reference)}",
        lender=_set(lender, lang),
        address=f"{say('service')}{address}",
        on=_set(_day(on, lang), lang),
        label=say("reference"),
        reference=escape(reference),
        subject=say("subject"),
        hello=say("hello"),
        body="\n".join(parts),
        bye=say("bye"),
        signed=say("signed"),
        footer=small,
    )


def _told(decision: Decision, policy: Policy, lang: Language) -> list[str]:
    """What speaks against the application; a rule that only asks for an officer is no reason to refuse."""
    refusing = {rule.code for rule in policy.rules if rule.verdict is Verdict.DECLINE}
    rules = tuple(code for code in decision.rules if code in refusing)
    against = tuple(reason for reason in decision.reasons if reason.weight > 0)
    return sentences(replace(decision, rules=rules, reasons=against), policy, lang)


def _consulted(decision: Decision) -> bool:
    """Whether others' credit files were looked at: their table was there, or a reason rests on them."""
    return "ABSENT:bureau" not in decision.warnings or any(reason.theme in _OTHERS for reason in decision.reasons)


def _reasons(told: Sequence[str], title: str, unstated: str, lang: Language) -> str:
    if not told:
        return f"<p>{unstated}</p>"
    return f"<h2>{title}</h2><ol>{''.join(f'<li>{_set(line, lang)}</li>' for line in told)}</ol>"


def _day(on: date, lang: Language) -> str:
    """24 novembre 2026, 24 November 2026."""
    french, english = _MONTHS[on.month - 1]
    day = "1er" if lang == "fr" and on.day == 1 else str(on.day)
    return f"{day}{SPACE}{french if lang == 'fr' else english}{SPACE}{on.year}"


def _set(text: str, lang: Language) -> str:
    """Typeset, then escaped; apostrophes as print has them."""
    return escape(typeset(text, lang).replace("'", "\u2019"))


_PAGE: Final = """<!doctype html>
<html lang="{lang}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>
@page {{ size: A4; margin: 0; }}
:root {{ color-scheme: light; }}
* {{ box-sizing: border-box; }}
html {{ background: #eef1f4; }}
body {{ width: 210mm; min-height: 296mm; margin: 8mm auto; padding: 15mm 25mm 10mm; background: #fff; color: #1d2733;
  font: 10.5pt/1.45 "Source Serif 4", "Source Serif Pro", Charter, "Liberation Serif", "DejaVu Serif", Georgia, serif;
  display: flex; flex-direction: column; hyphens: manual; }}
header {{ display: flex; justify-content: space-between; align-items: flex-start; padding-bottom: 5mm;
  border-bottom: 1.5pt solid #1f4e79; }}
.lender {{ font-size: 17pt; line-height: 1.2; color: #1f4e79; letter-spacing: .01em; }}
.address {{ text-align: right; font-size: 9pt; line-height: 1.45; color: #4a5664; }}
.facts {{ display: flex; justify-content: space-between; margin: 6mm 0; font-size: 9.5pt; color: #4a5664; }}
.facts b {{ font-weight: normal; color: #1d2733; overflow-wrap: anywhere; }}
.subject {{ font-weight: bold; margin: 0 0 5mm; }}
p {{ margin: 0 0 3mm; }}
.verdict {{ margin-bottom: 4mm; }}
h2 {{ font-size: 10.5pt; margin: 5mm 0 2mm; color: #1f4e79; break-after: avoid; }}
ol, ul {{ margin: 0 0 4mm; padding-left: 6mm; }}
li {{ margin-bottom: 1.2mm; padding-left: 1mm; break-inside: avoid; }}
li::marker {{ color: #1f4e79; }}
.may {{ margin-bottom: 1.5mm; }}
.note {{ border-left: 2pt solid #1f4e79; padding: .5mm 0 .5mm 4mm; color: #33404e; }}
.bye {{ margin-top: 4mm; }}
.signed {{ margin-top: 6mm; text-align: right; }}
footer {{ margin-top: auto; padding-top: 3mm; border-top: .5pt solid #c5cdd6; font-size: 7.5pt; line-height: 1.4;
  color: #5b6774; }}
@media print {{ html {{ background: #fff; }} body {{ margin: 0; }} }}
</style>
</head>
<body>
<header><div class="lender">{lender}</div><div class="address">{address}</div></header>
<div class="facts"><span>{label}<br><b>{reference}</b></span><span>{on}</span></div>
<main>
<p class="subject">{subject}</p>
<p>{hello}</p>
{body}
<p class="bye">{bye}</p>
<p class="signed">{signed}<br>{lender}</p>
</main>
{footer}
</body>
</html>
"""
