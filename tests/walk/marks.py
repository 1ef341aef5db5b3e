"""How a secret of a walk is known wherever it turns up."""

MARK = "wAlKsEcReT"  # stands in every secret that is typed
ISSUED = r"\bpb-[a-z0-9]{12}-[\w-]{30,}"  # a key of ours
SECRET = f"{MARK}|{ISSUED}"
