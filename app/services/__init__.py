"""One public verb = one transaction. Services return records, check the actor's role and never call each other."""
