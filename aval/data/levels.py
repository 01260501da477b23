"""The known levels of the text columns, as the published files write them.

A level that is not listed is decided all the same, with a warning; only columns declared `closed` reject it.
"""


def _split(levels: str) -> tuple[str, ...]:
    return tuple(level.strip() for level in levels.split("|"))


YES_NO = ("N", "Y")
SEX = ("F", "M", "XNA")
WEEKDAYS = _split("MONDAY|TUESDAY|WEDNESDAY|THURSDAY|FRIDAY|SATURDAY|SUNDAY")
CONTRACTS = _split("Cash loans|Revolving loans")
COMPANIONS = _split("Children|Family|Group of people|Other_A|Other_B|Spouse, partner|Unaccompanied")
INCOMES = _split("Businessman|Commercial associate|Maternity leave|Pensioner|State servant|Student|Unemployed|Working")
EDUCATIONS = _split("Academic degree|Higher education|Incomplete higher|Lower secondary|Secondary / secondary special")
FAMILIES = _split("Civil marriage|Married|Separated|Single / not married|Unknown|Widow")
HOUSINGS = _split(
    "Co-op apartment|House / apartment|Municipal apartment|Office apartment|Rented apartment|With parents"
)
OCCUPATIONS = _split(
    "Accountants|Cleaning staff|Cooking staff|Core staff|Drivers|HR staff|High skill tech staff|IT staff|Laborers|"
    "Low-skill Laborers|Managers|Medicine staff|Private service staff|Realty agents|Sales staff|Secretaries|"
    "Security staff|Waiters/barmen staff"
)
ORGANIZATIONS = _split(
    "Advertising|Agriculture|Bank|Business Entity Type 1|Business Entity Type 2|Business Entity Type 3|Cleaning|"
    "Construction|Culture|Electricity|Emergency|Government|Hotel|Housing|Industry: type 1|Industry: type 10|"
    "Industry: type 11|Industry: type 12|Industry: type 13|Industry: type 2|Industry: type 3|Industry: type 4|"
    "Industry: type 5|Industry: type 6|Industry: type 7|Industry: type 8|Industry: type 9|Insurance|Kindergarten|"
    "Legal Services|Medicine|Military|Mobile|Other|Police|Postal|Realtor|Religion|Restaurant|School|Security|"
    "Security Ministries|Self-employed|Services|Telecom|Trade: type 1|Trade: type 2|Trade: type 3|Trade: type 4|"
    "Trade: type 5|Trade: type 6|Trade: type 7|Transport: type 1|Transport: type 2|Transport: type 3|"
    "Transport: type 4|University|XNA"
)
REPAIR_FUNDS = _split("not specified|org spec account|reg oper account|reg oper spec account")
HOUSES = _split("block of flats|specific housing|terraced house")
WALLS = _split("Block|Mixed|Monolithic|Others|Panel|Stone, brick|Wooden")
EMERGENCIES = _split("No|Yes")

BUREAU_STATES = _split("Active|Bad debt|Closed|Sold")
CURRENCIES = _split("currency 1|currency 2|currency 3|currency 4")
BUREAU_KINDS = _split(
    "Another type of loan|Car loan|Cash loan (non-earmarked)|Consumer credit|Credit card|Interbank credit|"
    "Loan for business development|Loan for purchase of shares (margin lending)|Loan for the purchase of equipment|"
    "Loan for working capital replenishment|Microloan|Mobile operator loan|Mortgage|Real estate loan|"
    "Unknown type of loan"
)
MONTH_STATES = _split("0|1|2|3|4|5|C|X")

PREVIOUS_CONTRACTS = _split("Cash loans|Consumer loans|Revolving loans|XNA")
PURPOSES = _split(
    "Building a house or an annex|Business development|Buying a garage|Buying a holiday home / land|Buying a home|"
    "Buying a new car|Buying a used car|Car repairs|Education|Everyday expenses|Furniture|"
    "Gasification / water supply|Hobby|Journey|Medicine|Money for a third person|Other|Payments on other loans|"
    "Purchase of electronic equipment|Refusal to name the goal|Repairs|Urgent needs|Wedding / gift / holiday|XAP|XNA"
)
VERDICTS = _split("Approved|Canceled|Refused|Unused offer")
PAYMENTS = _split("Cash through the bank|Cashless from the account of the employer|Non-cash from your account|XNA")
REJECT_REASONS = _split("CLIENT|HC|LIMIT|SCO|SCOFR|SYSTEM|VERIF|XAP|XNA")
CLIENTS = _split("New|Refreshed|Repeater|XNA")
GOODS = _split(
    "Additional Service|Animals|Audio/Video|Auto Accessories|Clothing and Accessories|Computers|"
    "Construction Materials|Consumer Electronics|Direct Sales|Education|Fitness|Furniture|Gardening|Homewares|"
    "House Construction|Insurance|Jewelry|Medical Supplies|Medicine|Mobile|Office Appliances|Other|"
    "Photo / Cinema Equipment|Sport and Leisure|Tourism|Vehicles|Weapon|XNA"
)
PORTFOLIOS = _split("Cards|Cars|Cash|POS|XNA")
PRODUCTS = _split("XNA|walk-in|x-sell")
CHANNELS = _split(
    "AP+ (Cash loan)|Car dealer|Channel of corporate sales|Contact center|Country-wide|Credit and cash offices|"
    "Regional / Local|Stone"
)
SELLERS = _split(
    "Auto technology|Clothing|Connectivity|Construction|Consumer electronics|Furniture|Industry|Jewelry|"
    "MLM partners|Tourism|XNA"
)
YIELDS = _split("XNA|high|low_action|low_normal|middle")
COMBINATIONS = _split(
    "Card Street|Card X-Sell|Cash|Cash Street: high|Cash Street: low|Cash Street: middle|Cash X-Sell: high|"
    "Cash X-Sell: low|Cash X-Sell: middle|POS household with interest|POS household without interest|"
    "POS industry with interest|POS industry without interest|POS mobile with interest|POS mobile without interest|"
    "POS other with interest|POS others without interest"
)
POS_STATES = _split("Active|Amortized debt|Approved|Canceled|Completed|Demand|Returned to the store|Signed|XNA")
CARD_STATES = _split("Active|Approved|Completed|Demand|Refused|Sent proposal|Signed")
