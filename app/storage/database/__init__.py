"""The database of this process: engine, drivers, migrations, and what it says of itself."""
