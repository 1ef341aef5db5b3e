"""What stands around the pages: rail, top bar, the card of the sign-in, the account."""
