"""Sealing (`envelope`), keys (`ring`, `keyfile`), passwords, and the one way back to plaintext (`open`)."""
