"""What the pages remember: a disposable view of the database."""
